"""When two grids are one."""

from dataclasses import replace

import numpy as np
import pytest

from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix

SIZE, TOLERANCE = 5, 1e-3


@pytest.fixture
def volume():
    grid = geometry_matrix(np.array([1.0, 2.0, 3.0]), np.eye(3), np.array([-5.0, 10.0, 20.0]))
    return Volume(np.zeros((SIZE,) * 3, np.float32), grid, Modality.CT, Unit.HU, "CT")


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("at_the_far_end", [False, True])
@pytest.mark.parametrize(("part", "is_same"), [(0.99, True), (1.01, False)])
def test_the_corner_that_is_farthest_off_counts(volume, axis, at_the_far_end, part, is_same):
    """Voxels a little farther apart along one axis, so that the grids part at one end and meet at the other."""
    off = part * TOLERANCE
    other = volume.ijk_to_lps.copy()
    other[axis, axis] += off / (SIZE - 1)
    if not at_the_far_end:
        other[axis, 3] -= off
    assert volume.same_grid(replace(volume, ijk_to_lps=other)) is is_same
    assert volume.same_grid(replace(volume, ijk_to_lps=other), tolerance_mm=2 * TOLERANCE)


def test_other_sizes_are_other_grids(volume):
    assert not volume.same_grid(volume.with_array(volume.array[:-1]))
