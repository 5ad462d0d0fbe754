"""Fused volumes as DICOM series of the patient's own study: Secondary Capture in the place of the anatomy, in colour (RGB) and in gray."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.config import disable_value_validation
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from LCDFusionLib import __version__
from LCDFusionLib.images.mapped import slices_of
from LCDFusionLib.images.volume import Volume

from .instance import (
    FUSED_IMAGE_TYPE,
    MANUFACTURER,
    code,
    decimal_strings,
    encoded,
    new_uid,
    series_description,
    set_body_part,
    set_instance,
    set_pixels,
    set_plane,
    write_instances,
)
from .lossy import set_lossy_history
from .patient_and_study import edit_patient_and_study, patient_and_study
from .reader import SeriesSource
from .utc_offset import utc_offset

# 12 bits: every viewer takes them, and window 4096 around 2048 is their whole range by the standard's formula (PS3.3 C.11.2.1.2).
# A range of 0 to 1 would need window width 1, which by that formula is a threshold.
_WHITE = 4095
_FIRST_SERIES_NUMBER = 9001

_IMAGE_PLANE = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness")


@dataclass(frozen=True, kw_only=True)
class Derivation:
    """One fusion: how its volumes were made, for Derivation Description (0008,2111), and what its series have in common.

    Give the same object to both writers, so that the colour and the gray series of one fusion belong together.

    Attributes:
        weights: name of the weights.
        weights_sha256: of the weights file.
        anatomy_window: the anatomy's window in words, such as "width 350 level 40 HU".
        function_range: the function's range in words, such as "0 to 10 SUVbw".
        version: of LCDFusion.
        warnings: what a reader of the images has to know, such as relative intensities.
        confirmed_mismatches: what says that the inputs do not belong together and was confirmed by the user (`Mismatch.text`); also written
            into Image Comments (0020,4000), which viewers show.
        deformed_mm: farthest that a deformation took the function; 0 where it was not deformed. Slices so far away count as sources too.
        created: Series Date and Time, Content Date and Time; written in the anatomy's Timezone Offset From UTC (0008,0201), else in
            local time. Without a zone it is local time.
        study_uid: of the study that is made where the anatomy did not come from DICOM.
        frame_of_reference_uid: where neither series nor volume has one.
        edited: of patient and study, by keyword, what the user wrote in place of the anatomy's (`EDITABLE`).
    """

    weights: str
    weights_sha256: str
    anatomy_window: str
    function_range: str
    version: str = __version__
    warnings: tuple[str, ...] = ()
    confirmed_mismatches: tuple[str, ...] = ()
    deformed_mm: float = 0.0
    created: datetime = field(default_factory=datetime.now)
    study_uid: str = field(default_factory=new_uid)
    frame_of_reference_uid: str = field(default_factory=new_uid)
    edited: Mapping[str, str] = field(default_factory=dict)


def write_fused_color(
    color: Volume, folder: str | os.PathLike[str], *, anatomy: SeriesSource | None, function: SeriesSource | None, derivation: Derivation
) -> Path:
    """Write a fused colour volume as RGB Secondary Capture, one file a slice, in the place of the anatomy's slices.

    Patient and study are the anatomy series' own. Without one the series gets a patient of its own, 'LCDFusion^Unknown', in a new study.

    Args:
        color: uint8 (K, J, I, 3) on the anatomy's grid.
        folder: made; must not hold anything. It appears only when it is whole.
        anatomy: source of the anatomy volume, None where that did not come from DICOM.
        function: source of the function volume, None where that did not come from DICOM.
        derivation: how it was made.

    Returns:
        The folder.

    Raises:
        ValueError: not a colour volume, or not on the anatomy's grid.
        InputError: the folder holds something, or cannot be written.
    """
    if not color.is_color:
        raise ValueError(f"a fused colour volume is (K, J, I, 3); '{color.name}' has shape {color.array.shape}")

    series = _FusedSeries(color, anatomy, function, derivation, kind="color", number=_FIRST_SERIES_NUMBER)
    return series.write(folder, set_pixels)


def write_fused_gray(
    gray: Volume, folder: str | os.PathLike[str], *, anatomy: SeriesSource | None, function: SeriesSource | None, derivation: Derivation
) -> Path:
    """Write a fused gray volume as Secondary Capture (Modality OT), one file a slice, in the place of the anatomy's slices.

    Never as CT or MR Image: programs take the modality for the meaning of the values (HU) and for an original (decision 6). Values are
    stored as 0 (black) to 4095 (white) without scaling; they have no unit (Rescale Type US).

    Args:
        gray: floating point (K, J, I) in [0, 1] on the anatomy's grid.
        folder: see `write_fused_color`.
        anatomy: see `write_fused_color`.
        function: see `write_fused_color`.
        derivation: see `write_fused_color`.

    Returns:
        The folder.

    Raises:
        ValueError: a colour volume, values outside [0, 1], or not on the anatomy's grid.
        InputError: the folder holds something, or cannot be written.
    """
    if gray.is_color:
        raise ValueError(f"a fused gray volume is (K, J, I); '{gray.name}' has shape {gray.array.shape}")
    lowest, highest = np.transpose([(slice_.min(), slice_.max()) for slice_ in slices_of(gray.array)])
    if not (lowest.min() >= 0 and highest.max() <= 1):
        raise ValueError(f"a fused gray volume is in [0, 1]; '{gray.name}' is in [{lowest.min()}, {highest.max()}]")

    def set_image(dataset: Dataset, pixels: NDArray) -> None:
        set_pixels(dataset, np.rint(pixels.astype(np.float64) * _WHITE).astype(np.uint16), bits_stored=12)
        dataset.WindowCenter, dataset.WindowWidth = str((_WHITE + 1) // 2), str(_WHITE + 1)
        dataset.WindowCenterWidthExplanation = "Whole range"
        dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"

    series = _FusedSeries(gray, anatomy, function, derivation, kind="gray", number=_FIRST_SERIES_NUMBER + 1)
    return series.write(folder, set_image)


class _FusedSeries:
    """What the slices of both kinds have in common."""

    def __init__(
        self,
        volume: Volume,
        anatomy: SeriesSource | None,
        function: SeriesSource | None,
        derivation: Derivation,
        *,
        kind: str,
        number: int,
    ) -> None:
        if anatomy is not None and not (
            volume.shape == anatomy.shape and np.allclose(volume.ijk_to_lps, anatomy.ijk_to_lps, rtol=0, atol=1e-6)
        ):
            raise ValueError(f"the fused volume '{volume.name}' is not on the grid of its anatomy series '{anatomy.series.name}'")
        self._volume, self._anatomy, self._function = volume, anatomy, function
        self._uid = new_uid()
        self._frame_of_reference = (anatomy.series.frame_of_reference if anatomy else "") or volume.frame_of_reference
        self._frame_of_reference = self._frame_of_reference or derivation.frame_of_reference_uid
        taken = {source.series.number for source in (anatomy, function) if source is not None}
        self._number = next(n for n in range(number, number + 2 * len(taken) + 1, 2) if n not in taken)
        self._description = series_description(kind)
        self._derivation, self._deformed_mm = _describe(derivation, anatomy, function), derivation.deformed_mm
        self._comments = _mismatch_sentence(derivation)
        with disable_value_validation():
            self._patient_and_study = patient_and_study(anatomy.headers[0]) if anatomy is not None else _unknown_patient(derivation)
            edit_patient_and_study(self._patient_and_study, derivation.edited)
        self._created = derivation.created.astimezone(utc_offset(self._patient_and_study))  # without an offset: local time
        # The anatomy's image numbers, so that one number is one place in both; they often run from head to feet, slices from feet to head.
        self._numbers = (anatomy.instance_numbers if anatomy else None) or range(1, volume.shape[0] + 1)

    def write(self, folder: str | os.PathLike[str], set_image: Callable[[Dataset, NDArray], None]) -> Path:
        with disable_value_validation():
            return write_instances(self._slices(set_image), folder)

    def _slices(self, set_image: Callable[[Dataset, NDArray], None]) -> Iterator[Dataset]:
        used = _used_slices(self._volume, self._function, self._deformed_mm)
        common = copy.deepcopy(self._patient_and_study)
        self._set_series(common)
        common = encoded(common)
        for k, pixels in enumerate(slices_of(self._volume.array)):
            dataset = Dataset()
            dataset.update(common)
            set_instance(
                dataset, sop_class=SecondaryCaptureImageStorage, series_uid=self._uid, number=self._numbers[k], created=self._created
            )
            self._set_place(dataset, k)
            self._set_sources(dataset, k, used[k])
            set_image(dataset, pixels)
            yield dataset

    def _set_series(self, dataset: Dataset) -> None:
        """General Series, General Equipment and SC Equipment, and of General Image what all slices share."""
        dataset.SeriesNumber, dataset.SeriesDescription = self._number, self._description
        dataset.SeriesDate, dataset.SeriesTime = f"{self._created:%Y%m%d}", f"{self._created:%H%M%S}"
        dataset.Manufacturer = dataset.ManufacturerModelName = MANUFACTURER
        dataset.SoftwareVersions = __version__
        dataset.BurnedInAnnotation = "NO"
        dataset.ImageType = list(FUSED_IMAGE_TYPE)
        dataset.Modality, dataset.ConversionType = "OT", "WSD"
        dataset.PatientOrientation = ""  # Image Orientation (Patient) says it exactly
        dataset.SecondaryCaptureDeviceManufacturer = MANUFACTURER
        dataset.SecondaryCaptureDeviceSoftwareVersions = __version__
        dataset.FrameOfReferenceUID = self._frame_of_reference
        dataset.PositionReferenceIndicator = ""
        dataset.DerivationDescription = self._derivation
        if self._comments:
            dataset.ImageComments = self._comments
        # CID 7203 has no code for fusion; this one says truly that the function image was brought onto the anatomy's grid.
        dataset.DerivationCodeSequence = [code("113085", "Spatial resampling")]

    def _set_place(self, dataset: Dataset, k: int) -> None:
        """Frame of Reference and Image Plane: of the anatomy's slice, to the digit, where there is one."""
        set_plane(dataset, self._volume, k, may_be_tilted=self._anatomy is not None)
        body_part = laterality = ""
        if self._anatomy is not None:
            header = self._anatomy.headers[k]
            dataset.SliceThickness = None  # unless the source knows it
            for keyword in (*_IMAGE_PLANE, "PositionReferenceIndicator", "PatientPosition"):
                if header.get(keyword):
                    dataset[keyword] = _short_decimals(header[keyword])
            body_part, laterality = str(header.get("BodyPartExamined") or ""), str(header.get("Laterality") or "")
        dataset.NominalScannedPixelSpacing = list(dataset.PixelSpacing)  # all that GDCM reads of a Secondary Capture's spacing
        set_body_part(dataset, body_part, laterality=laterality)

    def _set_sources(self, dataset: Dataset, k: int, function_slices: list[int]) -> None:
        """General Image: from which instances."""
        sources = []
        if self._anatomy is not None:
            sources.append(_source_image(self._anatomy, k, same_place=True))
        if self._function is not None:
            sources += [_source_image(self._function, index, same_place=False) for index in function_slices]
        if sources:
            dataset.SourceImageSequence = sources
        of_anatomy = [self._anatomy.headers[k]] if self._anatomy is not None else []
        set_lossy_history(dataset, [*of_anatomy, *(self._function.headers[n] for n in function_slices if self._function is not None)])


def _describe(derivation: Derivation, anatomy: SeriesSource | None, function: SeriesSource | None) -> str:
    """At most 1024 ASCII characters (ST), so that any character set of the study takes them."""
    sentences = [
        *filter(None, [_mismatch_sentence(derivation)]),
        f"Fused by LCDFusion {derivation.version}, weights {derivation.weights} (SHA-256 {derivation.weights_sha256})",
        f"anatomy window {derivation.anatomy_window}",
        f"function range {derivation.function_range}",
        "values are display intensities and mean neither HU nor SUV",
        "research software, not for diagnostic use",
        *(f"{role} did not come from DICOM" for role, source in (("anatomy", anatomy), ("function", function)) if source is None),
        *(f"warning: {warning}" for warning in derivation.warnings),
    ]
    return ("; ".join(sentences) + ".").encode("ascii", "replace").decode()[:1024]


def _mismatch_sentence(derivation: Derivation) -> str:
    """What was confirmed, first of all that a reader sees; empty where nothing was."""
    if not derivation.confirmed_mismatches:
        return ""
    listing = ", ".join(derivation.confirmed_mismatches)
    return f"MISMATCH OF THE INPUTS, CONFIRMED BY THE USER: {listing}".encode("ascii", "replace").decode()[:600]


def _short_decimals(element: DataElement) -> DataElement:
    """The same element, unless it is of decimal strings and one is longer than the 16 characters that a DS may have."""
    values = element.value if element.VM > 1 else [element.value]
    if element.VR != "DS" or all(len(str(value)) <= 16 for value in values):
        return element
    return DataElement(element.tag, "DS", decimal_strings([float(value) for value in values]))


def _unknown_patient(derivation: Derivation) -> Dataset:
    """A patient and a study of their own: a shared "unknown" ID would make a PACS take different patients for one."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.StudyInstanceUID = derivation.study_uid
    dataset.PatientName = "LCDFusion^Unknown"
    dataset.PatientID = f"LCDFUSION-{dataset.StudyInstanceUID[-12:]}"
    dataset.PatientBirthDate, dataset.PatientSex = "", ""
    created = derivation.created.astimezone()
    dataset.StudyDate, dataset.StudyTime = f"{created:%Y%m%d}", f"{created:%H%M%S}"
    dataset.StudyID = dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = "LCDFusion: patient unknown, input was not DICOM"
    return dataset


def _source_image(source: SeriesSource, k: int, *, same_place: bool) -> Dataset:
    header, item = source.headers[k], Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    if source.frames[k] is not None:
        item.ReferencedFrameNumber = source.frames[k]
    item.SpatialLocationsPreserved = "YES" if same_place else "NO"
    item.PurposeOfReferenceCodeSequence = [code("121322", "Source image for image processing operation")]  # CID 7202
    return item


def _used_slices(volume: Volume, function: SeriesSource | None, deformed_mm: float) -> list[list[int]]:
    """For each slice of `volume` the function's slices that lie beside or across it, which linear interpolation reads there.

    Where the function was deformed: those within the farthest that it was moved, some of which may not have been read.
    """
    slices, rows, columns = volume.shape
    if function is None:
        return [[]] * slices
    size = np.array(function.shape[::-1])
    to_function = np.linalg.inv(function.ijk_to_lps) @ volume.ijk_to_lps
    more = deformed_mm / np.linalg.norm(function.ijk_to_lps[:3, :3], axis=0)
    used: list[list[int]] = []
    for k in range(slices):
        corners = np.array([[i, j, k, 1] for i in (0, columns - 1) for j in (0, rows - 1)]).T
        lowest, highest = (extreme((to_function @ corners)[:3], axis=1) for extreme in (np.min, np.max))
        lowest, highest = lowest - more, highest + more
        if (lowest > size - 0.5).any() or (highest < -0.5).any():
            used.append([])
            continue
        # Half a voxel beyond the outermost centres still belongs to the outermost slice.
        start, stop = np.clip([lowest[2], highest[2]], 0, size[2] - 1)
        used.append([n for n in range(size[2]) if start - 1 + 1e-6 < n < stop + 1 - 1e-6])
    return used
