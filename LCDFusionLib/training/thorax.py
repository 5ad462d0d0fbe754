"""A chest CT without PET, with uptake made for it: lung, mediastinum and ribs are rare in the other data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LCDFusionLib.images.files import read_volume

from .samples import VolumePair
from .sarcoma import CT_WINDOWS, SUV_UPPERS

POINT_SPREAD_MM = 3.0
"""Standard deviation of a PET scanner's point spread (about 7 mm full width at half maximum)."""

NOISE = 0.25
"""Standard deviation of the noise, as a part of the local uptake."""


def thorax_pair(folder: Path) -> VolumePair:
    """The CT of the `thorax-ct` folder, with simulated FDG uptake (SUVbw) from its densities.

    SUV of a normal body: lung 0.5, fat 0.3, soft tissue and blood 1.5, marrow 1.0; blurred as a scanner does, with noise as coarse as its
    point spread. Lesions are added by the sampler.

    Raises:
        FileNotFoundError: there is no NRRD file in the folder.
    """
    files = sorted(folder.glob("*.nrrd"))
    if not files:
        raise FileNotFoundError(f"no .nrrd in '{folder}': is it the thorax-ct folder?")
    volume = read_volume(files[0])
    density = volume.array
    uptake = np.select([density < -950, density < -300, density < -20, density < 150], [0.0, 0.5, 0.3, 1.5], 1.0)
    noise = np.random.default_rng(42).normal(0, 1, uptake.shape)
    smooth, coarse = (_as_a_scanner_sees(x, volume.spacing) for x in (uptake, noise))
    function = np.clip(smooth * (1 + NOISE * coarse / coarse.std()), 0, None)
    return VolumePair(density.astype(np.float32), function.astype(np.float32), "thorax-ct", CT_WINDOWS, SUV_UPPERS)


def _as_a_scanner_sees(array: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    image = sitk.GetImageFromArray(array.astype(np.float32))
    image.SetSpacing(spacing.tolist())
    return sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(image, POINT_SPREAD_MM))
