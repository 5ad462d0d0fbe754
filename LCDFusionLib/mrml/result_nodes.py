"""What a fusion leaves in the scene: a gray and a colour volume and a table of metrics."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion.readouts import BLEND_SUFFIX, READOUTS, SOURCE_READOUTS, metric_columns
from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.made_with import MadeWith
from LCDFusionLib.mrml.nodes import NOTICE_ATTRIBUTE, hierarchy_item, image_of, node_from_volume, voxels, voxels_modified
from LCDFusionLib.notes import without_names

if TYPE_CHECKING:
    from LCDFusionLib.fusion.events import SliceFused, SlicePreviewed
    from LCDFusionLib.fusion.fused_volume import FusionResult

# Node references from each result node to what it was made of.
ANATOMY_ROLE = "LCDFusion.anatomy"
FUNCTION_ROLE = "LCDFusion.function"
# Attribute that tells the three result nodes apart: "gray", "color", "metrics"; those of a preview "preview gray" and so on.
KIND_ATTRIBUTE = "LCDFusion.Kind"

MISMATCHES_ATTRIBUTE = "LCDFusion.ConfirmedMismatches"
"""Node attribute of a result whose inputs do not belong together, as the person confirmed: what differs, divided by semicolons."""

SET_ATTRIBUTE = "LCDFusion.Set"
"""Node attribute that the three nodes of one fusion have in common, and no other."""

PART_ATTRIBUTE = "LCDFusion.Part"
"""Node attribute of a fusion that ended before its last slice: how much there is of it, such as "12 of 135 slices"."""

MADE_WITH_ATTRIBUTE = "LCDFusion.MadeWith"
"""Node attribute: `MadeWith`, as JSON."""

SLICES_ATTRIBUTE = "LCDFusion.Slices"
"""Node attribute of a result for which a part of the anatomy was chosen: which, such as "slices 20 to 40 of 135"."""

PREVIEW = "preview "
# Attribute of a slice, K, that is shown at half its resolution until it is fused.
HALF_RESOLUTION_ATTRIBUTE = "LCDFusion.HalfResolutionSlice"

Metrics = Mapping[str, float]


@dataclass(frozen=True)
class ResultNodes:
    """The nodes of one fused pair.

    Attributes:
        gray: scalar volume, float32 in [0, 1], displayed with window 0 to 1.
        color: vector volume, RGB of 8 bit.
        metrics: table, a row a slice: `slice` (K + 1, as it is shown to people), then `metric_columns`; NaN where a slice is not fused yet.
    """

    gray: slicer.vtkMRMLScalarVolumeNode
    color: slicer.vtkMRMLVectorVolumeNode
    metrics: slicer.vtkMRMLTableNode

    def show_preview(self, preview: SlicePreviewed) -> None:
        """Shows a slice at half its resolution, and says so in its title, until `fill_slice` puts the slice itself in its place."""
        voxels(self.gray)[preview.index] = preview.gray
        voxels(self.color)[preview.index] = preview.color
        self.gray.SetAttribute(HALF_RESOLUTION_ATTRIBUTE, str(preview.index))
        self._modified()

    def fill_slice(self, fused: SliceFused) -> None:
        """Puts one fused slice in place; nothing is allocated, and only the slice is copied."""
        if self.gray.GetAttribute(HALF_RESOLUTION_ATTRIBUTE) == str(fused.index):
            self.gray.RemoveAttribute(HALF_RESOLUTION_ATTRIBUTE)
        voxels(self.gray)[fused.index] = fused.gray
        voxels(self.color)[fused.index] = fused.color
        self._fill_row(fused.index, fused.metrics, fused.blend_metrics)
        self._modified()

    def fill(self, result: FusionResult) -> None:
        """Puts a whole result, on the grid that the nodes were made for, in place and notes where it comes from."""
        for node, volume in ((self.gray, result.gray), (self.color, result.color)):
            if not np.may_share_memory(voxels(node), volume.array):  # else every slice is there already
                voxels(node)[:] = volume.array
        for index, (metrics, blend_metrics) in enumerate(zip(result.metrics, result.blend_metrics, strict=True)):
            self._fill_row(index, metrics, blend_metrics)
        self._note(
            {
                "Weights": result.weights_name,
                "WeightsSHA256": result.weights_sha256,
                "Device": result.device,
                "Notes": " ".join(result.notes),
                "NotesWithoutNames": " ".join(without_names(result.notes)),
            }
        )
        self._modified()

    def keep_as_part(self, done: int, total: int) -> None:
        """The fusion ends here: what there is of it says that it is a part."""
        self.gray.RemoveAttribute(HALF_RESOLUTION_ATTRIBUTE)
        part = f"{done} of {total} slices"
        for node in (self.gray, self.color, self.metrics):
            node.SetAttribute(PART_ATTRIBUTE, part)
            node.SetName(f"{node.GetName()} (part: {part})")

    def slice_metrics(self, index: int | None) -> tuple[dict[str, float], dict[str, float]]:
        """Metrics of the fused slice and of the blend as the table has them; without an index, means over the fused slices."""
        fused: dict[str, float] = {}
        blend: dict[str, float] = {}
        for readout in READOUTS + SOURCE_READOUTS:
            for values, name in ((fused, readout.key), (blend, readout.key + BLEND_SUFFIX)):
                numbers = self._column(name)
                known = [number for number in (numbers if index is None else numbers[index : index + 1]) if math.isfinite(number)]
                values[readout.key] = sum(known) / len(known) if known else math.nan
        return fused, blend

    def all_metrics(self) -> list[tuple[dict[str, float], dict[str, float]]]:
        """`slice_metrics` of every row."""
        keys = [readout.key for readout in READOUTS + SOURCE_READOUTS]
        fused, blend = ([self._column(key + suffix) for key in keys] for suffix in ("", BLEND_SUFFIX))
        rows = range(self.metrics.GetNumberOfRows())

        def row_of(columns: list[list[float]], row: int) -> dict[str, float]:
            return {key: column[row] if row < len(column) else math.nan for key, column in zip(keys, columns, strict=True)}

        return [(row_of(fused, row), row_of(blend, row)) for row in rows]

    def _column(self, name: str) -> list[float]:
        """Numbers of a column, which in a table that comes back from a saved scene may be of another type; empty where there is none."""
        column = self.metrics.GetTable().GetColumnByName(name)
        if isinstance(column, vtk.vtkDoubleArray):
            return vtk_to_numpy(column).tolist()
        return [column.GetVariantValue(row).ToDouble() for row in range(column.GetNumberOfTuples())] if column is not None else []

    @property
    def is_in_scene(self) -> bool:
        """False when one of the three nodes was deleted."""
        return all(node.GetScene() is not None for node in (self.gray, self.color, self.metrics))

    @property
    def is_complete(self) -> bool:
        """True when every slice is fused."""
        return self.gray.GetAttribute("LCDFusion.Weights") is not None

    @property
    def part(self) -> str:
        """How much there is of a fusion that ended before its last slice, such as "12 of 135 slices"; "" for any other."""
        return self.gray.GetAttribute(PART_ATTRIBUTE) or ""

    @property
    def made_with(self) -> MadeWith | None:
        """What it depends on; None where an earlier version, or a script, did not note it."""
        return MadeWith.from_text(self.gray.GetAttribute(MADE_WITH_ATTRIBUTE))

    @property
    def is_preview(self) -> bool:
        """True for the nodes of a preview, which hold one slice."""
        return (self.gray.GetAttribute(KIND_ATTRIBUTE) or "").startswith(PREVIEW)

    @property
    def mismatches(self) -> tuple[str, ...]:
        """What says that the inputs do not belong together, and was confirmed by the person; empty where nothing does."""
        return tuple(filter(None, (self.gray.GetAttribute(MISMATCHES_ATTRIBUTE) or "").split("; ")))

    @property
    def inputs(self) -> tuple[slicer.vtkMRMLVolumeNode | None, slicer.vtkMRMLVolumeNode | None]:
        """Anatomy and function that it was made of; None for one that was deleted."""
        return self.gray.GetNodeReference(ANATOMY_ROLE), self.gray.GetNodeReference(FUNCTION_ROLE)

    def slice_number(self, index: int) -> int:
        """Number of a slice as people count it, from 1, in the anatomy's volume."""
        return int(self.metrics.GetTable().GetValueByName(index, "slice").ToDouble())

    @property
    def slices(self) -> range:
        """K of the anatomy's slices that it has, or will have."""
        first = self.slice_number(0) - 1
        return range(first, first + self.metrics.GetNumberOfRows())

    @property
    def span(self) -> str:
        """Which slices were chosen, such as "slices 20 to 40 of 135"; "" where all were."""
        return self.gray.GetAttribute(SLICES_ATTRIBUTE) or ""

    def row_of(self, index: int | None) -> int | None:
        """Its own K, and row of the table, of slice K of the anatomy; None where it has no such slice, or no slice is on show."""
        if index is None:
            return None
        row = index - self.slices.start
        return row if 0 <= row < self.metrics.GetNumberOfRows() else None

    def has_slice(self, index: int | None) -> bool:
        """True where slice K of the anatomy is fused, or shown at half resolution until it is."""
        row = self.row_of(index)
        if row is None:
            return False
        if self.is_complete or self.gray.GetAttribute(HALF_RESOLUTION_ATTRIBUTE) == str(row):
            return True
        return any(map(math.isfinite, self.slice_metrics(row)[0].values()))

    def slice_title(self, row: int) -> str:
        """What people call a slice: "slice 31/135", "slice 31, preview", or "slice 31/135, preview at half resolution"."""
        number, count = self.slice_number(row), self.metrics.GetNumberOfRows()
        title = f"slice {number}, preview" if self.is_preview else f"slice {number}" if self.span else f"slice {number}/{count}"
        is_half = self.gray.GetAttribute(HALF_RESOLUTION_ATTRIBUTE) == str(row)
        return f"{title.removesuffix(', preview')}, preview at half resolution" if is_half else title

    def title(self, row: int | None) -> str:
        """`slice_title`; without a slice what `slice_metrics` gives then, which of a preview is nothing: "" is its title."""
        if row is not None:
            return self.slice_title(row)
        if self.is_preview:
            return ""
        if self.is_complete:
            return f"mean over {self.span or 'slices'}"
        done = sum(self.has_slice(index) for index in self.slices)
        return f"mean over {done} of {self.metrics.GetNumberOfRows()} slices"

    def _fill_row(self, index: int, metrics: Metrics, blend_metrics: Metrics) -> None:
        table = self.metrics.GetTable()
        for readout in READOUTS + SOURCE_READOUTS:
            table.GetColumnByName(readout.key).SetValue(index, metrics.get(readout.key, math.nan))
            table.GetColumnByName(readout.key + BLEND_SUFFIX).SetValue(index, blend_metrics.get(readout.key, math.nan))

    def _note(self, values: Mapping[str, str]) -> None:
        for node in (self.gray, self.color, self.metrics):
            for name, value in values.items():
                node.SetAttribute(f"LCDFusion.{name}", value or None)

    def _modified(self) -> None:
        voxels_modified(self.gray)
        voxels_modified(self.color)
        self.metrics.GetTable().Modified()


def create_result(
    anatomy: slicer.vtkMRMLVolumeNode,
    function: slicer.vtkMRMLVolumeNode,
    grid: Volume,
    *,
    preview_of: int | None = None,
    slices: range | None = None,
    mismatches: Sequence[str] = (),
    made_with: MadeWith | None = None,
    images: tuple[vtk.vtkImageData, vtk.vtkImageData] | None = None,
) -> ResultNodes:
    """Empty result nodes on the grid of the anatomy, in the scene of the inputs; results that there are already stay as they are.

    They stand beside the anatomy in subject hierarchy (under its study) and refer to both inputs.

    Args:
        anatomy: the anatomy's node.
        function: the function's node.
        grid: a volume on the grid that the fused voxels will have: the anatomy as `volume_from_node` gave it.
        preview_of: K of the one slice that `grid` is: the nodes of a preview, which stand beside those of a whole result.
        slices: K of those that `grid` has, where they are not all.
        mismatches: what says that the inputs do not belong together, and was confirmed (`Mismatch.text`); views and exports say it.
        made_with: what the fusion depends on; it stands in the nodes' names, so that two of a pair can be told apart.
        images: gray and colour voxels to share with other nodes, in place of empty ones.

    Raises:
        InputError: both inputs are the same node.
    """
    if anatomy is function:
        raise InputError(f"Volume '{anatomy.GetName()}' was chosen as anatomy and as function; choose two volumes.")
    prefix = "" if preview_of is None else PREVIEW
    scene, name = anatomy.GetScene(), f"{anatomy.GetName()} + {function.GetName()}"
    name = name if preview_of is None else f"{name} preview of slice {preview_of + 1}"
    span = f"slices {slices_text(slices)} of {anatomy.GetImageData().GetDimensions()[2]}" if slices is not None else ""
    name = f"{name}, {span}," if span else name
    name = name if made_with is None else f"{name}, {made_with.window}, {made_with.range},"
    blank = replace(grid, modality=Modality.OTHER, unit=Unit.RELATIVE)
    # Memory that nothing was written to yet costs nothing, and is not copied.
    arrays = np.zeros(grid.shape, np.float32), np.zeros((*grid.shape, 3), np.uint8)
    of_gray, of_color = images or (image_of(array, copy=False) for array in arrays)
    gray = node_from_volume(scene, blank.with_array(arrays[0], name=f"{name} fused"), image=of_gray, window=Window.from_range(0, 1))
    color = node_from_volume(scene, blank.with_array(arrays[1], name=f"{name} fused colour"), image=of_color)
    table = scene.AddNewNodeByClass("vtkMRMLTableNode", f"{name} metrics")
    _make_table(table, [preview_of] if preview_of is not None else slices or range(grid.shape[0]))

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    study, of_one = hierarchy.GetItemParent(hierarchy_item(anatomy)), uuid.uuid4().hex
    for kind, node in (("gray", gray), ("color", color), ("metrics", table)):
        hierarchy.SetItemParent(hierarchy_item(node), study)
        node.SetNodeReferenceID(ANATOMY_ROLE, anatomy.GetID())
        node.SetNodeReferenceID(FUNCTION_ROLE, function.GetID())
        node.SetAttribute(KIND_ATTRIBUTE, prefix + kind)
        node.SetAttribute(SET_ATTRIBUTE, of_one)
        node.SetAttribute("LCDFusion.Version", __version__)
        node.SetAttribute(NOTICE_ATTRIBUTE, DISCLAIMER)
        node.SetAttribute(SLICES_ATTRIBUTE, span or None)
        node.SetAttribute(MISMATCHES_ATTRIBUTE, "; ".join(mismatches) or None)
        if made_with is not None:
            node.SetAttribute(MADE_WITH_ATTRIBUTE, made_with.to_text())
            node.SetAttribute("LCDFusion.AnatomyWindow", made_with.window)
            node.SetAttribute("LCDFusion.FunctionRange", made_with.range)
    return ResultNodes(gray, color, table)


def slices_text(slices: range) -> str:
    """K as people count slices: "20 to 40", or "20"."""
    return f"{slices.start + 1} to {slices.stop}" if len(slices) > 1 else f"{slices.start + 1}"


def results_of(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode) -> list[ResultNodes]:
    """All results of this pair, previews and parts too, the last one first; those of which a node was deleted are left out."""
    sets: dict[tuple[str, bool], dict[str, slicer.vtkMRMLNode]] = {}
    scene = anatomy.GetScene()
    for node in (scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())):
        kind = node.GetAttribute(KIND_ATTRIBUTE)
        if kind and node.GetNodeReferenceID(ANATOMY_ROLE) == anatomy.GetID() and node.GetNodeReferenceID(FUNCTION_ROLE) == function.GetID():
            of_one = sets.setdefault((node.GetAttribute(SET_ATTRIBUTE) or "", kind.startswith(PREVIEW)), {})
            of_one[kind.removeprefix(PREVIEW)] = node
    whole = [nodes for nodes in sets.values() if set(nodes) == {"gray", "color", "metrics"}]
    return [ResultNodes(**nodes) for nodes in reversed(whole)]


def find_result(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode, *, preview: bool = False) -> ResultNodes | None:
    """The last result of this pair (or its preview), None where there is none or the user has deleted one of its nodes."""
    return next((result for result in results_of(anatomy, function) if result.is_preview is preview), None)


def result_of(node: slicer.vtkMRMLNode) -> ResultNodes | None:
    """The result that a node is one of; None for any other node, and where one of the three or an input was deleted."""
    anatomy, function = node.GetNodeReference(ANATOMY_ROLE), node.GetNodeReference(FUNCTION_ROLE)
    if anatomy is None or function is None or node.GetAttribute(KIND_ATTRIBUTE) is None:
        return None
    return next((result for result in results_of(anatomy, function) if node in (result.gray, result.color, result.metrics)), None)


def remove_node(node: slicer.vtkMRMLNode) -> None:
    """Takes a node out of its scene with its display and storage nodes and its subject hierarchy item, which MRML leaves behind."""
    scene = node.GetScene()
    own = [node.GetNthDisplayNode(n) for n in range(node.GetNumberOfDisplayNodes())] if hasattr(node, "GetNthDisplayNode") else []
    own += [node.GetNthStorageNode(n) for n in range(node.GetNumberOfStorageNodes())] if hasattr(node, "GetNthStorageNode") else []
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.RemoveItem(item, False, False)
    for each in [node, *own]:
        if each is not None and each.GetScene() is not None:
            scene.RemoveNode(each)


def remove_result(result: ResultNodes) -> None:
    """Takes the three nodes out of the scene, and all that belongs to them; those that the person has deleted already are passed over."""
    for node in (result.gray, result.color, result.metrics):
        if node.GetScene() is not None:
            remove_node(node)


def _make_table(table: slicer.vtkMRMLTableNode, slices: Sequence[int]) -> None:
    numbers = vtk.vtkIntArray()
    numbers.SetName("slice")
    for index in slices:
        numbers.InsertNextValue(index + 1)
    table.AddColumn(numbers)
    for name in metric_columns():
        column = vtk.vtkDoubleArray()
        column.SetName(name)
        column.SetNumberOfTuples(len(slices))
        column.Fill(np.nan)
        table.AddColumn(column)
    for readout in READOUTS + SOURCE_READOUTS:
        table.SetColumnDescription(readout.key, f"Fused image. {readout.meaning}")
        table.SetColumnDescription(readout.key + BLEND_SUFFIX, f"50/50 blend. {readout.meaning}")
