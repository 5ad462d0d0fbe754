"""One DICOM series, as the headers of its images tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from LCDFusionLib.errors import InputError

from . import elements
from .frames import Image
from .instance import FUSED_IMAGE_TYPE, MANUFACTURER
from .kinds import Kind, kind_of
from .limits import MOST_PIXELS
from .parts import PRIVATE_B_TAGS, Part, parts
from .suv import SUV_KEYWORDS, NoSUVError, suv_of

SERIES_KEYWORDS: tuple[str | int, ...] = (
    # what it is
    *(
        "SOPClassUID",
        "SOPInstanceUID",
        "SpecificCharacterSet",
        "ImageType",
        "Modality",
        "SeriesType",
        "ConversionType",
        "VolumeBasedCalculationTechnique",
        "BurnedInAnnotation",
    ),
    *("Manufacturer", "ManufacturerModelName", "StationName", "DerivationDescription"),
    *("SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "ProtocolName", "StudyInstanceUID", "StudyDate", "StudyDescription"),
    *("AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "SeriesDate", "SeriesTime", "ContentTime"),
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "BodyPartExamined", "Laterality", "ImageLaterality"),
    *("PatientComments", "StudyID"),  # with these all that an export dialog lets one edit (`EDITABLE`)
    # where it lies
    *("FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
    *("DetectorInformationSequence", "SliceVector", "EnergyWindowVector", "DetectorVector", "PhaseVector", "RotationVector"),
    *("TimeSliceVector", "NumberOfFrames", "Rows", "Columns", "SamplesPerPixel"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    # what it promises
    *("NumberOfSlices", "ImagesInAcquisition", "NumberOfSeriesRelatedInstances", "InConcatenationTotalNumber", "NumberOfTimeSlices"),
    # which part of it an image is
    *("AcquisitionNumber", "EchoNumbers", "TemporalPositionIdentifier", "TriggerTime", "ImageIndex", "FrameReferenceTime"),
    *("ActualFrameDuration", "DiffusionBValue", "DiffusionGradientOrientation", "ConvolutionKernel", "EchoTime", "InversionTime"),
    *("FlipAngle", "SequenceName", "ComplexImageComponent", "KVP", "ContrastBolusAgent"),
    *PRIVATE_B_TAGS,
    # what its values are
    *("CorrectedImage", "AttenuationCorrectionMethod", "AttenuationCorrected", "DecayCorrected", "ScatterCorrected", "RandomsCorrected"),
    *("RescaleSlope", "RescaleIntercept", "ModalityLUTSequence"),
    *SUV_KEYWORDS,
)
"""Read from every file: enough to group the files, to tell series from one another, to choose one and to find pairs."""


_LONGEST_NUMBER = 12  # characters of an IS


@dataclass(frozen=True)
class Series:
    """One DICOM series, or one volume of a series that holds several, as its headers tell it.

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
        images: (file, number of the frame from 1 or None) of every slice, in the order of the paths (`read_series` sorts by geometry).
        part: what tells this volume of a series from its others, such as "AcquisitionNumber 2"; "" for a whole series.
        part_key: what the part is chosen by, "2" of 5/2.
        part_alias: another word for it, such as the b-value; "" where there is none.
        no_volume: why it is no volume, to follow its name: "has no place in the patient ..."; "" where it is one.
        refusal: a sentence that says why it must not be read, such as two images of one UID; "" where it may.
        notes: what it promises and does not hold, in sentences.
        first_of_all: file of the image that was acquired first of all parts, to whose time all of a PET's are corrected; None for a whole
            series.
        header: `SERIES_KEYWORDS` of the first image, of a frame as if it were an image of its own.
        without_suv: why the values of a PET cannot become SUV; None where they can, and for all else.
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
    images: tuple[tuple[Path, int | None], ...]
    part: str = ""
    part_key: str = ""
    part_alias: str = ""
    no_volume: str = ""
    refusal: str = ""
    notes: tuple[str, ...] = ()
    first_of_all: Path | None = None
    header: Dataset = field(default_factory=Dataset, compare=False, repr=False)
    without_suv: str | None = None
    slice_spacing: float | None = None
    bounds: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)

    @property
    def files(self) -> tuple[Path, ...]:
        """Each file once, in the order of the paths."""
        return tuple(dict.fromkeys(path for path, _ in self.images))

    @property
    def is_volume(self) -> bool:
        """Its images have a place in the patient; screenshots, dose pages and raw projections have none."""
        return not self.no_volume

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
    def aliases(self) -> tuple[str, ...]:
        """What else names it exactly."""
        by_part = (f"{self.number}/{self.part_alias}", f"{self.uid}/{self.part_alias}") if self.part_alias else ()
        return (str(self.number), self.description, self.name, *by_part)

    @property
    def _part_key(self) -> str:
        return f"/{self.part_key}" if self.part else ""

    @property
    def kind(self) -> Kind:
        """Original slices, or something made of them."""
        return kind_of(self.header)

    @property
    def is_fused(self) -> bool:
        """True for what LCDFusion made of other series; its phantoms have the same Manufacturer and are originals."""
        return is_fused_header(self.header)

    def __str__(self) -> str:
        number = "no number" if self.number is None else f"number {self.number}"
        part = f", {self.part} ({self.key})" if self.part else ""
        return f"{number}{part}, {self.modality or 'no modality'}, '{self.description}', {len(self.images)} images, UID ...{self.uid[-8:]}"


def is_fused_header(header: Dataset) -> bool:
    """`Series.is_fused`, of one image."""
    kinds = elements.terms(header, "ImageType")
    if FUSED_IMAGE_TYPE[-1] in kinds or "Fused by LCDFusion" in elements.text(header, "DerivationDescription"):
        return True
    # Earlier series have no mark in Image Type.
    return elements.text(header, "Manufacturer") == MANUFACTURER and kinds[:1] == ("DERIVED",)


def series_of(images: Sequence[Image], *, no_volume: str = "", refusal: str = "") -> list[Series]:
    """The series that images of one Series Instance UID form: one, unless several images lie at one place (`parts`).

    Args:
        images: each with its `SERIES_KEYWORDS`.
        no_volume: see `Series`.
        refusal: see `Series`.
    """
    if not no_volume and not any(image.header.get("ImagePositionPatient") for image in images):
        no_volume = "has no place in the patient, Image Position (Patient) (0020,0032): a screenshot or a page"
    found = [Part(tuple(images), "", "")]
    if not no_volume and not refusal:
        try:
            found = parts(images)
        except InputError as error:
            refusal = str(error)
    first = _acquired_first(images) if len(found) > 1 else None
    return [_series(part, images, no_volume=no_volume, refusal=refusal, first_of_all=first) for part in found]


def _series(part: Part, of_series: Sequence[Image], *, no_volume: str, refusal: str, first_of_all: Path | None) -> Series:
    header = part.images[0].header
    number = elements.text(header, "SeriesNumber")
    spacing, bounds = _extent([image.header for image in part.images])
    series = Series(
        uid=elements.uid(header, "SeriesInstanceUID"),
        modality=elements.text(header, "Modality"),
        number=int(number) if number.lstrip("-").isdigit() and len(number) <= _LONGEST_NUMBER else None,
        description=elements.text(header, "SeriesDescription"),
        study_uid=elements.uid(header, "StudyInstanceUID"),
        study_date=elements.text(header, "StudyDate"),
        study_description=elements.text(header, "StudyDescription"),
        patient_id=elements.text(header, "PatientID"),
        patient_name=elements.text(header, "PatientName"),
        frame_of_reference=elements.uid(header, "FrameOfReferenceUID"),
        images=tuple((image.path, image.frame) for image in part.images),
        part=part.name,
        part_key=part.key,
        part_alias=part.alias,
        no_volume=no_volume,
        refusal=refusal,
        first_of_all=first_of_all,
        header=header,
        slice_spacing=spacing,
        bounds=bounds,
    )
    if no_volume:
        return series
    notes = list(_broken_promises(part.images, of_series, series.name))
    if not series.is_fused and (kind := series.kind) and not kind.is_original:
        notes.append(f"'{series.name}' is a {kind.name}, not an original series.")
    return replace(series, notes=tuple(notes), without_suv=_without_suv(series, part.images, of_series))


def _without_suv(series: Series, images: Sequence[Image], of_series: Sequence[Image]) -> str | None:
    """What `read_series` will say of it, from the same headers."""
    if series.modality != "PT" or series.refusal:
        return None
    is_other = series.first_of_all is not None and series.first_of_all not in series.files
    first = [image.header for image in of_series if is_other and image.path == series.first_of_all][:1]
    try:
        suv_of([*(image.header for image in images), *first], name=series.name)
    except NoSUVError as error:
        return error.reason
    return None


def _acquired_first(images: Sequence[Image]) -> Path:
    """The file with the earliest Acquisition Date and Time, as text, which orders them; of equals the first Frame Reference Time."""

    def moment(image: Image) -> tuple:
        header = image.header
        clock = [elements.text(header, keyword) or "~" for keyword in ("AcquisitionDate", "AcquisitionTime")]
        reference = elements.number(header, "FrameReferenceTime")
        return *clock, np.inf if reference is None else reference

    return min(images, key=moment).path


def _broken_promises(images: Sequence[Image], of_series: Sequence[Image], name: str) -> Iterator[str]:
    """Images that the headers speak of and that are not there."""
    header = images[0].header
    slices, times = (elements.number(header, keyword) or 0 for keyword in ("NumberOfSlices", "NumberOfTimeSlices"))
    counted = [elements.number(image.header, "ImageIndex") or 0 for image in of_series]
    promised = (
        ("NumberOfSlices", len(images)),
        ("ImagesInAcquisition", len(images)),
        ("NumberOfSeriesRelatedInstances", len({image.path for image in of_series})),
        ("InConcatenationTotalNumber", len({image.path for image in of_series})),
    )
    sentences = [(elements.attribute(keyword), elements.number(header, keyword) or 0, there) for keyword, there in promised]
    if "DYNAMIC" in elements.terms(header, "SeriesType"):
        both = f"{elements.attribute('NumberOfSlices')} times {elements.attribute('NumberOfTimeSlices')}"
        sentences.append((both, slices * times, len(of_series)))
    sentences.append((elements.attribute("ImageIndex"), max(counted), len(of_series)))  # counts a PET's images from 1 (C.8.9.4.1.9)
    for called, said, there in sentences:
        if said > there:
            yield (
                f"'{name}' lacks images: {called} says {said:g} and {there} are there; fetch the whole series again "
                "unless it was cut on purpose."
            )
            return


def _extent(headers: Sequence[Dataset]) -> tuple[float | None, NDArray[np.float64] | None]:
    """Slice spacing and bounds; what is missing or garbled tells nothing here, and `read_series` will say so."""
    try:
        rows = [
            (
                elements.numbers(header, "ImagePositionPatient", 3),
                elements.numbers(header, "ImageOrientationPatient", 6),
                elements.numbers(header, "PixelSpacing", 2),
                (elements.whole(header, "Rows", least=1, most=MOST_PIXELS), elements.whole(header, "Columns", least=1, most=MOST_PIXELS)),
            )
            for header in headers
        ]
        if any(None in row for row in rows):
            return None, None
        positions, orientations, spacings, sizes = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    except (InputError, TypeError):
        return None, None
    orientations = orientations.reshape(-1, 2, 3)
    across = orientations[:, 0] * (spacings[:, 1] * (sizes[:, 1] - 1))[:, None]
    down = orientations[:, 1] * (spacings[:, 0] * (sizes[:, 0] - 1))[:, None]
    corners = np.concatenate([positions, positions + across, positions + down, positions + across + down])
    heights = np.unique(np.round(positions @ np.cross(*orientations[0]), 3))
    spacing = float(np.median(np.diff(heights))) if len(heights) > 1 else None
    return spacing, np.stack([corners.min(axis=0), corners.max(axis=0)])
