"""Whether a node still holds the values of the DICOM files that it was loaded from."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.dicom import SeriesSource, rescaled_slice
from LCDFusionLib.dicom.elements import number

_SLICES = 3
_MOST_OFF = 1e-3
"""Of a value: readers round to float32 or to whole numbers; what a person multiplies by is farther from 1."""


def holds_values_of(array: NDArray, source: SeriesSource) -> bool:
    """Whether values (K, J, I) are those of the series' files, by the brighter voxels of three slices.

    Half of them must agree, so that a node that was painted in counts, and one that was multiplied, or smoothed, does not. Slices may lie
    the other way round, as Slicer's reader turns left-handed stacks (DICOMScalarVolumePlugin.setVolumeNodeProperties). Where no decoder
    is installed for the files, values must be whole steps of Rescale Slope (0028,1053).
    """
    if array.shape != source.shape:
        return False
    samples = [_sample(source, k) for k in sorted({count * len(array) // (_SLICES + 1) for count in range(1, _SLICES + 1)})]
    return any(all(_agree(ordered[k], where, values, step) for k, where, values, step in samples) for ordered in (array, array[::-1]))


def _agree(slice_: NDArray, where: NDArray[np.bool_] | None, values: NDArray | None, step: tuple[float, float]) -> bool:
    if where is None or values is None:
        slope, intercept = step
        steps = (_bright(slice_)[1] - intercept) / slope
        agreeing = np.abs(steps - np.rint(steps)) < 0.02
    else:
        rounded = 0.5 if slice_.dtype.kind in "iu" else 0.0
        agreeing = np.abs(slice_[where] - values) <= _MOST_OFF * np.abs(values) + rounded
    return agreeing.size == 0 or bool(np.mean(agreeing) > 0.5)


def _bright(slice_: NDArray) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Where, and the values there: nothing times any factor is nothing, and says nothing."""
    where = (slice_ > slice_.max() / 4) & (slice_ > 0)
    return where, slice_[where].astype(np.float64)


@lru_cache(maxsize=24)
def _sample(source: SeriesSource, k: int) -> tuple[int, NDArray[np.bool_] | None, NDArray | None, tuple[float, float]]:
    """Slice number, where its brighter voxels are, their values (None without a decoder), and Rescale Slope and Intercept."""
    header = source.headers[k]
    step = number(header, "RescaleSlope") or 1.0, number(header, "RescaleIntercept") or 0.0
    values = rescaled_slice(source, k)
    if values is None:
        return k, None, None, step
    return k, *_bright(values), step
