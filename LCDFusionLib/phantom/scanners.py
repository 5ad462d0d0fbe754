"""What scanners make of a patient: point spread, sampling and noise of CT, MR and PET."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.images.resample import resample_onto
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix

FWHM_TO_SIGMA = 1.0 / 2.3548

PET_DETECTOR_FWHM = 3.5  # mm: positron range, crystals
PET_FILTER_FWHM = 5.0  # mm: the filter after reconstruction; both together 6.1 mm


def acquire_ct(hounsfield: NDArray, *, rng: np.random.Generator) -> NDArray[np.int16]:
    """CT numbers with the sharpness and the grainy noise of a soft kernel, (K, J, I), whole HU, at least -1024."""
    grain = rng.standard_normal(hounsfield.shape, dtype=np.float32)
    grain = _blur(grain, 0, 0.75, 0.75) - _blur(grain, 0, 2, 2)  # filtered back projection keeps few low frequencies
    grain /= grain.std()
    thickness = _blur(hounsfield + 1000.0, 0, 24, 24) / 1000.0  # more tissue round a voxel, fewer photons
    image = _blur(hounsfield, 0, 0.55, 0.55) + grain * (3.0 + 10.0 * np.clip(thickness, 0.0, 1.2))
    return np.maximum(np.rint(image), -1024.0).astype(np.int16)


def acquire_mr(signal: NDArray, *, bias: NDArray, sigma: float, rng: np.random.Generator) -> NDArray[np.int16]:
    """Magnitude MR signal with a coil's bias field and Rician noise, (K, J, I), whole numbers."""
    blurred = _blur(signal, 0, 0.5, 0.5) * bias
    real = blurred + sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    imaginary = sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    return np.rint(np.hypot(real, imaginary)).astype(np.int16)


def pet_grid(spacing: Sequence[float], shape: Sequence[int], centre: NDArray, *, name: str, frame_of_reference: str) -> Volume:
    """An empty PET volume along the scanner's axes: spacing (i, j, k) in mm, shape (K, J, I), middle in LPS mm."""
    corner = centre - (np.asarray(shape[::-1]) - 1) / 2 * spacing
    matrix = geometry_matrix(np.asarray(spacing), np.eye(3), corner)
    return Volume(np.zeros(shape, dtype=np.float32), matrix, Modality.PET, Unit.SUVBW, name, frame_of_reference)


def acquire_pet(activity: Volume, grid: Volume, *, counts_per_suv: float, rng: np.random.Generator) -> tuple[Volume, Volume]:
    """PET of a fine activity map.

    Detector blur, then the noise of counting in each voxel, then the filter after reconstruction, so that the noise has the filter's
    grain and grows with the uptake.

    Args:
        activity: true SUVbw on a fine isotropic grid.
        grid: whose voxels to measure; its array is not read.
        counts_per_suv: events that a voxel of SUV 1 collects.
        rng: gives the counts.

    Returns:
        The measured volume and the noise-free one, both on `grid`.
    """
    detected = activity.with_array(_blur(activity.array, *(PET_DETECTOR_FWHM * FWHM_TO_SIGMA / activity.spacing[::-1])))
    expected = np.maximum(resample_onto(detected, grid).volume.array, 0.0)
    root = np.sqrt(np.maximum(expected * counts_per_suv - 0.25, 0.0))  # the root of a Poisson count has variance 1/4 (Anscombe), and
    counted = (root + 0.5 * rng.standard_normal(root.shape)) ** 2 / counts_per_suv  # normal numbers are the same on every machine
    sigmas = PET_FILTER_FWHM * FWHM_TO_SIGMA / grid.spacing[::-1]
    return grid.with_array(_blur(counted, *sigmas)), grid.with_array(_blur(expected, *sigmas))


def _blur(array: NDArray, *sigmas: float) -> NDArray[np.float32]:
    """Gaussian along each axis, sigmas in voxels; the border keeps its level."""
    blurred: NDArray = array.astype(np.float32, copy=False)
    for sigma in reversed(sigmas):  # each step contracts the last axis and puts it in front
        position = np.arange(blurred.shape[-1])
        weights = np.exp(-0.5 * ((position[:, None] - position) / max(sigma, 1e-3)) ** 2)
        weights /= weights.sum(axis=1, keepdims=True)
        blurred = np.tensordot(weights.astype(np.float32), blurred, axes=(1, 2))
    return blurred
