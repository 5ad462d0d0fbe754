"""Uptake in a region: SUVmax, SUVmean, SUVpeak and volume, on the function's own voxels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.itk import sitk
from LCDFusionLib.images.volume import Unit, Volume

PEAK_RADIUS_MM = float(np.cbrt(1000 * 3 / (4 * np.pi)))
"""Of the 1 ml sphere whose highest mean is SUVpeak (PERCIST, Wahl et al. 2009): 6.2 mm."""

ISOCONTOUR = 0.41
"""Part of the maximum above which a voxel belongs to a lesion (EANM FDG guideline 2.0, Boellaard et al. 2015)."""

_SUBSAMPLES = 5  # a side, when it is reckoned how much of a voxel lies in the peak's sphere


@dataclass(frozen=True)
class RegionUptake:
    """What a region of a function volume holds.

    Attributes:
        maximum: highest voxel.
        mean: over the voxels.
        sd: sample standard deviation over the voxels; NaN of one voxel.
        peak: highest mean over a 1 ml sphere whose centre is a voxel of the region; NaN where the volume is smaller than that sphere.
        volume_ml: of the voxels.
        maximum_at: centre of the hottest voxel, LPS mm.
        unit: of the three values.
    """

    maximum: float
    mean: float
    sd: float
    peak: float
    volume_ml: float
    maximum_at: tuple[float, float, float]
    unit: Unit

    @property
    def glycolysis(self) -> float:
        """Total lesion glycolysis: mean times volume (Larson et al. 1999), in the unit of the values times ml."""
        return self.mean * self.volume_ml


def sphere(volume: Volume, centre: tuple[float, float, float], radius_mm: float) -> NDArray[np.bool_]:
    """The voxels whose centre lies in a sphere: (K, J, I).

    Args:
        volume: function volume.
        centre: LPS mm.
        radius_mm: of the sphere.

    Raises:
        InputError: no voxel lies in it.
    """
    place = np.linalg.inv(volume.ijk_to_lps) @ [*centre, 1]
    mask = np.zeros(volume.shape, dtype=bool)
    box = _box(volume, place[:3], radius_mm)
    k, j, i = (np.arange(part.start, part.stop) for part in box)
    offsets = np.stack(np.meshgrid(k, j, i, indexing="ij")[::-1], axis=-1) - place[:3]
    mask[box] = np.linalg.norm(offsets @ volume.ijk_to_lps[:3, :3].T, axis=-1) <= radius_mm
    if not mask.any():
        raise InputError(f"No voxel of '{volume.name}' lies in the sphere; choose a place inside the volume, or a larger radius.")
    return mask


def cylinder(volume: Volume, centre: tuple[float, float, float], radius_mm: float, length_mm: float) -> NDArray[np.bool_]:
    """The voxels whose centre lies in a cylinder along the patient's axis from foot to head: (K, J, I).

    The arguments and errors are those of `sphere`; `length_mm` is from one end to the other.
    """
    reach = float(np.hypot(radius_mm, length_mm / 2))
    mask = sphere(volume, centre, reach)
    inside = np.argwhere(mask)
    away = np.abs(inside[:, ::-1] @ volume.ijk_to_lps[:3, :3].T + volume.ijk_to_lps[:3, 3] - centre)
    mask[tuple(inside.T)] = (np.hypot(away[:, 0], away[:, 1]) <= radius_mm) & (away[:, 2] <= length_mm / 2)
    if not mask.any():
        raise InputError(f"No voxel of '{volume.name}' lies in the cylinder; choose a place inside the volume, or a larger radius.")
    return mask


def isocontour(
    volume: Volume, centre: tuple[float, float, float], *, fraction: float = ISOCONTOUR, search_mm: float = 15.0
) -> NDArray[np.bool_]:
    """The connected voxels of the lesion near a place that reach a part of that lesion's own maximum: (K, J, I).

    It grows from the hottest voxel near the place. Where the lesion is hotter farther away, it grows again from there, so that the part
    is always one of the maximum that the region itself has.

    Args:
        volume: function volume.
        centre: LPS mm.
        fraction: of the hottest voxel, 0 < fraction < 1.
        search_mm: how far from `centre` the hottest voxel may lie.

    Raises:
        InputError: the place lies outside the volume, there is no uptake near it, or none that stands out from hotter uptake elsewhere.
    """
    if not 0 < fraction < 1:
        raise InputError(f"The isocontour must lie between 0 and 100 % of the maximum, not at {fraction:.0%}.")
    near, seed = _hottest_near(volume, centre, search_mm)
    while True:  # each round begins at a hotter voxel
        region = _connected(volume, fraction * float(volume.array[seed]), seed)
        hottest = np.unravel_index(int(np.where(region, volume.array, -np.inf).argmax()), volume.shape)
        if volume.array[hottest] > volume.array[seed]:
            seed = tuple(map(int, hottest))
            continue
        if not (region & near).any():
            raise InputError(
                f"Nothing near the chosen place stands out at {fraction:.0%} of its maximum: that reaches into hotter uptake elsewhere. "
                "Choose a place on the lesion, or a higher part of the maximum."
            )
        return region


def above(volume: Volume, centre: tuple[float, float, float], level: float, *, search_mm: float = 15.0) -> NDArray[np.bool_]:
    """The connected voxels round the hottest voxel near a place that reach a level: (K, J, I).

    Args:
        volume: function volume.
        centre: LPS mm.
        level: in the volume's unit, such as SUV 4.
        search_mm: how far from `centre` the hottest voxel may lie.

    Raises:
        InputError: the place lies outside the volume, or nothing near it reaches the level.
    """
    _, seed = _hottest_near(volume, centre, search_mm)
    if float(volume.array[seed]) < level:
        raise InputError(
            f"Nothing in '{volume.name}' within {search_mm:g} mm of the chosen place reaches {level:g} (there it is at most "
            f"{float(volume.array[seed]):.3g}); choose another place or a lower threshold."
        )
    return _connected(volume, level, seed)


def _hottest_near(volume: Volume, centre: tuple[float, float, float], search_mm: float) -> tuple[NDArray[np.bool_], tuple[int, ...]]:
    """The voxels near a place, and the hottest of them (k, j, i)."""
    near = sphere(volume, centre, search_mm)
    seed = np.unravel_index(int(np.where(near, volume.array, -np.inf).argmax()), volume.shape)
    if float(volume.array[seed]) <= 0:
        raise InputError(f"There is no uptake in '{volume.name}' within {search_mm:g} mm of the chosen place; choose another one.")
    return near, tuple(map(int, seed))


def _connected(volume: Volume, level: float, seed: Sequence[int]) -> NDArray[np.bool_]:
    """The voxels that reach a level and hang together with one of them by their faces."""
    reached = sitk.GetImageFromArray((volume.array >= level).astype(np.uint8))
    # SimpleITK seeds are (i, j, k).
    return sitk.GetArrayFromImage(sitk.ConnectedThreshold(reached, [tuple(map(int, seed[::-1]))], 1, 1)).astype(bool)


def measure(volume: Volume, region: NDArray[np.bool_]) -> RegionUptake:
    """Measures a region of a scalar function volume; nothing is interpolated.

    Args:
        volume: function volume, (K, J, I).
        region: (K, J, I), at least one voxel.
    """
    inside = volume.array[region].astype(np.float64)
    k, j, i = np.unravel_index(int(np.where(region, volume.array, -np.inf).argmax()), volume.shape)
    x, y, z = (volume.ijk_to_lps @ [i, j, k, 1])[:3].tolist()
    return RegionUptake(
        maximum=float(inside.max()),
        mean=float(inside.mean()),
        sd=float(inside.std(ddof=1)) if inside.size > 1 else float("nan"),
        peak=_peak(volume, region),
        volume_ml=float(region.sum() * abs(np.linalg.det(volume.ijk_to_lps[:3, :3])) / 1000),
        maximum_at=(x, y, z),
        unit=volume.unit,
    )


def _peak(volume: Volume, region: NDArray[np.bool_]) -> float:
    weights = _sphere_weights(volume)
    reach = np.array(weights.shape) // 2
    where = np.argwhere(region)
    first, last = where.min(axis=0), where.max(axis=0)
    # The region with room for the sphere round it; outside the volume nothing was measured, so a sphere that reaches there does not count.
    box = [np.arange(start - r, stop + r + 1) for start, stop, r in zip(first, last, reach, strict=True)]
    there = np.ix_(*[(axis >= 0) & (axis < size) for axis, size in zip(box, volume.shape, strict=True)])
    values, known = np.zeros([len(axis) for axis in box]), np.zeros([len(axis) for axis in box])
    part = tuple(slice(max(axis[0], 0), min(axis[-1], size - 1) + 1) for axis, size in zip(box, volume.shape, strict=True))
    values[there], known[there] = volume.array[part], 1
    size = last - first + 1
    total, covered = np.zeros(size), np.zeros(size)
    for offset in np.argwhere(weights > 0):
        shifted = tuple(slice(o, o + n) for o, n in zip(offset, size, strict=True))
        total += weights[tuple(offset)] * values[shifted]
        covered += weights[tuple(offset)] * known[shifted]
    whole = region[tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))] & (covered > 1 - 1e-9)
    return float(total[whole].max()) if whole.any() else float("nan")


def _sphere_weights(volume: Volume) -> NDArray[np.float64]:
    """How much of each voxel round a centre lies in the 1 ml sphere, as parts that sum up to 1: odd sizes, (k, j, i)."""
    matrix = volume.ijk_to_lps[:3, :3]
    reach = [int(np.ceil(PEAK_RADIUS_MM * np.linalg.norm(row) - 0.5)) for row in np.linalg.inv(matrix)][::-1]
    fine = [np.linspace(-r - 0.5, r + 0.5, (2 * r + 1) * _SUBSAMPLES, endpoint=False) + 0.5 / _SUBSAMPLES for r in reach]
    points = np.stack(np.meshgrid(*fine, indexing="ij")[::-1], axis=-1) @ matrix.T
    inside = (np.linalg.norm(points, axis=-1) <= PEAK_RADIUS_MM).astype(np.float64)
    shape = [n for r in reach for n in (2 * r + 1, _SUBSAMPLES)]
    weights = inside.reshape(shape).sum(axis=(1, 3, 5))
    return weights / weights.sum()


def _box(volume: Volume, place: NDArray[np.float64], radius_mm: float) -> tuple[slice, slice, slice]:
    """The voxels that may lie within a radius of a place (i, j, k), as slices of (K, J, I)."""
    reach = radius_mm * np.linalg.norm(np.linalg.inv(volume.ijk_to_lps[:3, :3]), axis=1)
    low = np.maximum(np.floor(place - reach), 0).astype(int)
    high = np.minimum(np.ceil(place + reach) + 1, volume.shape[::-1]).astype(int)
    i, j, k = (slice(int(a), max(int(a), int(b))) for a, b in zip(low, high, strict=True))
    return k, j, i
