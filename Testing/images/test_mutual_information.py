"""What of two volumes is compared when they are registered."""

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.images.mutual_information import _compressed, mutual_information, sampled_region
from LCDFusionLib.images.volume import Modality, Unit, Volume


def image(size=(40, 30, 20), spacing=(2.0, 2.0, 3.0), origin=(0.0, 0.0, 0.0)):
    made = sitk.Image(size, sitk.sitkFloat32)
    made.SetSpacing(spacing)
    made.SetOrigin(origin)
    return made


def test_what_stays_inside_when_moved_by_the_margin_is_sampled():
    """6 mm: three voxels of 2 mm, two of 3 mm."""
    expected = np.zeros((20, 30, 40), bool)
    expected[2:-2, 3:-3, 3:-3] = True
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sampled_region(image(), image(), margin=6)) > 0, expected)
    measured = np.ones_like(expected)
    measured[:, :, 20:] = False
    found = sitk.GetArrayFromImage(sampled_region(image(), image(), margin=6, measured=(measured, None))) > 0
    np.testing.assert_array_equal(found, expected & measured)


def test_a_moving_image_elsewhere_and_the_way_to_it():
    """10 mm to the left of it: five voxels of the fixed image more on one side, and none where it ends."""
    shifted = sitk.GetArrayFromImage(sampled_region(image(), image(origin=(10, 0, 0)), margin=4)) > 0
    to_there = np.eye(4)
    to_there[0, 3] = 10
    brought = sitk.GetArrayFromImage(sampled_region(image(), image(origin=(10, 0, 0)), to_there, margin=4)) > 0
    assert np.flatnonzero(shifted.any(axis=(0, 1))).tolist() == list(range(7, 40))
    assert np.flatnonzero(brought.any(axis=(0, 1))).tolist() == list(range(2, 38))


@pytest.mark.parametrize(
    ("modality", "value", "compressed"),
    [
        *((Modality.CT, value, kept) for value, kept in ((-3000, -1000), (-900, -900), (300, 300), (3000, 400))),
        *((Modality.MR, value, kept) for value, kept in ((-5, 0), (0.5, 0.5), (64, 64))),
        *((Modality.PET, value, kept) for value, kept in ((-5, 0), (0.25, 0.5), (64, 8))),
    ],
)
def test_values_that_would_take_all_bins_are_compressed(modality, value, compressed):
    """A hundredth of the voxels are bright, so that the 99.9th percentile is theirs."""
    array = np.full((10, 10, 20), 64.0, np.float32)
    array[0, 0, 1] = value
    assert _compressed(Volume(array, np.eye(4), modality, Unit.RELATIVE, "a"))[0, 0, 1] == pytest.approx(compressed)


def test_images_that_do_not_meet_share_no_information():
    ramp = sitk.GetImageFromArray(np.random.default_rng(0).random((10, 10, 10)).astype(np.float32))
    everywhere = sitk.Image([10, 10, 10], sitk.sitkUInt8) + 1
    assert mutual_information(ramp, ramp, everywhere, sitk.Transform()) > 1
    assert mutual_information(ramp, ramp, everywhere, sitk.TranslationTransform(3, [50.0, 0.0, 0.0])) == 0
