"""What the user named on the command line, read into volumes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from LCDFusionLib.dicom import SeriesSource, read_folder
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.volume import Modality, Unit, Volume


@dataclass(frozen=True)
class Input:
    """A volume and where it came from; `source` has the DICOM headers, None for a file."""

    volume: Volume
    path: Path
    source: SeriesSource | None


def read_anatomy(path: Path, *, series: str | None, modality: Modality | None) -> Input:
    """The anatomy volume, from a DICOM folder or an image file.

    Args:
        path: of a folder or file.
        series: which one of a folder with several.
        modality: of a file; None: CT if the values look like Hounsfield units, otherwise MR.
    """
    if _is_folder(path, "anatomy"):
        volume, source = read_folder(path, series=series, option="--anatomy-series")
        return Input(volume, path, source)
    volume = read_volume(path, modality=modality, unit=Unit.HU if modality is Modality.CT else None)
    if volume.modality is Modality.OTHER:
        volume = volume.with_array(volume.array, modality=Modality.MR)
    return Input(volume, path, None)


def read_function(path: Path, *, series: str | None, unit: Unit, relative: bool) -> Input:
    """The function volume, from a DICOM folder or an image file.

    Args:
        path: of a folder or file.
        series: which one of a folder with several.
        unit: of a file's values.
        relative: go on with relative intensities where a DICOM PET lacks what SUV needs.
    """
    if _is_folder(path, "function"):
        volume, source = read_folder(path, series=series, relative=relative, option="--function-series")
        return Input(volume, path, source)
    return Input(read_volume(path, modality=Modality.PET, unit=unit), path, None)


def check_not_the_same(anatomy: Path, function: Path, *, series_chosen: bool) -> None:
    """InputError if both paths are one file or folder (one folder may hold both series when they are chosen)."""
    if anatomy.exists() and function.exists() and anatomy.samefile(function) and not (anatomy.is_dir() and series_chosen):
        hint = "; if the folder holds both series, choose them with --anatomy-series and --function-series" if anatomy.is_dir() else ""
        raise InputError(f"Anatomy and function are both '{anatomy}'; give a CT or MR and a PET or SPECT{hint}.")


def check_same_patient(anatomy: Input, function: Input) -> None:
    """InputError if both are DICOM and their Patient ID (0010,0020), Name or Birth Date say that they are of two patients."""
    if anatomy.source is None or function.source is None:
        return
    for keyword, label in (("PatientID", "patient ID"), ("PatientName", "patient name"), ("PatientBirthDate", "birth date")):
        first, second = (str(i.source.headers[0].get(keyword, "") or "").strip() for i in (anatomy, function) if i.source)
        if first and second and first.casefold() != second.casefold():
            raise InputError(
                f"'{anatomy.path}' and '{function.path}' are of two patients: the {label} differs; "
                "if they are one patient all the same, say so with --different-patients."
            )


def _is_folder(path: Path, role: str) -> bool:
    if not path.exists():
        raise InputError(f"The {role} '{path}' does not exist; give a DICOM folder, an NRRD or a NIfTI file.")
    return path.is_dir()
