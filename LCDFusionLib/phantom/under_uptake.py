"""Small scenes of known anatomy under known uptake: what a fused image must still show where PET is at the top of its range."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

SIZE = 96
"""Pixels of 1 mm a side."""

POINT_SPREAD = 3.0
"""Standard deviation of PET's point spread, in mm."""

AIR, LUNG, SOFT_TISSUE = -1000.0, -850.0, 40.0
"""HU."""

BACKGROUND, HOT = 1.2, 20.0
"""SUV of blood and muscle, and of a tumour that is far above the usual range's upper end of 10."""

LADDER = tuple(range(3, 13))
"""SUV of the ladder's fields."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scene:
    """One slice.

    Attributes:
        name: in words.
        density: (H, W) HU.
        uptake: (H, W) SUV.
        regions: (H, W) masks by name; see who makes the scene.
    """

    name: str
    density: NDArray[np.float32]
    uptake: NDArray[np.float32]
    regions: dict[str, Mask]


def bronchus_in_mass() -> Scene:
    """A patent bronchus of 10 mm through a hot mass of 56 mm in the lung. Regions: `dark` (its air), `bright` (the mass), `around`."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    radius, bronchus = np.hypot(rows, columns), np.hypot(rows + 4, columns)
    density = np.where(bronchus < 5, AIR, np.where(radius < 28, SOFT_TISSUE, LUNG))
    density = _blurred(density, 0.7) + _noise(12)
    uptake = _blurred(np.where(radius < 27, HOT, 0.5), POINT_SPREAD)
    regions = {"dark": bronchus < 3.5, "bright": (radius < 20) & (bronchus > 8), "around": (radius > 38) & (radius < 46)}
    return _scene("bronchus in a hot mass", density, uptake, regions)


def textured_tumour() -> Scene:
    """A hot tumour of 60 mm in muscle with texture of 3 mm and 35 HU. Regions: `texture` (its inside), `around`."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    radius = np.hypot(rows, columns)
    texture = _blurred(np.random.default_rng(1).normal(0, 1, (SIZE, SIZE)), 1.5)
    density = SOFT_TISSUE + np.where(radius < 30, 35 * texture / texture.std(), 0) + _noise(6)
    uptake = _blurred(np.where(radius < 29, HOT, BACKGROUND), POINT_SPREAD)
    return _scene("hot tumour with texture", density, uptake, {"texture": radius < 22, "around": (radius > 38) & (radius < 46)})


def ladder(name: str, density: float) -> Scene:
    """Fields of SUV 3 to 12 on one density. Regions: `3` to `12`, and `around` (SUV 1.2, or none on air)."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    uptake = np.full((SIZE, SIZE), BACKGROUND if density > -500 else 0.0)
    regions, around = {}, np.ones((SIZE, SIZE), dtype=bool)
    for n, suv in enumerate(LADDER):
        distance = np.maximum(abs(rows - (12 + 24 * (n // 4))), abs(columns - (12 + 24 * (n % 4))))
        uptake[distance < 8] = suv
        regions[str(suv)] = distance < 4
        around &= distance > 11
    return _scene(f"SUV 3 to 12 on {name}", density + _noise(6), _blurred(uptake, 1.0), {**regions, "around": around})


def _blurred(image: NDArray, deviation: float) -> NDArray[np.float64]:
    return sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(image.astype(np.float64)), deviation))


def _noise(deviation: float) -> NDArray[np.float64]:
    return np.random.default_rng(0).normal(0, deviation, (SIZE, SIZE))


def _scene(name: str, density: NDArray, uptake: NDArray, regions: dict[str, Mask]) -> Scene:
    return Scene(name, density.astype(np.float32), uptake.astype(np.float32), regions)
