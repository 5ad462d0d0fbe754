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


@pytest.mark.parametrize(
    "matrix",
    [np.eye(3), np.diag([1.0, 1.0, 0.0, 1.0]), np.diag([1.0, np.nan, 1.0, 1.0]), np.diag([1.0, np.inf, 1.0, 1.0])],
    ids=["3x3", "flat", "nan", "infinite"],
)
def test_a_matrix_that_places_nothing(volume, matrix):
    with pytest.raises(ValueError, match=r"ijk_to_lps of volume 'CT' is not an invertible 4x4 matrix"):
        replace(volume, ijk_to_lps=matrix)


@pytest.mark.parametrize(
    ("shape", "dtype", "is_volume"),
    [
        ((2, 3, 4), np.uint8, True),
        ((2, 3, 4, 3), np.uint8, True),
        ((2, 3, 4, 3), np.float32, False),
        ((2, 3, 4, 4), np.uint8, False),
        ((3, 4), np.uint8, False),
        ((2, 3, 4, 3, 1), np.uint8, False),
    ],
)
def test_voxels_are_gray_or_rgb(shape, dtype, is_volume):
    array = np.zeros(shape, dtype)
    if is_volume:
        volume = Volume(array, np.eye(4))
        assert volume.shape == (2, 3, 4)
        assert volume.is_color is (len(shape) == 4)
    else:
        with pytest.raises(ValueError, match="a volume is"):
            Volume(array, np.eye(4))


def test_hotter_than_a_value_is_not_as_hot_as_it(volume):
    array = np.arange(125, dtype=np.float32).reshape(volume.shape)
    assert [volume.with_array(array).count_above(value) for value in (-1, 0, 123, 123.5, 124)] == [125, 124, 1, 1, 0]
    padded = replace(volume.with_array(array), padding=array > 100)
    assert [padded.count_above(value) for value in (-1, 100, 99)] == [101, 0, 1]


def test_what_is_known_of_voxels_is_forgotten_with_them(volume):
    """Lowest, highest and how many are hotter are looked for once, for these voxels and this padding alone."""
    array = np.arange(125, dtype=np.float32).reshape(volume.shape)
    first = volume.with_array(array)
    assert (first.range, first.count_above(100)) == ((0, 124), 24)
    doubled, padded = first.with_array(2 * array), first.with_array(array, padding=array > 110)
    assert (doubled.range, doubled.count_above(100)) == ((0, 248), 74)
    assert padded.count_above(100) == 10
    assert (first.with_array(array, name="the same").range, first.count_above(100)) == ((0, 124), 24)


def test_other_sizes_are_other_grids(volume):
    assert not volume.same_grid(volume.with_array(volume.array[:-1]))
