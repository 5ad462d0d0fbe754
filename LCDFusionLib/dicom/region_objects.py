"""Regions of a PET as DICOM: a Segmentation with a segment for each, and their measurements as TID 1500; and the Segmentation read again.

Written by highdicom, which needs pydicom 3 (Slicer 5.10 brings 2.4); read with pydicom alone.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedPETImageStorage, PositronEmissionTomographyImageStorage, SegmentationStorage

from LCDFusionLib.errors import InputError

from . import elements
from .instance import MANUFACTURER, write_instances
from .patient_and_study import patient_and_study
from .reader import SeriesSource
from .reported_region import KINDS, ReportedRegion

_SAME_MM = 0.01


def write_regions(regions: Sequence[ReportedRegion], function: SeriesSource, folder: str | os.PathLike[str]) -> Path:
    """Write a Segmentation (PS3.3 A.51) and a Comprehensive 3D SR by TID 1500 that refers to its segments.

    Args:
        regions: at least one, with uptake.
        function: the series that their voxels are of.
        folder: made, holds both objects.

    Raises:
        InputError: this Python cannot write them, the series is no PET, or the folder cannot be written.
    """
    documents = _documents()
    images = _images(function)
    segmentation = documents.segmentation(regions, function, images)
    return write_instances([segmentation, documents.report(regions, segmentation, images)], folder)


def latest_regions(files: Sequence[Path], series_uid: str) -> Path | None:
    """The last Segmentation among files that LCDFusion wrote of a series; None where there is none."""
    written = [(moment, path) for path in files if (moment := _written_of(path, series_uid))]
    return max(written)[1] if written else None


def _written_of(path: Path, series_uid: str) -> str:
    """Content Date and Time of a Segmentation of ours; "" of any other file."""
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        of_series = [elements.uid(each, "SeriesInstanceUID") for each in elements.items(header, "ReferencedSeriesSequence")]
        is_ours = elements.uid(header, "SOPClassUID") == SegmentationStorage and elements.text(header, "Manufacturer") == MANUFACTURER
        return f"{header.ContentDate}{header.ContentTime}" if is_ours and series_uid in of_series else ""
    except Exception:  # somebody else's, or damaged: then there are no regions in it that we could show
        return ""


def read_regions(path: Path, function: SeriesSource) -> tuple[ReportedRegion, ...]:
    """The segments of a Segmentation on the grid of the series that it was drawn on.

    Raises:
        InputError: the file is damaged, or lies on another grid.
    """
    try:
        dataset = pydicom.dcmread(path)
        frames = np.atleast_3d(dataset.pixel_array) if int(dataset.NumberOfFrames) > 1 else dataset.pixel_array[np.newaxis]
        masks: dict[int, NDArray[np.bool_]] = {}
        to_index = np.linalg.inv(function.ijk_to_lps)
        for frame, group in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
            position = elements.numbers(group.PlanePositionSequence[0], "ImagePositionPatient", 3)
            i, j, k = (to_index @ [*(position or ()), 1])[:3]
            if max(abs(i), abs(j), abs(k - round(k))) > _SAME_MM or not 0 <= round(k) < function.shape[0]:
                raise InputError(f"The regions in '{path.name}' lie on another grid than '{function.series.name}': measure them again.")
            of_one = group if "SegmentIdentificationSequence" in group else dataset.SharedFunctionalGroupsSequence[0]  # of one segment
            number = int(of_one.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
            masks.setdefault(number, np.zeros(function.shape, dtype=bool))[round(k)] = frame != 0
        return tuple(
            _read_segment(segment, masks[int(segment.SegmentNumber)])
            for segment in dataset.SegmentSequence
            if int(segment.SegmentNumber) in masks
        )
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"The DICOM file '{path.name}' with regions is damaged ({type(error).__name__}): export it again.") from error


def _read_segment(segment: Dataset, voxels: NDArray[np.bool_]) -> ReportedRegion:
    value = elements.text(elements.item(segment, "SegmentedPropertyTypeCodeSequence"), "CodeValue")
    kind = next((kind for kind, (_, (code, *_)) in KINDS.items() if code == value), "lesion")
    how = elements.text(segment, "SegmentDescription") or "Drawn"
    return ReportedRegion(elements.text(segment, "SegmentLabel") or "Region", kind, how, voxels)


def _documents() -> ModuleType:
    if int(pydicom.__version__.split(".")[0]) < 3:
        raise InputError(
            f"Regions as DICOM need pydicom 3, and this Python has {pydicom.__version__}: save the scene, or export the table as CSV."
        )
    try:
        from . import region_documents  # not before: its codes take 15 MB and a tenth of a second
    except ImportError as error:
        raise InputError("Regions as DICOM need the package highdicom, which is not installed: pip install highdicom.") from error
    return region_documents


def _images(function: SeriesSource) -> list[Dataset]:
    """The series' instances, without pixels, with all of patient and study that every object needs."""
    sop_class = function.headers[0].get("SOPClassUID")
    if sop_class not in (PositronEmissionTomographyImageStorage, EnhancedPETImageStorage):
        raise InputError(f"Regions of '{function.series.name}' cannot be written as DICOM, because it is no PET image: export CSV.")
    if function.frames[0] is None:
        images = [copy.deepcopy(header) for header in function.headers]
    else:
        images = [pydicom.dcmread(file, stop_before_pixels=True) for file in dict.fromkeys(function.files)]
    common = patient_and_study(images[0])
    for image in images:
        image.update({element.tag: element for element in common})
    return images
