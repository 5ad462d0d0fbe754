"""What all formats of files share."""

import numpy as np
import pytest

from LCDFusionLib.images.file_content import centred, corner_distance


@pytest.mark.parametrize(("axis", "farthest"), [(0, 6), (1, 4), (2, 2)])
def test_two_grids_are_as_far_apart_as_their_farthest_corners(axis, farthest):
    """Seven columns, five rows, three slices of 2 x 2 x 4 mm; the other's voxels lie 0.1 mm farther apart along one axis."""
    first = centred([2, 2, 4], (3, 5, 7))
    second = first.copy()
    second[axis, axis] += 0.1
    mm, voxels = corner_distance(first, second, (3, 5, 7))
    assert mm == pytest.approx(0.1 * farthest)
    assert voxels == pytest.approx(0.1 * farthest / first[axis, axis])


def test_a_grid_whose_place_is_not_said_has_its_middle_at_the_origin():
    matrix = centred([2, 3, 4], (3, 5, 7), (1, -1, 1))
    np.testing.assert_array_equal(matrix @ [3, 2, 1, 1], [0, 0, 0, 1])
    np.testing.assert_array_equal(np.diag(matrix), [2, -3, 4, 1])
