"""Slices of a pair as pictures: anatomy, function, blend and fused, with metrics and notice, for a file or a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.application import Application
from LCDFusionLib.mrml.export import Export
from LCDFusionLib.mrml.nodes import node_from_volume, volume_from_node
from LCDFusionLib.mrml.result_nodes import ResultNodes, create_result
from LCDFusionLib.views.fused_view import NOT_FUSED, FusedImage
from LCDFusionLib.views.offscreen import SliceViews
from LCDFusionLib.views.regions import show_regions

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"
Outlined = Sequence[tuple[NDArray[np.bool_], int]]
"""Regions of the function's voxels, each with its label (`show_regions`)."""
Picture: TypeAlias = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""


def picture_of_slice(
    export: Export, index: int, *, opacity: float = 0.5, note: str = "", pause: Callable[[], object] = lambda: None
) -> Picture:
    """One slice as anatomy, function, blend and fused side by side.

    Args:
        export: of the result.
        index: K of the slice.
        opacity: of the function in the blend.
        note: what nobody may overlook in the fused image, such as that it is of older choices.
        pause: called between pieces of the work, so that a host which has to draw in its main thread can let its window live; what it
            raises ends the work.

    Raises:
        InputError: an input was deleted.
    """
    anatomy, function = export.result.inputs
    if anatomy is None or function is None:
        raise InputError("The anatomy or the function of this result was deleted, so its pictures cannot be drawn; load it again.")
    with _views_of(anatomy, function, export, size=(560, 480), opacity=opacity, note=note, pause=pause) as (_, views):
        views.slice = index
        return views.render()


def page_pictures(
    anatomy: Node,
    function: Node,
    export: Export | None,
    index: int,
    *,
    volume: Volume,
    regions: Outlined = (),
    opacity: float = 0.5,
    note: str = "",
    pause: Callable[[], object] = lambda: None,
) -> tuple[tuple[str, Picture], ...]:
    """One slice as anatomy, function and fused, each with a word for it; where the slice is not fused, the blend is there and called so.

    Args:
        anatomy: of the pair.
        function: of the pair.
        export: of the pair's fused image; None where there is none.
        index: K of the anatomy's slice.
        volume: what the function's node holds.
        regions: outlined in function and fused.
        opacity: as for `picture_of_slice`, as are `note` and `pause`.
        note: see there.
        pause: see there.
    """
    is_fused = export is not None and export.result.row_of(index) is not None
    chosen = export if is_fused else None
    with _views_of(anatomy, function, chosen, size=(380, 326), fineness=2, opacity=opacity, note=note, pause=pause) as (scene, views):
        if regions:
            outlined = show_regions(scene, volume, regions)
            for view in views.views[1:]:
                view.logic.GetSliceCompositeNode().SetLabelVolumeID(outlined.GetID())
                view.node.SetUseLabelOutline(True)
        if not is_fused:
            views.views[2].annotations.set_title(NOT_FUSED)
        views.slice = index
        drawn = views.render_each()
    return ("Anatomy", drawn[0]), ("Function", drawn[1]), ("Fused", drawn[3]) if is_fused else (NOT_FUSED, drawn[2])


@contextmanager
def _views_of(
    anatomy: Node,
    function: Node,
    export: Export | None,
    *,
    size: tuple[int, int],
    opacity: float,
    note: str,
    pause: Callable[[], object],
    fineness: int = 1,
) -> Iterator[tuple[slicer.vtkMRMLScene, SliceViews]]:
    """Views in a scene of their own: the person's do not move."""
    application = Application.create()
    shown, reading = (_copy(application.scene, node) for node in (anatomy, function))
    result = _copy_of_result(shown, reading, export, pause) if export is not None else None
    with SliceViews(application, size=size, columns=4, fineness=fineness, pause=pause) as views:
        views.show(shown, reading, result, opacity=opacity)
        if result is not None:
            views.views[-1].annotations.set_title("\n".join(filter(None, ("Fused", FusedImage(result).settings, note))))
        yield application.scene, views


def _copy_of_result(anatomy: Node, function: Node, export: Export, pause: Callable[[], object]) -> ResultNodes:
    result = create_result(
        anatomy,
        function,
        export.fused.gray,
        slices=export.result.slices if export.result.span else None,
        mismatches=export.result.mismatches,
        made_with=export.result.made_with,
        images=(export.result.gray.GetImageData(), export.result.color.GetImageData()),
    )
    pause()
    result.fill(export.fused)
    pause()
    return result


def _copy(scene: slicer.vtkMRMLScene, node: Node) -> Node:
    """The node as it looks, in another scene; its voxels are shared."""
    source = node.GetDisplayNode()
    window = Window(source.GetWindow(), source.GetLevel()) if source is not None and source.GetWindow() > 0 else None
    copy = node_from_volume(scene, volume_from_node(node, copy=False), image=node.GetImageData(), window=window)
    target = copy.GetDisplayNode()
    colors = source.GetColorNode() if source is not None and not node.IsA("vtkMRMLVectorVolumeNode") else None
    if colors is not None:
        table = scene.AddNode(scene.CreateNodeByClass(colors.GetClassName()))
        table.Copy(colors)
        target.SetAndObserveColorNodeID(table.GetID())
    if colors is not None and source is not None and source.GetApplyThreshold():  # what was not measured
        target.SetThreshold(source.GetLowerThreshold(), source.GetUpperThreshold())
        target.ApplyThresholdOn()
    return copy
