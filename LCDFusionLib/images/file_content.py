"""What a reader of one file format hands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .damage import DamagedError
from .volume import Place

SPACING_RANGE = 1e-2, 1e2
"""Millimetres between voxels: microscopes lie below, a wrong unit or damage above."""

_MOST_VOXELS = 1 << 32
_FARTHEST_MM = 1e5


@dataclass(frozen=True, eq=False)
class FileContent:
    """One image file.

    Attributes:
        array: (K, J, I), or (K, J, I, C) with C values a voxel.
        ijk_to_lps: 4x4, mm.
        place: what the matrix is worth.
        texts: key and value pairs of the file.
        notes: what the reader of the picture should know, in sentences that begin with "its".
    """

    array: NDArray
    ijk_to_lps: NDArray[np.float64]
    place: Place = Place.PATIENT
    texts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def check_sizes(sizes: tuple[int, ...]) -> int:
    """The number of voxels; `DamagedError` where a size is below one, or there are more than any volume has."""
    if not sizes or min(sizes) < 1:
        raise DamagedError(f"its header promises {' x '.join(map(str, sizes)) or 'no'} voxels")
    count = 1
    for size in sizes:
        count *= size
    if count > _MOST_VOXELS:
        raise DamagedError(f"its header promises {' x '.join(map(str, sizes))} voxels, more than any volume has")
    return count


def check_geometry(matrix: NDArray[np.float64], what: str) -> NDArray[np.float64]:
    """The matrix, when every number of it is one that a scanner can give; `what` names it in the `DamagedError` otherwise."""
    if not np.isfinite(matrix).all():
        raise DamagedError(f"{what} holds what is no number (NaN or infinite)")
    spacing = np.linalg.norm(matrix[:3, :3], axis=0)
    lowest, highest = SPACING_RANGE
    if (spacing < lowest).any() or (spacing > highest).any():
        apart = " x ".join(f"{x:.3g}" for x in spacing)
        raise DamagedError(f"{what} puts its voxels {apart} mm apart, which no scanner does")
    if np.abs(matrix[:3, 3]).max() > _FARTHEST_MM:
        raise DamagedError(f"{what} puts it {np.abs(matrix[:3, 3]).max() / 1000:.3g} m away")
    if abs(np.linalg.det(matrix[:3, :3] / spacing)) < 0.1:
        raise DamagedError(f"{what} lays its axes on each other")
    return matrix


def corner_distance(first: NDArray[np.float64], second: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[float, float]:
    """How far two 4x4 matrices put the corners of a grid (K, J, I) apart at most: in mm, and in voxels of the first."""
    k, j, i = shape[:3]
    corners = np.array([[x, y, z, 1.0] for x in (0, i - 1) for y in (0, j - 1) for z in (0, k - 1)]).T
    apart = ((second - first) @ corners)[:3]
    voxels = np.linalg.inv(first[:3, :3]) @ apart
    return float(np.linalg.norm(apart, axis=0).max()), float(np.abs(voxels).max())


def centred(
    spacing: NDArray[np.float64] | list[float], shape: tuple[int, ...], signs: tuple[int, int, int] = (1, 1, 1)
) -> NDArray[np.float64]:
    """4x4 of a grid (K, J, I) with its middle at the origin: where nothing is said, centre on centre errs less than corner on corner."""
    matrix = np.diag([*(np.asarray(spacing, dtype=np.float64) * signs), 1.0])
    matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(shape[2::-1], dtype=np.float64) - 1) / 2)
    return matrix
