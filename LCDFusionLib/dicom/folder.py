"""What a folder holds: DICOM series, wherever they lie in it and whatever their files are called."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.uid import UID, MediaStorageDirectoryStorage

from LCDFusionLib.errors import InputError

from .series import SERIES_KEYWORDS, Series, series_parts

PREAMBLE = 132
"""Bytes that every DICOM file begins with, PS3.10."""

Progress = Callable[[int, int], None]
"""Called with the files that are done and all files; an exception that it raises ends the search."""


@dataclass(frozen=True)
class FolderContents:
    """What a folder and all folders below it hold.

    Attributes:
        series: of images, ordered by patient, study and series number.
        damaged: for each damaged DICOM file a sentence.
        missing: files that a DICOMDIR names and that are not there.
        copies: files that hold an instance which another file holds too; the first counts.
        other_files: no DICOM images: reports, presentation states, DICOMDIR, anything else.
    """

    series: tuple[Series, ...]
    damaged: tuple[str, ...] = ()
    missing: tuple[Path, ...] = ()
    copies: int = 0
    other_files: int = 0


def scan_folder(folder: str | os.PathLike[str], *, progress: Progress | None = None) -> FolderContents:
    """Find every series of images in a folder and all folders below it.

    Only headers are read. Files are told by their content, never by their names; objects that are no images (reports, presentation states,
    structure sets) are passed over.

    Raises:
        InputError: there is no such folder, or it or a file in it cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"There is no folder '{folder}': give a folder that holds DICOM files.")
    paths = _files_below(folder)
    found: dict[str, dict[str, tuple[Path, Dataset]]] = {}
    damaged, missing, copies, others = [], [], 0, 0
    with disable_value_validation():
        for done, path in enumerate(paths, start=1):
            try:
                header = _read_header(path)
            except DamagedFileError as error:
                damaged.append(str(error))
                header = None
            if header is None:
                others += 1
                if path.name.upper().startswith("DICOMDIR"):
                    missing += _missing_files(path)
            else:
                instances = found.setdefault(header.SeriesInstanceUID, {})
                copies += header.SOPInstanceUID in instances
                instances.setdefault(header.SOPInstanceUID, (path, header))
            if progress is not None:
                progress(done, len(paths))
        series = [part for instances in found.values() for part in series_parts(list(instances.values()))]
    series.sort(key=lambda s: (s.patient_id, s.study_date, s.study_uid, s.number is None, s.number or 0, s.uid))
    return FolderContents(tuple(series), tuple(damaged), tuple(missing), copies, others - len(damaged))


def find_series(folder: str | os.PathLike[str]) -> list[Series]:
    """The series of `scan_folder`.

    Raises:
        InputError: what `scan_folder` raises, or a DICOM file is damaged.
    """
    contents = scan_folder(folder)
    if contents.damaged:
        raise InputError(contents.damaged[0])
    return list(contents.series)


def series_of_files(files: Sequence[Path]) -> Series:
    """The series that these files are, as a database of DICOM files lists them.

    Raises:
        InputError: one of them is missing, damaged or no image, or they are of several series or acquisitions.
    """
    with disable_value_validation():
        instances = []
        for path in files:
            header = _read_header(path)
            if header is None:
                raise InputError(f"The file '{path}' is no DICOM image: import the series again.")
            instances.append((path, header))
    if len({header.SeriesInstanceUID for _, header in instances}) != 1:
        raise InputError("The DICOM files belong to no series, or to several: import the series again.")
    parts = series_parts(instances)
    if len(parts) != 1:
        raise InputError(f"The DICOM files are of {len(parts)} acquisitions of '{parts[0].name}': load one of them alone.")
    return parts[0]


LEAST_OF_UID = 4
"""Characters that a part of a UID must have to choose a series: fewer name one by chance, such as a wrong series number."""


def choose_series(
    folder: str | os.PathLike[str], choice: str | None = None, *, option: str = "--anatomy-series or --function-series"
) -> Series:
    """The one series of a folder that can be a volume, or the one that the user names.

    Args:
        folder: searched with all folders below it.
        choice: Series Number (with a part: NUMBER/PART), Series Description, or the beginning or end of the Series Instance UID
            (`LEAST_OF_UID` characters or more).
        option: what the sentences tell the user to choose with.

    Raises:
        InputError: no series, or several; the sentence lists them and says how to choose. Or a file beside the images, named like them,
            is too short to be one: an image may be missing, at the end of a stack unseen.
    """
    series = find_series(folder)
    volumes = [s for s in series if s.is_volume]
    if not volumes:
        other = f"; its {len(series)} series of images have no place in the patient" if series else ""
        raise InputError(
            f"The folder '{folder}' holds no DICOM images that form a volume{other}: give the folder of a CT, MR or PET series."
        )
    listing = "; ".join(map(str, volumes))
    how = f"choose one with {option} and its number, its description or the beginning or end of its UID"
    if choice is None:
        if len(volumes) > 1:
            raise InputError(f"The folder '{folder}' holds {len(volumes)} series ({listing}): {how}.")
        return _without_lost_images(volumes[0])
    choice = choice.strip()
    # A number or a full description is an exact answer and goes before a part of a UID, which may look like a number.
    exact = [s for s in volumes if choice in (s.key, str(s.number), s.description, s.uid_key)]
    is_part = len(choice) >= LEAST_OF_UID
    chosen = exact or [s for s in volumes if is_part and (s.uid.startswith(choice) or s.uid.endswith(choice))]
    if len(chosen) != 1:
        problem = f"{len(chosen)} series" if chosen else "no series"
        raise InputError(f"'{choice}' names {problem} of the folder '{folder}', which holds {listing}: {how}.")
    return _without_lost_images(chosen[0])


def _without_lost_images(series: Series) -> Series:
    for folder, suffix in sorted({(path.parent, path.suffix) for path in series.files}):
        for path in sorted(folder.iterdir()):
            if path.suffix == suffix and path.is_file() and path.stat().st_size < PREAMBLE:
                raise InputError(
                    f"The file '{path}' among the images of '{series.name}' is empty or cut short, so an image may be missing: "
                    "copy the series again, or take the file out of the folder."
                )
    return series


class DamagedFileError(InputError):
    """A file that begins as DICOM and cannot be read on."""


def _files_below(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise InputError(f"The folder '{error.filename}' cannot be read: {error.strerror}.") from error

    found = []
    for place, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        found += [path for name in sorted(names) if (path := Path(place, name)).is_file()]
    return found


def _read_header(path: Path) -> Dataset | None:
    """The few attributes of `SERIES_KEYWORDS`, or None for a file that is no DICOM image."""
    try:
        with path.open("rb") as file:
            start = file.read(PREAMBLE)
    except OSError as error:
        raise InputError(f"The file '{path}' cannot be read: {error.strerror}.") from error
    has_preamble = start[128:] == b"DICM"
    is_bare = start[:2] == b"\x08\x00"  # old files begin with the data set itself: group 0008, little endian
    if not has_preamble and not is_bare:
        return None
    damage = "it ends too early"
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(SERIES_KEYWORDS), force=is_bare)
        sop_class = header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID") or UID("")
        if sop_class and not sop_class.name.endswith("Image Storage"):
            return None
        if all(header.get(keyword) for keyword in ("SeriesInstanceUID", "SOPInstanceUID", "Rows")):
            return header
    except Exception as error:  # foreign bytes make the parser fail in many ways
        damage = str(error)
    if not has_preamble:
        return None
    raise DamagedFileError(f"The DICOM file '{path}' is damaged ({damage}): copy it again or take it out of the folder.")


def _missing_files(dicomdir: Path) -> list[Path]:
    """Images that a DICOMDIR (PS3.3 annex F) names and that are not where it says."""
    try:
        directory = pydicom.dcmread(dicomdir)
        if directory.file_meta.get("MediaStorageSOPClassUID") != MediaStorageDirectoryStorage:
            return []
        records = directory.get("DirectoryRecordSequence") or []
        names = [record.ReferencedFileID for record in records if record.get("ReferencedFileID")]
        paths = [dicomdir.parent.joinpath(*([name] if isinstance(name, str) else name)) for name in names]
    except Exception:  # foreign bytes make the parser fail in many ways; the files themselves are what counts
        return []
    return [path for path in paths if not path.is_file()]
