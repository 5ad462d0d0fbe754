"""Smoothing that several methods share. Images are (H, W); borders are mirrored."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
"""Burt and Adelson's kernel, which is also that of the cubic B-spline."""


def smooth(image: NDArray, weights: tuple[float, ...] | NDArray, *, step: int = 1) -> NDArray:
    """Convolve rows and columns with `weights` (odd in number), `step` pixels apart."""
    reach = len(weights) // 2 * step
    for axis in (0, 1):
        size = image.shape[axis]
        # A reach beyond the image mirrors more than once, which numpy does too.
        padded = np.pad(image, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], mode="symmetric")
        image = sum(w * np.take(padded, range(i * step, i * step + size), axis) for i, w in enumerate(weights))  # type: ignore[assignment]
    return image


def box_mean(image: NDArray, radius: int) -> NDArray:
    """Mean over the window of 2 radius + 1 pixels, as far as it lies in the image."""
    return sitk.GetArrayFromImage(sitk.BoxMean(sitk.GetImageFromArray(image.astype(np.float64)), [radius, radius]))


def gaussian(size: int, sigma: float) -> NDArray:
    """Weights of `size` pixels with sum 1."""
    weights = np.exp(-0.5 * ((np.arange(size) - size // 2) / sigma) ** 2)
    return weights / weights.sum()
