"""The turning projection, against a point whose place is known."""

from dataclasses import replace

import numpy as np
import pytest

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.projection import TurningProjection, projection_picture, turning_projection
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix
from LCDFusionLib.images.window import Window


def pet(direction=None):
    """SUV 9 in 2x2x2 voxels at (30, -20, 15), which is left, in front and above the middle; SUV 5 straight behind it."""
    direction = np.eye(3) if direction is None else direction
    matrix = geometry_matrix(np.array([4.0, 4.0, 5.0]), direction, np.zeros(3))
    matrix[:3, 3] = -matrix[:3, :3] @ [19.5, 19.5, 9.5]
    array = np.zeros((20, 40, 40), np.float32)
    for place, value in (((30, -20, 15), 9), ((30, 40, 15), 5)):
        i, j, k = np.floor(np.linalg.inv(matrix) @ [*place, 1])[:3].astype(int)
        array[k : k + 2, j : j + 2, i : i + 2] = value
    return Volume(array, matrix, Modality.PET, Unit.SUVBW, "PET")


@pytest.mark.parametrize("direction", [np.eye(3), np.diag([-1.0, -1.0, 1.0]), np.diag([1.0, 1.0, -1.0])])
@pytest.mark.parametrize("angle", [0, 40, 90, 180, 275])
def test_a_click_on_the_hottest_pixel_goes_to_its_place(direction, angle):
    seen = TurningProjection(pet(direction))
    picture = seen.picture(angle)
    assert picture.shape == seen.shape
    row, column = np.unravel_index(picture.argmax(), picture.shape)
    assert np.linalg.norm(np.array(seen.point(angle, column=column, row=row)) - (30, -20, 15)) < 9


@pytest.fixture
def noise():
    """Voxels of 4 mm; a number of them across whose diagonal is odd, too, so that those of the picture are the volume's own."""
    array = np.random.default_rng(2).uniform(1, 2, (7, 39, 39)).astype(np.float32)
    matrix = geometry_matrix(np.full(3, 4.0), np.eye(3), np.array([-100.0, 50.0, 20.0]))
    return Volume(array, matrix, Modality.PET, Unit.SUVBW, "PET")


def test_from_four_sides_it_is_the_maximum_along_an_axis(noise):
    seen = TurningProjection(noise)
    np.testing.assert_allclose(seen.centre, [-100 + 19 * 4, 50 + 19 * 4, 20 + 3 * 4])
    assert (seen.spacing_mm, seen.shape) == (4.0, (7, 55))  # 39 * sqrt(2) = 55.2
    front, side = noise.array.max(axis=1)[::-1], noise.array.max(axis=2)[::-1]
    for angle, expected in ((0, front), (90, side), (180, front[:, ::-1]), (270, side[:, ::-1])):
        np.testing.assert_array_equal(seen.picture(angle), np.pad(expected, ((0, 0), (8, 8))))


def test_a_large_volume_is_seen_in_three_million_voxels():
    """300 mm each way, of which each angle needs 424 mm across."""
    volume = Volume(np.zeros((300, 300, 300), np.uint8), np.eye(4), Modality.PET, Unit.COUNTS, "PET")
    seen = TurningProjection(volume)
    assert seen.spacing_mm == pytest.approx(np.cbrt(2 * 300**3 / 3e6))
    assert seen.shape == (114, 162)


@pytest.mark.parametrize("angle", [0, 33, 45, 110])
def test_every_pixel_is_the_hottest_voxel_of_its_ray_and_a_click_goes_there(noise, angle):
    """Along each ray, a voxel's width at a time, scipy asks for the nearest voxel; outside the volume there is nothing."""
    ndimage = pytest.importorskip("scipy.ndimage")
    seen, turn = TurningProjection(noise), np.deg2rad(angle)
    right, away = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    steps = np.arange(-27, 28)
    j, i = (19 + np.add.outer(steps * away[axis], steps * right[axis]) for axis in (1, 0))
    rays = np.stack([ndimage.map_coordinates(layer, [j, i], order=0, mode="grid-constant") for layer in noise.array[::-1]])
    np.testing.assert_array_equal(seen.picture(angle), rays.max(axis=1))
    for row, column in ((0, 27), (3, 12), (6, 40)):
        depth = rays[row, :, column].argmax()
        x, y = seen.centre[:2] + 4 * (steps[column] * right + steps[depth] * away)
        assert seen.point(angle, column=column, row=row) == pytest.approx((x, y, 20 + 4 * (6 - row)))


def test_it_shows_the_patient_from_the_front_and_then_turned():
    seen = TurningProjection(pet())
    middle_row, middle_column = (np.array(seen.shape) - 1) / 2
    row, column = np.unravel_index(seen.picture(0).argmax(), seen.shape)
    assert row < middle_row, "head up"
    assert column > middle_column, "patient's left on the right"
    _, column = np.unravel_index(seen.picture(180).argmax(), seen.shape)
    assert column < middle_column, "and from behind on the left"


def test_a_volume_elsewhere_is_seen_there():
    volume, by = pet(), np.array([100.0, -70.0, 300.0])
    elsewhere = replace(volume, ijk_to_lps=volume.ijk_to_lps + np.pad(by[:, None], ((0, 1), (3, 0))))
    here, there = TurningProjection(volume), TurningProjection(elsewhere)
    np.testing.assert_array_equal(there.picture(40), here.picture(40))
    for row, column in ((3, 5), (10, 20)):
        assert there.point(40, column=column, row=row) == pytest.approx(here.point(40, column=column, row=row) + by)


def test_nothing_is_lost_at_any_angle():
    seen = TurningProjection(pet())
    for angle in range(0, 360, 15):
        assert seen.picture(angle).max() == 9


def test_outside_the_picture_there_is_nothing():
    seen = TurningProjection(pet())
    rows, columns = seen.shape
    for column, row in ((-3, 2), (-1, 0), (0, -1), (columns, 0), (0, rows)):
        assert seen.point(0, column=column, row=row) is None
    for column, row in ((0, 0), (columns - 1, rows - 1)):
        assert seen.point(0, column=column, row=row) is not None


def test_a_colour_image_has_no_intensity():
    volume = pet()
    with pytest.raises(InputError, match="needs a PET or SPECT volume with values"):
        TurningProjection(volume.with_array(np.zeros((*volume.shape, 3), np.uint8)))


@pytest.mark.parametrize(("angle", "side"), [(0, "R"), (90, "A"), (180, "L"), (270, "P"), (30, "R"), (60, "A")])
def test_a_picture_is_dark_on_white_and_says_its_left_side(angle, side):
    """SUV 9 and 5 in a range of 1 to 7: black, and a third of white."""
    picture, left = projection_picture(pet(), Window.from_range(1, 7), angle)
    assert left == side
    assert picture.dtype == np.uint8
    assert {*np.unique(picture)} == ({0, 85, 255} if angle in (90, 270, 30, 60) else {0, 255})


def test_a_projection_is_remembered_for_these_voxels_in_this_place_alone():
    volume = pet()
    seen = turning_projection(volume)
    assert turning_projection(volume.with_array(volume.array, name="the same")) is seen
    moved = volume.ijk_to_lps.copy()
    moved[2, 3] += 100
    elsewhere = turning_projection(volume.with_array(volume.array, ijk_to_lps=moved))
    assert np.allclose(elsewhere.centre - seen.centre, (0, 0, 100))
    hotter = turning_projection(volume.with_array(2 * volume.array))
    assert np.array_equal(hotter.picture(30), 2 * seen.picture(30))
