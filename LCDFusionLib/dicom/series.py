"""One DICOM series, as the headers of its images tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from .functional_groups import frame_planes
from .instance import FUSED_IMAGE_TYPE, MANUFACTURER

SERIES_KEYWORDS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "SpecificCharacterSet",
    "ImageType",
    "Modality",
    "Manufacturer",
    "ManufacturerModelName",
    "StationName",
    "SeriesInstanceUID",
    "SeriesNumber",
    "SeriesDescription",
    "StudyInstanceUID",
    "StudyDate",
    "StudyDescription",
    "AcquisitionDate",
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "BodyPartExamined",
    "Laterality",
    "ImageLaterality",
    "FrameOfReferenceUID",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "AcquisitionNumber",
    "EchoNumbers",
    "TemporalPositionIdentifier",
    "TriggerTime",
    "CorrectedImage",
    "Units",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
)
"""Read from every file: enough to group the files, to tell series from one another, to choose one and to find pairs."""


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
        part: which part of a series that holds several images of each place, such as "AcquisitionNumber 2"; "" for a whole series.
        files: one file an instance, in the order of their paths (`read_series` sorts by geometry).
        header: `SERIES_KEYWORDS` of the first image.
        slice_spacing: usual distance between neighbouring slices in mm; None where it is not known or there is one slice.
        bounds: (2, 3), lowest and highest corner of the box along the patient's axes that holds all slices, LPS mm; None where not known.
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
    header: Dataset = field(default_factory=Dataset, compare=False, repr=False)
    slice_spacing: float | None = None
    bounds: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)
    part: str = ""

    @property
    def name(self) -> str:
        """What people call it: the description, else modality and number."""
        called = self.description or " ".join(filter(None, [self.modality, "series", "" if self.number is None else str(self.number)]))
        return f"{called}, {self.part}" if self.part else called

    @property
    def key(self) -> str:
        """What the command line names it by: "5", or "5/2" for the part 2 of series 5; the UID where it has no number."""
        return self.uid_key if self.number is None else str(self.number) + self._part_key

    @property
    def uid_key(self) -> str:
        """The same with the UID in place of the number."""
        return self.uid + self._part_key

    @property
    def _part_key(self) -> str:
        return f"/{self.part.split()[-1]}" if self.part else ""

    @property
    def is_fused(self) -> bool:
        """True for what LCDFusion made of other series; its phantoms have the same Manufacturer and are originals."""
        kind = self.header.get("ImageType") or ""
        values = [kind] if isinstance(kind, str) else list(kind)
        # Series of before 0.2 have no mark in Image Type.
        return FUSED_IMAGE_TYPE[-1] in values or (self.header.get("Manufacturer") == MANUFACTURER and values[0] == "DERIVED")

    def __str__(self) -> str:
        number = "no number" if self.number is None else f"number {self.number}"
        part = f", {self.part} ({self.key})" if self.part else ""
        return f"{number}{part}, {self.modality or 'no modality'}, '{self.description}', {len(self.files)} images, UID ...{self.uid[-8:]}"


# What tells several images of one place from one another, in the order in which it is tried.
_PART_KEYWORDS = ("AcquisitionNumber", "EchoNumbers", "TemporalPositionIdentifier", "TriggerTime")


def series_parts(instances: Sequence[tuple[Path, Dataset]]) -> list[Series]:
    """The series that these files of one Series Instance UID form, each file with its `SERIES_KEYWORDS`.

    One, unless several images lie at one place (phases, echoes, a second acquisition) and one attribute parts them cleanly.
    """
    places = [tuple(map(str, header.get("ImagePositionPatient") or ())) for _, header in instances]
    if all(places) and len(set(places)) < len(places):
        for keyword in _PART_KEYWORDS:
            groups: dict[str, list[int]] = {}
            for index, (_, header) in enumerate(instances):
                groups.setdefault(str(header.get(keyword) or ""), []).append(index)
            if len(groups) > 1 and all(groups) and all(len({places[n] for n in group}) == len(group) for group in groups.values()):
                return [
                    _series_of([instances[n] for n in group], part=f"{keyword} {value}")
                    for value, group in sorted(groups.items(), key=lambda entry: (len(entry[0]), entry[0]))
                ]
    return [_series_of(instances)]


def _series_of(instances: Sequence[tuple[Path, Dataset]], *, part: str = "") -> Series:
    header = instances[0][1]

    def text(keyword: str) -> str:
        value = header.get(keyword)
        return "" if value is None else str(value).strip()

    number = text("SeriesNumber")
    spacing, bounds = _extent([h for _, h in instances])
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
        is_volume=any(h.get("ImagePositionPatient") or _frames(h) > 1 for _, h in instances),
        files=tuple(path for path, _ in instances),
        header=header,
        slice_spacing=spacing,
        bounds=bounds,
        part=part,
    )


def _frames(header: Dataset) -> int:
    return int(header.get("NumberOfFrames") or 1)


def _extent(headers: Sequence[Dataset]) -> tuple[float | None, NDArray[np.float64] | None]:
    """Slice spacing and bounds; what is garbled tells nothing here, and `read_series` will say so."""
    try:
        planes = [plane for header in headers for plane in (frame_planes(header) if _frames(header) > 1 else [header])]
        positions = np.array([plane.ImagePositionPatient for plane in planes], dtype=float)
        orientations = np.array([plane.ImageOrientationPatient for plane in planes], dtype=float).reshape(-1, 2, 3)
        spacings = np.array([plane.PixelSpacing for plane in planes], dtype=float)
        sizes = np.array([[int(header.Rows), int(header.Columns)] for header in headers for _ in range(_frames(header))])
        across = orientations[:, 0] * (spacings[:, 1] * (sizes[:, 1] - 1))[:, None]
        down = orientations[:, 1] * (spacings[:, 0] * (sizes[:, 0] - 1))[:, None]
    except (AttributeError, TypeError, ValueError, IndexError):
        return None, None
    corners = np.concatenate([positions, positions + across, positions + down, positions + across + down])
    heights = np.unique(np.round(positions @ np.cross(*orientations[0]), 3))
    spacing = float(np.median(np.diff(heights))) if len(heights) > 1 else None
    return spacing, np.stack([corners.min(axis=0), corners.max(axis=0)])
