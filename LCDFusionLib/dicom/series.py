"""What a folder holds: DICOM series, wherever they lie in it and whatever their files are called."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.uid import UID

from LCDFusionLib.errors import InputError

# Read from every file: enough to group the files, to tell the series from one another and to choose one.
_KEYWORDS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "SpecificCharacterSet",
    "Modality",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDescription",
    "StudyInstanceUID",
    "StudyDate",
    "StudyDescription",
    "PatientID",
    "PatientName",
    "FrameOfReferenceUID",
    "ImagePositionPatient",
    "NumberOfFrames",
    "Rows",
]


PREAMBLE = 132
"""Bytes that every DICOM file begins with, PS3.10."""


@dataclass(frozen=True)
class Series:
    """One DICOM series, as its headers tell it.

    Attributes:
        uid: Series Instance UID (0020,000E).
        modality: Modality (0008,0060).
        number: Series Number (0020,0011), None where the files carry none.
        description: Series Description (0008,103E).
        study_uid: Study Instance UID (0020,000D).
        study_date: Study Date (0008,0020), YYYYMMDD.
        study_description: Study Description (0008,1030).
        patient_id: Patient ID (0010,0020).
        patient_name: Patient's Name (0010,0010).
        frame_of_reference: Frame of Reference UID (0020,0052), "" where the files carry none.
        is_volume: its images have a place in the patient; screenshots and dose pages have none.
        files: one file an instance, in the order of their paths (`read_series` sorts by geometry).
    """

    uid: str
    modality: str
    number: int | None
    description: str
    study_uid: str
    study_date: str
    study_description: str
    patient_id: str
    patient_name: str
    frame_of_reference: str
    is_volume: bool
    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        """What people call it: the description, else modality and number."""
        return self.description or " ".join(filter(None, [self.modality, "series", "" if self.number is None else str(self.number)]))

    def __str__(self) -> str:
        number = "no number" if self.number is None else f"number {self.number}"
        return f"{number}, {self.modality or 'no modality'}, '{self.description}', {len(self.files)} images, UID ...{self.uid[-8:]}"


def find_series(folder: str | os.PathLike[str]) -> list[Series]:
    """Find every series of images in a folder and all folders below it.

    Only headers are read. Files are told by their content, never by their names; other files, DICOMDIR and objects that are no images
    (reports, presentation states, structure sets) are passed over. Of copies of one instance the first counts.

    Returns:
        The series, ordered by patient, study and series number.

    Raises:
        InputError: there is no such folder, it cannot be read, or a DICOM file in it is damaged.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"There is no folder '{folder}': give a folder that holds DICOM files.")
    found: dict[str, dict[str, tuple[Path, Dataset]]] = {}
    with disable_value_validation():
        for path in _files_below(folder):
            header = _read_header(path)
            if header is not None:
                found.setdefault(header.SeriesInstanceUID, {}).setdefault(header.SOPInstanceUID, (path, header))
        series = [_describe(list(instances.values())) for instances in found.values()]
    return sorted(series, key=lambda s: (s.patient_id, s.study_date, s.study_uid, s.number is None, s.number or 0, s.uid))


def series_of_files(files: Sequence[Path]) -> Series:
    """The series that these files are, as a database of DICOM files lists them.

    Raises:
        InputError: one of them is missing, damaged or no image, or they are of several series.
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
    return _describe(instances)


def choose_series(
    folder: str | os.PathLike[str], choice: str | None = None, *, option: str = "--anatomy-series or --function-series"
) -> Series:
    """The one series of a folder that can be a volume, or the one that the user names.

    Args:
        folder: searched with all folders below it.
        choice: Series Number, Series Description, or the beginning or end of the Series Instance UID.
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
    exact = [s for s in volumes if choice in (str(s.number), s.description, s.uid)]
    chosen = exact or [s for s in volumes if choice and (s.uid.startswith(choice) or s.uid.endswith(choice))]
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


def _files_below(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise InputError(f"The folder '{error.filename}' cannot be read: {error.strerror}.") from error

    for place, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        yield from (path for name in sorted(names) if (path := Path(place, name)).is_file())


def _read_header(path: Path) -> Dataset | None:
    """The few attributes of `_KEYWORDS`, or None for a file that is no DICOM image."""
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
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_KEYWORDS, force=is_bare)
        sop_class = header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID") or UID("")
        if sop_class and not sop_class.name.endswith("Image Storage"):
            return None
        if all(header.get(keyword) for keyword in ("SeriesInstanceUID", "SOPInstanceUID", "Rows")):
            return header
    except Exception as error:  # foreign bytes make the parser fail in many ways
        damage = str(error)
    if not has_preamble:
        return None
    raise InputError(f"The DICOM file '{path}' is damaged ({damage}): copy it again or take it out of the folder.")


def _describe(instances: list[tuple[Path, Dataset]]) -> Series:
    header = instances[0][1]

    def text(keyword: str) -> str:
        value = header.get(keyword)
        return "" if value is None else str(value).strip()

    number = text("SeriesNumber")
    return Series(
        uid=text("SeriesInstanceUID"),
        modality=text("Modality"),
        number=int(number) if number.lstrip("-").isdigit() else None,
        description=text("SeriesDescription"),
        study_uid=text("StudyInstanceUID"),
        study_date=text("StudyDate"),
        study_description=text("StudyDescription"),
        patient_id=text("PatientID"),
        patient_name=text("PatientName"),
        frame_of_reference=text("FrameOfReferenceUID"),
        is_volume=any(h.get("ImagePositionPatient") or int(h.get("NumberOfFrames") or 1) > 1 for _, h in instances),
        files=tuple(path for path, _ in instances),
    )
