"""What a person named, read into volumes and checked against each other."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from LCDFusionLib.dicom import KINDS, Mismatch, SeriesSource, find_mismatches, notes_on_belonging, place_mismatch, read_folder, unconfirmed
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.deformation import Deformation
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.notes import Note


@dataclass(frozen=True)
class Input:
    """A volume and where it came from.

    Attributes:
        volume: as read.
        path: as the user gave it; None for a volume that was in memory.
        source: the DICOM headers; None where it did not come from DICOM.
        notes: what had to be assumed, in sentences.
        deformation: through which a function is read, after any motion that is in the volume's matrix; None where it is not deformed.
    """

    volume: Volume
    path: Path | None = None
    source: SeriesSource | None = None
    notes: tuple[str, ...] = ()
    deformation: Deformation | None = None

    @property
    def label(self) -> str:
        """What a person knows it by."""
        return self.volume.name if self.path is None else str(self.path)


Source: TypeAlias = "str | os.PathLike[str] | Volume | Input"
"""A DICOM folder or an image file by its path, a volume in memory, or what `read_anatomy` or `read_function` gave."""


def read_anatomy(source: Source, *, series: str | None = None, modality: Modality | None = None) -> Input:
    """The anatomy volume.

    Args:
        source: see `Source`.
        series: which one of a folder with several.
        modality: of a file; None: what the file says, else CT if the values look like Hounsfield units, otherwise MR.

    Raises:
        InputError: all that reading may raise.
    """
    if isinstance(source, Input):
        return source
    if isinstance(source, Volume):
        path, volume = None, source if modality is None else source.with_array(source.array, modality=modality)
    else:
        path = Path(source)
        if _is_folder(path, "anatomy"):
            return _read_folder(path, series=series, option="--anatomy-series")
        volume = read_volume(path, modality=modality, unit=Unit.HU if modality is Modality.CT else None)
    if volume.modality is not Modality.OTHER:
        return Input(volume, path, None, volume.notes)
    text = "It is not known what {anatomy} is, so it was taken for an MR; if it is a CT, say so with --anatomy-modality CT."
    note = Note(text, names={"anatomy": volume.name})
    return Input(volume.with_array(volume.array, modality=Modality.MR), path, None, (*volume.notes, note))


def read_function(source: Source, *, series: str | None = None, unit: Unit | None = None, relative: bool = False) -> Input:
    """The function volume.

    Args:
        source: see `Source`.
        series: which one of a folder with several.
        unit: of a file's values; None: what the file says, else relative.
        relative: go on with relative intensities where a DICOM PET lacks what SUV needs.

    Raises:
        InputError: besides all that reading may raise: it is a CT, or its values cannot be uptake.
    """
    if isinstance(source, Input):
        given = source
    elif not isinstance(source, Volume) and _is_folder(Path(source), "function"):
        given = _read_folder(Path(source), series=series, option="--function-series", relative=relative)
    else:
        path, volume = (None, source) if isinstance(source, Volume) else (Path(source), read_volume(source))
        modality = Modality.PET if volume.modality is Modality.OTHER else volume.modality
        notes = volume.notes
        if unit is not None and unit is not volume.unit and volume.unit in (Unit.BQML, Unit.COUNTS):
            text = "{function} says that its values are {said}, so --function-unit {wanted} was left aside."
            names = {"function": volume.name}
            notes = (*notes, Note(text, names=names, said=volume.unit.value, wanted=unit.value))
            unit = None
        given = Input(volume.with_array(volume.array, modality=modality, unit=unit or volume.unit), path, None, notes)
    order = "give the CT or MR first and the PET or SPECT second"
    if given.volume.modality is Modality.CT:
        raise InputError(f"The function '{given.label}' is no PET or SPECT but a CT; {order}.")
    lowest, highest = float(given.volume.array.min()), float(given.volume.array.max())
    # Uptake is not negative, CT reaches from -1000 to 3000. A DICOM PET says what it is: filtered back projection leaves negative noise.
    if given.source is None and lowest < -highest / 4:
        raise InputError(
            f"The function '{given.label}' has values from {lowest:g} to {highest:g}, as no PET or SPECT file has them; {order}."
        )
    return given


def check_not_the_same(anatomy: Source, function: Source, *, series_chosen: bool) -> None:
    """InputError if both are one file or folder (one folder may hold both series when they are chosen), or one does not exist."""
    if isinstance(anatomy, Input | Volume) or isinstance(function, Input | Volume):
        return
    are_folders = all([_is_folder(Path(anatomy), "anatomy"), _is_folder(Path(function), "function")])
    if Path(anatomy).samefile(function) and not (are_folders and series_chosen):
        hint = "; if the folder holds both series, choose them with --anatomy-series and --function-series" if are_folders else ""
        raise InputError(f"Anatomy and function are both '{anatomy}'; give a CT or MR and a PET or SPECT{hint}.")


def check_belonging(anatomy: Input, function: Input, confirmed: Collection[str]) -> tuple[tuple[Mismatch, ...], tuple[str, ...]]:
    """Whether both inputs are of one patient, time, side and part of the body.

    Args:
        anatomy: from `read_anatomy`.
        function: from `read_function`.
        confirmed: kinds of mismatch that the user takes on themselves.

    Returns:
        The mismatches that the user confirmed, and notes of what could not be compared.

    Raises:
        InputError: a mismatch that is not confirmed.
    """
    mismatches = place_mismatch(anatomy.volume.place, function.volume.place)
    notes: tuple[str, ...] = ("That both inputs are of one patient could not be checked, because they are not both DICOM.",)
    if anatomy.source is not None and function.source is not None:
        first, second = anatomy.source.headers[0], function.source.headers[0]
        mismatches = (*find_mismatches(first, second), *mismatches)
        notes = notes_on_belonging(first, second, mismatches=[mismatch.kind for mismatch in mismatches])
    if left := unconfirmed(mismatches, confirmed):
        kinds = ",".join(mismatch.kind for mismatch in left)
        what = "are of two patients" if left[0].is_of_patient else "do not belong together"
        raise InputError(
            f"'{anatomy.label}' and '{function.label}' {what}: {'; '.join(mismatch.text for mismatch in left)}; "
            f"choose two series that belong together, or, if you know better, confirm it with --confirm-mismatch {kinds}."
        )
    return mismatches, notes


def mismatch_kinds(given: str | Collection[str]) -> tuple[str, ...]:
    """What is confirmed, as "patient-id,study-date" or as a list of such; InputError for a word that is no kind of mismatch."""
    kinds = tuple(kind.strip() for kind in (given.split(",") if isinstance(given, str) else given) if kind.strip())
    for kind in kinds:
        if kind not in KINDS:
            raise InputError(f"--confirm-mismatch knows no '{kind}'; it takes one or several of {', '.join(KINDS)}.")
    return kinds


def _read_folder(path: Path, *, series: str | None, option: str, relative: bool = False) -> Input:
    volume, source = read_folder(path, series=series, relative=relative, option=option)
    notes: list[str] = list(source.series.notes)
    names = {"series": volume.name}
    if volume.unit is Unit.RELATIVE and volume.modality in (Modality.CT, Modality.PET):
        why = f": {source.without_suv}" if source.without_suv else ""
        text = "The values of {series} are relative intensities, neither HU nor SUV{why}."
        notes.append(Note(text, names=names, why=why))
    notes += source.suv.notes if source.suv is not None else ()
    if source.tilt_degrees:
        text = "{series} was taken with a tilted gantry ({tilt:g} degrees); its slices are kept as they lie."
        notes.append(Note(text, names=names, tilt=source.tilt_degrees))
    return Input(volume, path, source, tuple(notes))


def _is_folder(path: Path, role: str) -> bool:
    try:
        if not path.exists():
            raise InputError(f"The {role} '{path}' does not exist; give a DICOM folder, an NRRD or a NIfTI file.")
        return path.is_dir()
    except OSError as error:
        raise InputError(f"The {role} '{path}' cannot be read ({error.strerror}); give a DICOM folder, an NRRD or a NIfTI file.") from error
