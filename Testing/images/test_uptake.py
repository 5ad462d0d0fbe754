"""Uptake of regions, against spheres whose values are known."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.attenuation import mean_hu
from LCDFusionLib.images.uptake import PEAK_RADIUS_MM, above, cylinder, isocontour, measure, sphere
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


@pytest.mark.parametrize("direction", [np.eye(3), turned(), np.diag([1.0, 1.0, -1.0])], ids=["straight", "oblique", "left-handed"])
@pytest.mark.parametrize("spacing", [(2.0, 3.0, 5.0), (5.0, 3.0, 2.0), (4.0, 4.0, 4.0)])
def test_the_peak_of_any_voxels_is_the_mean_of_the_points_in_the_sphere(spacing, direction):
    """Points every 0.2 mm about the centre of one voxel, each with the value of the voxel that holds it."""
    volume = pet_with_ball(spacing=spacing, direction=direction, size=15)
    volume.array[:] = np.random.default_rng(4).uniform(0, 10, volume.shape)
    region = np.zeros(volume.shape, bool)
    region[7, 7, 7] = True
    points = np.stack(np.meshgrid(*[np.arange(-6.3, 6.4, 0.2)] * 3), -1).reshape(-1, 3)
    points = points[np.linalg.norm(points, axis=1) <= 6.2035]
    i, j, k = np.floor(7.5 + points @ np.linalg.inv(volume.ijk_to_lps[:3, :3]).T).astype(int).T
    assert measure(volume, region).peak == pytest.approx(volume.array[k, j, i].mean(), abs=0.06)


def test_an_isocontour_grows_to_the_hotter_middle_of_its_lesion():
    """A click 8 mm beside the tip of a cone, where 41 % of what lies within 5 mm reaches the tip."""
    volume = pet_with_ball(size=31)
    k, j, i = np.mgrid[:31, :31, :31]
    volume.array[:] = np.maximum(10 - np.sqrt((i - 15) ** 2 + (j - 15) ** 2 + (k - 15) ** 2), 0)
    aside = isocontour(volume, (CENTRE[0] + 8, CENTRE[1], CENTRE[2]), search_mm=5.0)
    np.testing.assert_array_equal(aside, volume.array >= 4.1)


def test_what_stands_out_from_nothing_is_no_lesion():
    """SUV 1 everywhere round the place, and 41 % of that reaches into the ball of SUV 8 that is 32 mm away."""
    volume = pet_with_ball()
    with pytest.raises(InputError, match="Nothing near the chosen place stands out at 41% of its maximum"):
        isocontour(volume, (CENTRE[0] + 32, CENTRE[1], CENTRE[2]))


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


def two_hills():
    """A PET with two hills that touch at a low level, and a cold far corner; oblique, with voxels that are no cubes."""
    volume = pet_with_ball(spacing=(1.5, 2.5, 3.0), direction=turned())
    k, j, i = np.mgrid[:40, :40, :40]
    hills = 9 * np.exp(-((k - 18) ** 2 + (j - 16) ** 2 + (i - 15) ** 2) / 30) + 6 * np.exp(
        -((k - 21) ** 2 + (j - 20) ** 2 + (i - 27) ** 2) / 20
    )
    return volume.with_array((hills + 0.2).astype(np.float32))


def place_of(volume, k, j, i):
    return tuple((volume.ijk_to_lps @ [i, j, k, 1])[:3])


@pytest.mark.parametrize("fraction", [0.3, 0.41, 0.5, 0.7])
def test_an_isocontour_is_scipys_labelled_component(fraction):
    ndimage = pytest.importorskip("scipy.ndimage")
    volume = two_hills()
    ours = isocontour(volume, place_of(volume, 18, 16, 15), fraction=fraction)
    labels, _ = ndimage.label(volume.array >= fraction * volume.array[18, 16, 15])  # by faces
    assert (ours == (labels == labels[18, 16, 15])).all()
    assert 10 < ours.sum() < ours.size / 4


@pytest.mark.parametrize("level", [0.5, 2.0, 4.0, 5.9])
def test_what_lies_above_a_threshold_is_scipys_labelled_component_and_its_statistics(level):
    ndimage = pytest.importorskip("scipy.ndimage")
    volume = two_hills()
    ours = above(volume, place_of(volume, 21, 20, 27), level, search_mm=8.0)
    labels, _ = ndimage.label(volume.array >= level)
    label = labels[21, 20, 27]
    assert (ours == (labels == label)).all()
    uptake, image = measure(volume, ours), volume.array.astype(np.float64)
    assert uptake.maximum == ndimage.maximum(image, labels, label)
    assert uptake.mean == pytest.approx(ndimage.mean(image, labels, label))
    count = int((labels == label).sum())
    assert uptake.sd == pytest.approx(ndimage.standard_deviation(image, labels, label) * np.sqrt(count / (count - 1)))
    assert uptake.volume_ml == pytest.approx(count * 1.5 * 2.5 * 3.0 / 1000)
    assert uptake.glycolysis == pytest.approx(image[labels == label].sum() * 1.5 * 2.5 * 3.0 / 1000)


def test_a_threshold_that_nothing_reaches_is_said():
    volume = two_hills()
    with pytest.raises(InputError, match="reaches 12"):
        above(volume, place_of(volume, 18, 16, 15), 12.0)


def test_a_cylinder_stands_along_the_patient():
    volume = pet_with_ball(spacing=(1.0, 1.0, 1.0), direction=turned(), size=50)
    mask = cylinder(volume, CENTRE, 5.0, 20.0)
    places = np.argwhere(mask)[:, ::-1] @ volume.ijk_to_lps[:3, :3].T + volume.ijk_to_lps[:3, 3] - CENTRE
    assert np.hypot(places[:, 0], places[:, 1]).max() <= 5
    assert np.abs(places[:, 2]).max() == pytest.approx(9.5)
    assert mask.sum() / 1000 == pytest.approx(np.pi * 0.5**2 * 2.0, rel=0.03)


@pytest.mark.parametrize("direction", [np.eye(3), turned()], ids=["straight", "oblique"])
def test_hu_are_those_of_the_ct_voxels_within_the_region(direction):
    """SimpleITK carries the mask onto the CT by its nearest neighbour and takes the statistics."""
    pet = pet_with_ball(spacing=(4.0, 4.0, 3.0), size=24)
    matrix = geometry_matrix(np.array([1.3, 0.9, 2.5]), direction, np.zeros(3))
    matrix[:3, 3] = np.array(CENTRE) - matrix[:3, :3] @ np.full(3, 35.5) + 0.21
    ct = Volume(np.random.default_rng(5).normal(40, 30, (72, 72, 72)).astype(np.float32), matrix, Modality.CT, Unit.HU, "CT")
    region = pet.array > 4
    theirs = sitk.GetImageFromArray(region.astype(np.uint8))
    image = sitk.GetImageFromArray(ct.array)
    for each, volume in ((theirs, pet), (image, ct)):
        each.SetSpacing(volume.spacing.tolist())
        each.SetDirection(volume.direction.ravel().tolist())
        each.SetOrigin(volume.origin.tolist())
    mask = sitk.Resample(theirs, image, sitk.Transform(), sitk.sitkNearestNeighbor)
    statistics = sitk.LabelStatisticsImageFilter()
    statistics.Execute(image, mask)
    assert statistics.GetCount(1) > 1000
    assert mean_hu(ct, pet, region) == pytest.approx(statistics.GetMean(1), abs=0.02)


@pytest.mark.parametrize("angles", [(45, 0, 0), (30, 40, -20)])
def test_hu_of_a_single_large_voxel_reach_into_its_corners(angles):
    """An 8 mm voxel of a turned PET in a CT of 1 mm: each of the CT's centres is asked whether it lies within the voxel's six faces."""
    rotation = pytest.importorskip("scipy.spatial.transform").Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    pet = Volume(np.ones((2, 3, 5), np.float32), geometry_matrix(np.full(3, 8.0), rotation, np.zeros(3)), Modality.PET, Unit.SUVBW, "PET")
    middle = rotation @ [32.0, 16.0, 8.0]
    ct_origin = np.round(middle) - 14.3
    k, j, i = np.mgrid[:30, :30, :30]
    away = (np.stack([i, j, k], -1) + ct_origin - middle) @ rotation
    ct = Volume(
        (np.linalg.norm(away, axis=-1) ** 4).astype(np.float64), geometry_matrix(np.ones(3), np.eye(3), ct_origin), Modality.CT, Unit.HU
    )
    region = np.zeros(pet.shape, bool)
    region[1, 2, 4] = True
    inside = (np.abs(away) < 4).all(axis=-1)
    assert inside.sum() == pytest.approx(8**3, rel=0.1)
    assert mean_hu(ct, pet, region) == pytest.approx(ct.array[inside].mean())


def test_hu_are_not_known_where_the_ct_does_not_reach_or_was_not_measured():
    pet = pet_with_ball(spacing=(4.0, 4.0, 3.0), size=24)
    ct = pet.with_array(np.full(pet.shape, 55.0), modality=Modality.CT, unit=Unit.HU)
    region = pet.array > 4
    assert mean_hu(ct, pet, region) == 55.0
    first = int(np.argwhere(region)[:, 0].min())
    cut = replace(
        ct, array=ct.array[first + 1 :], ijk_to_lps=ct.ijk_to_lps @ [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, first + 1], [0, 0, 0, 1]]
    )
    assert np.isnan(mean_hu(cut, pet, region))
    padding = np.zeros(ct.shape, bool)
    padding[tuple(np.argwhere(region)[0])] = True
    assert np.isnan(mean_hu(replace(ct, padding=padding), pet, region))
    assert np.isnan(mean_hu(ct.with_array(ct.array, modality=Modality.MR, unit=Unit.RELATIVE), pet, region))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(("shift", "is_within"), [(-0.45, True), (-0.55, False), (0.45, True), (0.55, False)])
def test_a_voxel_reaches_half_its_width_from_its_centre(axis, shift, is_within):
    """Three voxels at that end of the CT past which the PET is shifted, by so much of a voxel."""
    ct = Volume(np.arange(512, dtype=np.float32).reshape(8, 8, 8), np.eye(4), Modality.CT, Unit.HU, "CT")
    matrix = np.eye(4)
    matrix[axis, 3] = shift
    pet = replace(ct, ijk_to_lps=matrix, modality=Modality.PET, unit=Unit.SUVBW)
    place = [slice(2, 5)] * 3
    place[2 - axis] = slice(0, 3) if shift < 0 else slice(5, 8)
    region = np.zeros(ct.shape, bool)
    region[tuple(place)] = True
    expected = ct.array[region].mean() if is_within else np.nan
    assert mean_hu(ct, pet, region) == pytest.approx(expected, nan_ok=True)
