"""What a CT holds where a region was drawn on a PET."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .volume import Unit, Volume

_FACE = 1e-6  # of a voxel


def mean_hu(anatomy: Volume, function: Volume, region: NDArray[np.bool_]) -> float:
    """Mean HU of the CT's voxels whose centre lies within the voxels of a region.

    The region is carried onto the CT's grid by the nearest voxel, and no HU is interpolated: CT linearly resampled onto the coarser PET
    would be one sample for some fifty voxels, and would mix lung into the edge.

    Args:
        anatomy: CT.
        function: whose voxels the region is made of, in the same space.
        region: (K, J, I) of the function.

    Returns:
        HU; NaN where the anatomy is no CT, where it does not cover the whole region, or where no centre of its voxels lies in the region.
    """
    if anatomy.unit is not Unit.HU or anatomy.is_color:
        return float("nan")
    inside = np.argwhere(region)[:, ::-1]
    to_anatomy = np.linalg.inv(anatomy.ijk_to_lps) @ function.ijk_to_lps
    centres = inside @ to_anatomy[:3, :3].T + to_anatomy[:3, 3]
    size = np.array(anatomy.shape[::-1])
    if (centres < -0.5 - _FACE).any() or (centres > size - 0.5 + _FACE).any():
        return float("nan")
    half = np.abs(to_anatomy[:3, :3]).sum(axis=1) / 2  # of one voxel of the function, along the anatomy's axes
    low = np.maximum(np.floor(centres.min(axis=0) - half), 0).astype(int)
    high = np.minimum(np.ceil(centres.max(axis=0) + half) + 1, size).astype(int)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    grid = np.stack(np.meshgrid(*(np.arange(part.start, part.stop) for part in (k, j, i)), indexing="ij")[::-1], axis=-1)
    back = np.linalg.inv(to_anatomy)
    nearest = np.floor(grid @ back[:3, :3].T + back[:3, 3] + 0.5).astype(int)
    there = ((nearest >= 0) & (nearest < np.array(function.shape[::-1]))).all(axis=-1)
    chosen = np.zeros(there.shape, dtype=bool)
    chosen[there] = region[tuple(nearest[there][:, ::-1].T)]
    if not chosen.any() or (anatomy.padding is not None and anatomy.padding[k, j, i][chosen].any()):
        return float("nan")
    return float(anatomy.array[k, j, i][chosen].mean(dtype=np.float64))
