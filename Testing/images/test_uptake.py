"""Uptake of regions, against spheres whose values are known."""

import numpy as np
import pytest

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.uptake import PEAK_RADIUS_MM, isocontour, measure, sphere
from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix

CENTRE = (10.0, -20.0, 35.0)


def pet_with_ball(*, radius=12.0, spacing=(2.0, 2.0, 2.0), direction=None, size=40):
    """SUV 8 in a ball, 1 elsewhere."""
    direction = np.eye(3) if direction is None else direction
    matrix = geometry_matrix(np.array(spacing), direction, np.zeros(3))
    matrix[:3, 3] = np.array(CENTRE) - matrix[:3, :3] @ np.full(3, (size - 1) / 2)
    k, j, i = np.mgrid[:size, :size, :size]
    place = np.stack([i, j, k], axis=-1) @ matrix[:3, :3].T + matrix[:3, 3]
    inside = np.linalg.norm(place - CENTRE, axis=-1) <= radius
    return Volume(np.where(inside, 8.0, 1.0).astype(np.float32), matrix, Modality.PET, Unit.SUVBW, "PET")


def turned():
    a = np.deg2rad(30)
    return np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])


@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (1.5, 2.5, 3.0)])
@pytest.mark.parametrize("direction", [np.eye(3), turned(), np.diag([1.0, 1.0, -1.0])], ids=["straight", "oblique", "left-handed"])
def test_a_sphere_holds_what_lies_in_it(spacing, direction):
    volume = pet_with_ball(spacing=spacing, direction=direction)
    uptake = measure(volume, sphere(volume, CENTRE, 10.0))
    assert (uptake.maximum, uptake.mean) == (8.0, 8.0)
    assert uptake.volume_ml == pytest.approx(4 / 3 * np.pi, rel=0.06)
    assert np.linalg.norm(np.array(uptake.maximum_at) - CENTRE) <= 10
    assert uptake.unit is Unit.SUVBW


def test_an_isocontour_is_the_lesion_and_not_its_neighbour():
    volume = pet_with_ball()
    volume.array[2:5, 2:5, 2:5] = 8  # as hot, but apart
    uptake = measure(volume, isocontour(volume, (CENTRE[0] + 8, CENTRE[1], CENTRE[2])))
    assert uptake.volume_ml == pytest.approx(4 / 3 * np.pi * 1.2**3, rel=0.06)


def test_the_peak_is_the_hottest_millilitre():
    """In a ball larger than 1 ml the peak is its value; a single hot voxel is averaged down to its part of the millilitre."""
    large = pet_with_ball(radius=14)
    assert measure(large, sphere(large, CENTRE, 8)).peak == pytest.approx(8)
    hot = large.with_array(np.ones_like(large.array))
    hot.array[20, 20, 20] = 101
    uptake = measure(hot, sphere(hot, CENTRE, 8))
    assert uptake.maximum == 101
    assert uptake.peak == pytest.approx(1 + 100 * 8 / (4 / 3 * np.pi * PEAK_RADIUS_MM**3), rel=0.03)


def test_where_a_millilitre_does_not_fit_there_is_no_peak():
    thin = pet_with_ball()
    thin = thin.with_array(thin.array[20:22])
    assert np.isnan(measure(thin, thin.array > 7).peak)


def test_bad_places_are_said():
    volume = pet_with_ball()
    with pytest.raises(InputError, match="No voxel of 'PET' lies in the sphere"):
        sphere(volume, (500, 500, 500), 10)
    empty = volume.with_array(np.zeros_like(volume.array))
    with pytest.raises(InputError, match="no uptake"):
        isocontour(empty, CENTRE)
    with pytest.raises(InputError, match="between 0 and 100 %"):
        isocontour(volume, CENTRE, fraction=1.2)


def ramp(size=24, spacing=2.0):
    """SUV 1 + i: what a sphere's mean is, is known wherever its centre lies."""
    matrix = geometry_matrix(np.full(3, spacing), np.eye(3), np.zeros(3))
    array = np.broadcast_to(1.0 + np.arange(size, dtype=np.float32), (size, size, size)).copy()
    return Volume(array, matrix, Modality.PET, Unit.SUVBW, "PET")


def test_a_sphere_that_reaches_out_of_the_volume_is_no_peak():
    """Of a slope up to the border: 6.2 mm before the last voxel's own edge, and the value there."""
    volume = ramp()
    region = np.zeros(volume.shape, bool)
    region[12, 12, :] = True
    uptake = measure(volume, region)
    assert uptake.maximum == 24
    assert uptake.peak == pytest.approx(1 + 20)  # i = 20: the sphere's edge is at 40 + 6.2 mm, the volume's at 47 mm


def test_an_isocontour_is_drawn_at_41_per_cent():
    """A cone of uptake, SUV 10 at its tip, that falls to 0 at 20 mm."""
    volume = pet_with_ball(size=31)
    k, j, i = np.mgrid[:31, :31, :31]
    distance = 2 * np.sqrt((i - 15) ** 2 + (j - 15) ** 2 + (k - 15) ** 2)
    volume.array[:] = np.maximum(10 * (1 - distance / 20), 0)
    np.testing.assert_array_equal(isocontour(volume, CENTRE), distance <= 20 * (1 - 0.41) + 1e-6)
    np.testing.assert_array_equal(isocontour(volume, CENTRE, fraction=0.5), distance <= 10)


@pytest.mark.parametrize(("away_mm", "is_found"), [(14, True), (16, False)])
def test_the_hottest_voxel_is_looked_for_within_15_mm(away_mm, is_found):
    volume = pet_with_ball(radius=3, size=41)
    volume.array[20, 20, 20 + away_mm // 2] = 80
    assert (measure(volume, isocontour(volume, CENTRE)).maximum == 80) == is_found
