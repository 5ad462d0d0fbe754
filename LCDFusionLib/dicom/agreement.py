"""In what the images of one series have to agree, and what their numbers may be, before they are taken for one volume."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydicom.dataset import Dataset

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality

from . import elements
from .identity import normalised, side

# What a series has once; a sentence calls it by its attribute and never by its value, which may be a name.
_ONE_OF_EACH = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "FrameOfReferenceUID", "Modality"),
    *("SOPClassUID", "PixelRepresentation", "PhotometricInterpretation"),
)
_MOST_HU_A_STEP, _MOST_HU_INTERCEPT = 100.0, 1e5
# The slope of a PET or MR slice follows its hottest voxel, so slices differ; a bladder beside a leg is a hundred, not a thousand times.
_MOST_TIMES = 1000.0


def check_one_of_each(headers: Sequence[Dataset], name: str) -> None:
    """Raises `InputError` where images are of several patients, scans or sides."""
    for keyword in _ONE_OF_EACH:
        if len({normalised(elements.text(header, keyword)) for header in headers}) > 1:
            raise InputError(
                f"The series '{name}' mixes images that differ in {elements.attribute(keyword)}: give images of one patient and one scan."
            )
    if {side(header) for header in headers} >= {"L", "R"}:
        raise InputError(f"The series '{name}' mixes images of the left and the right side, Laterality (0020,0060): give images of one.")


def check_rescale(headers: Sequence[Dataset], modality: Modality, name: str) -> None:
    """Raises `InputError` where Rescale Slope and Intercept cannot be, or where a slice has others than the series allows.

    A CT has one for all its slices. Those of a PET may have each its slope, and none an intercept of its own.
    """
    slopes, intercepts = (
        np.array([np.nan if (value := elements.number(header, keyword)) is None else value for header in headers])
        for keyword in ("RescaleSlope", "RescaleIntercept")
    )
    slopes, intercepts = slopes[np.isfinite(slopes)], intercepts[np.isfinite(intercepts)]
    if not slopes.size or not intercepts.size:
        return
    sizes = np.abs(slopes)
    if sizes.min() == 0:
        raise InputError(f"The series '{name}' has slices with a Rescale Slope (0028,1053) of 0, which hold nothing: export it again.")
    if modality in (Modality.CT, Modality.PET) and slopes.max() < 0:
        raise InputError(
            f"The series '{name}' has a Rescale Slope (0028,1053) of {slopes[0]:g}, which turns much into little: export it again."
        )
    if modality is Modality.CT and (sizes.max() > _MOST_HU_A_STEP or np.abs(intercepts).max() > _MOST_HU_INTERCEPT):
        raise InputError(
            f"The CT series '{name}' has a Rescale Slope (0028,1053) of {slopes[sizes.argmax()]:g} and a Rescale Intercept (0028,1052) of "
            f"{intercepts[np.abs(intercepts).argmax()]:g}, which give no Hounsfield units: export it again."
        )
    is_even = (
        sizes.max() <= np.median(sizes) * _MOST_TIMES and sizes.min() >= np.median(sizes) / _MOST_TIMES and len(set(np.sign(slopes))) == 1
    )
    if modality is Modality.CT:
        is_even = len(set(slopes)) == 1
    if not is_even:
        raise _uneven(name, "RescaleSlope", slopes)
    if len(set(intercepts)) > 1:
        raise _uneven(name, "RescaleIntercept", intercepts)


def _uneven(name: str, keyword: str, values: np.ndarray) -> InputError:
    usual = float(np.median(values))
    other = values[np.abs(values - usual).argmax()]
    return InputError(
        f"The series '{name}' has slices of another scale: {elements.attribute(keyword)} is {other:g} in one and {usual:g} in others, so "
        "their values cannot be compared; export it again."
    )
