"""The two inputs in a scene: which pair, whether it may be fused, and what the nodes hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import slicer
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from LCDFusionLib.dicom import SeriesSource
from LCDFusionLib.dicom.kinds import Kind, kind_of
from LCDFusionLib.dicom.suv import with_note_on_total
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import looks_like_ct
from LCDFusionLib.images.projection import turning_projection
from LCDFusionLib.images.resample import covered_part
from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.images.window import SUV_UPPER, range_reason
from LCDFusionLib.mrml.belonging import ancestor, notes_on_pair, pair_mismatches, unconfirmed_mismatches
from LCDFusionLib.mrml.dicom_source import FindFile, SourceFiles, no_file
from LCDFusionLib.mrml.file_place import note_on_place
from LCDFusionLib.mrml.made_by_fusion import is_fused
from LCDFusionLib.mrml.nodes import FRAME_OF_REFERENCE_ATTRIBUTE, hierarchy_item, modality_of, own_matrix, volume_from_node, voxels
from LCDFusionLib.mrml.padding import with_padding
from LCDFusionLib.mrml.values_of_files import holds_values_of

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"


def choose_pair(scene: slicer.vtkMRMLScene, *, find_file: FindFile = no_file, of: Sequence[Node] = ()) -> tuple[Node, Node] | None:
    """The CT or MR and the PET or SPECT of the scene that belong together; None where there is no such pair.

    Modality, study and patient are those of subject hierarchy. Original images go before MPR, MIP and maps (`LCDFusionLib.dicom.kinds`),
    then pairs of one study and one frame of reference before pairs of one patient; two patients are never a pair. Of equals, the anatomy
    with most slices, and what was loaded last. What LCDFusion made, today or earlier (`is_fused`), is neither.

    Args:
        scene: of the volumes.
        find_file: of the host.
        of: volumes that have to be in the pair.
    """
    functions = list(originals(scene, find_file))
    pairs = [(a, f) for a in originals(scene, find_file, Modality.CT, Modality.MR) for f in functions]
    pairs = [pair for pair in pairs if all(node in pair for node in of)]
    pairs = [pair for pair in pairs if not any(mismatch.is_of_patient for mismatch in pair_mismatches(*pair))]
    return max(reversed(pairs), key=lambda pair: _fit(*pair), default=None)


def pair_with(nodes: Sequence[Node], *, find_file: FindFile = no_file) -> tuple[Node | None, Node | None]:
    """The anatomy and the function that a person means who points at one volume, or at two, of a scene.

    Where no pair of `choose_pair` has them all, they stand where they belong by their modality, and the other place may be empty.
    """
    if pair := choose_pair(nodes[0].GetScene(), find_file=find_file, of=nodes):
        return pair
    functions = [node for node in nodes if modality_of(node).is_function]
    others = [node for node in nodes if node not in functions]
    anatomy, *rest = [*others, None]
    return anatomy, next(iter([*functions, *rest]), None)


def is_input(node: slicer.vtkMRMLNode | None, *, find_file: FindFile = no_file) -> bool:
    """True where a node is a volume that may be fused: with voxels, no label map, nothing that LCDFusion made."""
    if node is None or not node.IsA("vtkMRMLScalarVolumeNode") or node.IsA("vtkMRMLLabelMapVolumeNode"):
        return False
    return node.GetImageData() is not None and not is_fused(node, find_file)


def check_pair(anatomy: Node | None, function: Node | None, *, find_file: FindFile = no_file) -> None:
    """Raises `InputError`, with the sentence for the person, where these two nodes cannot be fused; looks at no voxel.

    That they do not belong together (`pair_mismatches`) is such a reason, unless the person has confirmed it (`confirm_mismatches`).
    """
    if anatomy is None or function is None:
        missing = "a CT or MR as anatomy" if anatomy is None else "a PET or SPECT as function"
        raise InputError(f"Choose {missing}.")
    if anatomy is function:
        raise InputError(f"Volume '{anatomy.GetName()}' was chosen as anatomy and as function; choose two volumes.")
    for node in (anatomy, function):
        voxels(node)
        if is_fused(node, find_file):
            raise InputError(f"'{node.GetName()}' is a fused image, not an original; choose the CT, MR or PET that it was made of.")
    if modality_of(anatomy).is_function:
        raise InputError(f"'{anatomy.GetName()}' is a PET or SPECT; choose a CT or MR as anatomy (are the two exchanged?).")
    if modality_of(function) is Modality.CT:
        raise InputError(f"'{function.GetName()}' is a CT; choose a PET or SPECT as function (are the two exchanged?).")
    if left := unconfirmed_mismatches(anatomy, function, find_file):
        what = "are of two patients" if left[0].is_of_patient else "do not belong together"
        raise InputError(
            f"'{anatomy.GetName()}' and '{function.GetName()}' {what}: {'; '.join(mismatch.text for mismatch in left)}. "
            "Choose two volumes that belong together, or, if you know better, confirm it."
        )


def read_pair(
    anatomy: Node,
    function: Node,
    *,
    modality: Modality | None = None,
    unit: Unit | None = None,
    find_file: FindFile = no_file,
    copy: bool = True,
) -> tuple[Volume, Volume, list[str]]:
    """Both volumes of a pair that passed `check_pair`, and all that the person should know of them, in sentences.

    The arguments and errors are those of `read_anatomy` and `read_function`.
    """
    asked = AskedPair.of(anatomy, function, modality=modality, unit=unit, find_file=find_file, copy=copy)
    read = asked.read()
    return read.anatomy, read.function, asked.notes(read)


@dataclass(frozen=True, eq=False)
class ReadPair:
    """Both volumes of a pair as they are fused, with what had to be assumed of their values, in sentences."""

    anatomy: Volume
    function: Volume
    of_anatomy: tuple[str, ...]
    of_function: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class AskedPair:
    """What a scene says of a pair, asked in the thread that the scene belongs to. `read` goes through all headers and all voxels, which
    takes seconds for large series, looks at no scene, and may run in another thread.

    Attributes:
        anatomy: as its node holds it.
        function: likewise.
        files: of both; of none where they are not wanted.
        places: of both, 4x4 to LPS mm, before any transform.
        has_unit: a person has said what the function's values are.
    """

    anatomy: Volume
    function: Volume
    files: tuple[SourceFiles, SourceFiles]
    places: tuple[NDArray[np.float64], NDArray[np.float64]]
    has_unit: bool
    _of_pair: tuple[str, ...]
    _on_places: tuple[tuple[str, ...], tuple[str, ...]]

    @classmethod
    def of(
        cls,
        anatomy: Node,
        function: Node,
        *,
        modality: Modality | None = None,
        unit: Unit | None = None,
        find_file: FindFile = no_file,
        copy: bool = False,
        with_files: bool = True,
    ) -> AskedPair:
        """Asks the scene; the arguments and errors are those of `read_pair`.

        Args:
            anatomy: CT or MR.
            function: PET or SPECT.
            modality: of the anatomy, instead of what the node says.
            unit: of the function, likewise.
            find_file: of the host.
            copy: the voxels.
            with_files: ask where the files are; not needed where only the places have changed (`moved`).
        """
        return cls(
            volume_from_node(anatomy, modality=modality, unit=_unit_of(modality), copy=copy),
            volume_from_node(function, unit=unit, copy=copy),
            (SourceFiles.of(anatomy, find_file), SourceFiles.of(function, find_file)) if with_files else (SourceFiles(()), SourceFiles(())),
            (own_matrix(anatomy), own_matrix(function)),
            unit is not None,
            tuple(notes_on_pair(anatomy, function, find_file)),
            (_note_on_place(anatomy, "anatomy"), _note_on_place(function, "function")),
        )

    @property
    def is_quick(self) -> bool:
        """True where `read` takes less than a tenth of a second."""
        unread = sum(files.unread for files in self.files)
        return self.anatomy.array.size + self.function.array.size <= _QUICK_VOXELS and unread <= _QUICK_FILES

    def read(self) -> ReadPair:
        """Goes through headers and voxels.

        Raises:
            InputError: values that uptake cannot have; damaged files.
        """
        (anatomy_files, function_files), (anatomy_place, function_place) = self.files, self.places
        anatomy, unknown = with_padding(self.anatomy, anatomy_files, anatomy_place)
        anatomy, of_anatomy = _anatomy_values(anatomy)
        function, of_function = _function_values(self.function, function_files, function_place, has_unit=self.has_unit)
        for volume in (anatomy, function):
            if not volume.is_color:
                _ = volume.range  # looked for here, and known from now on; so is what a plan asks
        if anatomy.in_patient_space and function.in_patient_space:
            covered_part(function, anatomy)
        if not function.is_color and not self.is_quick:
            turning_projection(function)
        with suppress(InputError):  # the plan says it
            range_reason(function)
        return ReadPair(anatomy, function, (*unknown, *of_anatomy), tuple(of_function))

    def moved(self, read: ReadPair) -> ReadPair:
        """The same values where the nodes lie now."""
        places = (
            {"ijk_to_lps": now.ijk_to_lps, "frame_of_reference": now.frame_of_reference, "place": now.place, "frame": now.frame}
            for now in (self.anatomy, self.function)
        )
        anatomy, function = (was.with_array(was.array, **place) for was, place in zip((read.anatomy, read.function), places, strict=True))
        return replace(read, anatomy=anatomy, function=function)

    def notes(self, read: ReadPair) -> list[str]:
        """All that the person should know, in sentences."""
        of_anatomy, of_function = self._on_places
        frames = [f"'{volume.name}' is a sequence: this is {volume.frame}." for volume in (self.anatomy, self.function) if volume.frame]
        return [
            *self._of_pair,
            *frames,
            *read.anatomy.notes,
            *of_anatomy,
            *read.of_anatomy,
            *read.function.notes,
            *of_function,
            *read.of_function,
        ]


_QUICK_VOXELS, _QUICK_FILES = 4_000_000, 16


def _note_on_place(node: Node, role: str) -> tuple[str, ...]:
    return tuple(filter(None, [note_on_place(node, role)]))


def read_anatomy(
    node: Node, *, modality: Modality | None = None, find_file: FindFile = no_file, copy: bool = True
) -> tuple[Volume, list[str]]:
    """The anatomy's volume, and what had to be assumed, in sentences.

    Args:
        node: CT or MR.
        modality: instead of what the node says.
        find_file: of the host.
        copy: the voxels.

    Raises:
        InputError: as `volume_from_node`.
    """
    loaded = volume_from_node(node, modality=modality, unit=_unit_of(modality), copy=copy)
    volume, unknown = with_padding(loaded, SourceFiles.of(node, find_file), own_matrix(node))
    volume, notes = _anatomy_values(volume)
    return volume, [*_note_on_place(node, "anatomy"), *unknown, *notes]


def _anatomy_values(volume: Volume) -> tuple[Volume, list[str]]:
    if volume.modality is not Modality.OTHER or volume.is_color:
        return volume, []
    if looks_like_ct(volume.array):
        taken = volume.with_array(volume.array, modality=Modality.CT, unit=Unit.HU)
        return taken, [f"'{volume.name}' was taken for a CT by its values."]
    note = f"It is not known what '{volume.name}' is; it was taken for an MR."
    return volume.with_array(volume.array, modality=Modality.MR), [note]


def read_function(node: Node, *, unit: Unit | None = None, find_file: FindFile = no_file, copy: bool = True) -> tuple[Volume, list[str]]:
    """The function's volume, a PET in SUVbw wherever that can be known, and what had to be assumed, in sentences.

    Args:
        node: PET or SPECT, or a colour image of it.
        unit: instead of what the node says.
        find_file: of the host.
        copy: the voxels.

    Raises:
        InputError: as `volume_from_node`; or values that uptake cannot have.
    """
    loaded = volume_from_node(node, unit=unit, copy=copy)
    volume, notes = _function_values(loaded, SourceFiles.of(node, find_file), own_matrix(node), has_unit=unit is not None)
    return volume, [*_note_on_place(node, "function"), *notes]


def _function_values(loaded: Volume, files: SourceFiles, place: NDArray[np.float64], *, has_unit: bool) -> tuple[Volume, list[str]]:
    """Black where nothing was measured, and a PET in SUVbw wherever that can be known; with what had to be assumed.

    Slicer's own reader loads a PET in Bq/ml. Where the DICOM files are at hand, the factor to SUVbw is taken from them, as long as the
    node holds their values (`loaded`): what a person has multiplied stays as it is (`holds_values_of`).
    """
    volume, unknown = with_padding(loaded, files, place)
    volume, notes = _in_suv(volume, loaded, files, place, has_unit=has_unit)
    return volume, [*unknown, *notes]


def _in_suv(volume: Volume, loaded: Volume, files: SourceFiles, place: NDArray[np.float64], *, has_unit: bool) -> tuple[Volume, list[str]]:
    if volume.is_color:
        return volume, []
    lowest, highest = volume.range
    # What DICOM calls a PET is one: filtered back projection leaves negative noise.
    if not volume.modality.is_function and lowest < -highest / 4:
        raise InputError(
            f"'{volume.name}' has values that uptake cannot have ({lowest:g} to {highest:g}); choose a PET or SPECT as function."
        )
    if volume.modality is Modality.OTHER:
        volume = volume.with_array(volume.array, modality=Modality.PET)
    if volume.modality is not Modality.PET or has_unit:
        return volume, []
    if volume.unit in SUV_UPPER:  # read by a host that asked for SUV
        source = files.kept
        return volume, list(source.suv.notes) if source is not None and source.suv is not None else []
    source = files.read()
    if source is not None and source.suv is not None and not holds_values_of(loaded.array, source):
        note = (
            f"The values of '{volume.name}' are not those of its DICOM files (any more), so they were not converted to SUV; its hottest "
            "value is shown as full uptake. Say that they are SUV where they are."
        )
        return volume, [note]
    if source is not None and source.suv is not None and (factors := _factors(volume, source, place[:3, 3])) is not None:
        array = volume.array if source.suv.factor == 1.0 else volume.array * factors
        volume = volume.with_array(array, unit=source.suv.kind)
        return volume, list(dict.fromkeys(with_note_on_total(source.suv, volume).notes))
    why = f" ({source.without_suv})" if source is not None and source.without_suv else ""
    return volume, [f"The values of '{volume.name}' are not known to be SUV{why}; its hottest value is shown as full uptake."]


def _factors(volume: Volume, source: SeriesSource, own_origin: NDArray[np.float64]) -> NDArray[np.float64] | float | None:
    """SUV per value; where every slice has a factor of its own, of the node's slices. None where those are not the series' slices."""
    assert source.suv is not None
    if not source.suv.slice_factors:
        return source.suv.factor
    factors = source.suv.of_slices(len(source.headers))
    if volume.shape != source.shape:
        return None
    first, last = source.ijk_to_lps[:3, 3], (source.ijk_to_lps @ [0, 0, len(factors) - 1, 1])[:3]
    for place, ordered in ((first, factors), (last, factors[::-1])):
        if np.abs(own_origin - place).max() < 1e-2:
            return ordered
    return None


def originals(scene: slicer.vtkMRMLScene, find_file: FindFile = no_file, *modalities: Modality) -> Iterator[Node]:
    """Volumes of these modalities, PET and SPECT without, that scanners made: none that LCDFusion made, and no label map or map."""
    modalities = modalities or (Modality.PET, Modality.SPECT)
    for node in (
        scene.GetNthNodeByClass(n, "vtkMRMLScalarVolumeNode") for n in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode"))
    ):
        is_there = not node.GetHideFromEditors() and node.GetImageData() is not None
        if is_there and modality_of(node) in modalities and _kind(node).is_fusable and not is_fused(node, find_file):
            yield node


def _kind(node: Node) -> Kind:
    """By what Slicer calls the node, which begins with the series' description."""
    header = Dataset()
    header.Modality, header.SeriesDescription = modality_of(node).value, node.GetName() or ""
    return kind_of(header)


def _fit(anatomy: Node, function: Node) -> tuple[bool, bool, bool, bool, bool, int, int]:
    levels = (slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMLevelStudy(), slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMLevelPatient())
    of_one = [ancestor(anatomy, level) != 0 and ancestor(anatomy, level) == ancestor(function, level) for level in levels]
    frames = [_frame(node) for node in (anatomy, function)]
    kinds = [_kind(node) for node in (function, anatomy)]
    originals = [kind.is_original for kind in kinds]
    by_kind = -sum(kind.rank for kind in kinds)
    return *originals, of_one[0], frames[0] == frames[1] != "", of_one[1], by_kind, anatomy.GetImageData().GetDimensions()[2]


def _frame(node: Node) -> str:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    return hierarchy.GetItemAttribute(hierarchy_item(node), FRAME_OF_REFERENCE_ATTRIBUTE)


def _unit_of(modality: Modality | None) -> Unit | None:
    return None if modality is None else Unit.HU if modality is Modality.CT else Unit.RELATIVE
