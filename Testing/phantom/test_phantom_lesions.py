"""The lesions are where the phantom says, and as hot as it says."""

from math import erf, exp, pi, sqrt

import numpy as np
import pytest

from LCDFusionLib.images.volume import Volume
from LCDFusionLib.phantom import Lesion, Phantom


def distance_to(volume: Volume, centre: tuple[float, float, float]) -> np.ndarray:
    """(K, J, I) distance of every voxel centre from a point in LPS, mm."""
    k, j, i = np.indices(volume.shape)
    offset = np.tensordot(volume.ijk_to_lps[:3, :3], np.stack([i, j, k]), axes=1) + (volume.origin - centre)[:, None, None, None]
    return np.sqrt((offset**2).sum(axis=0))


def inside(volume: Volume, lesion: Lesion, share: float) -> np.ndarray:
    """Voxels in the inner `share` of the radius."""
    mask = distance_to(volume, lesion.centre) <= share * lesion.radius
    assert mask.any()
    return mask


def recovery(radius: float, fwhm: float) -> float:
    """What a Gaussian point spread leaves in the centre of a uniform ball in a cold background (closed form)."""
    s = radius / (fwhm / 2.3548)
    return erf(s / sqrt(2)) - sqrt(2 / pi) * s * exp(-(s**2) / 2)


@pytest.fixture(params=["thorax_phantom", "head_phantom"])
def phantom(request: pytest.FixtureRequest) -> Phantom:
    return request.getfixturevalue(request.param)


def test_two_lesions_one_of_them_invisible_on_anatomy(phantom: Phantom) -> None:
    assert [lesion.visible_on_anatomy for lesion in phantom.lesions] == [True, False]


def test_uptake_in_the_middle_is_the_truth_less_partial_volume(phantom: Phantom) -> None:
    for lesion in phantom.lesions:
        middle = phantom.function_noise_free.array[inside(phantom.function_noise_free, lesion, 0.35)].mean()
        surroundings = phantom.function_noise_free.array[inside(phantom.function_noise_free, lesion, 2.2)].min()
        expected = surroundings + recovery(lesion.radius, 6.6) * (lesion.suv - surroundings)
        assert middle == pytest.approx(expected, rel=0.06), lesion.name


def test_hot_lesion_is_the_brightest_thing_and_in_its_place(phantom: Phantom) -> None:
    lesion = phantom.lesions[0]
    near = inside(phantom.function_noise_free, lesion, 1.6)
    weight = np.where(near, phantom.function_noise_free.array, 0.0)
    weight = np.where(weight > 0.75 * weight.max(), weight, 0.0)
    k, j, i = (float((axis * weight).sum() / weight.sum()) for axis in np.indices(weight.shape))
    found = (phantom.function_noise_free.ijk_to_lps @ [i, j, k, 1.0])[:3]
    assert np.linalg.norm(found - lesion.centre) < 1.5
    assert phantom.function_noise_free.array.max() == pytest.approx(weight.max())


def test_cold_lesion_is_colder_than_the_same_place_on_the_other_side(head_phantom: Phantom) -> None:
    lesion = head_phantom.lesions[1]
    volume = head_phantom.function_noise_free
    there = volume.array[inside(volume, lesion, 0.6)].mean()
    to_head = head_phantom.anatomy.direction  # columns: left, back, top of the head
    mid = np.array([-2.0, 12.0, 34.0])  # middle of the brain
    mirrored = to_head.T @ (np.asarray(lesion.centre) - mid) * [-1, 1, 1]
    other = Lesion("mirror", tuple(to_head @ mirrored + mid), lesion.radius, 0.0, False)
    assert there < 0.6 * volume.array[inside(volume, other, 0.6)].mean()


def test_measured_pet_is_the_noise_free_one_with_about_ten_percent_noise(phantom: Phantom) -> None:
    expected, measured = phantom.function_noise_free.array, phantom.function.array
    warm = expected > 1.0
    ratio = measured[warm] / expected[warm]
    assert ratio.mean() == pytest.approx(1.0, abs=0.01)
    assert 0.03 < ratio.std() < 0.15
    assert measured.min() >= 0


def test_invisible_lesion_does_not_differ_from_its_surroundings_on_anatomy(thorax_phantom: Phantom) -> None:
    lesion, ct = thorax_phantom.lesions[1], thorax_phantom.anatomy
    core = inside(ct, lesion, 0.9)
    rim = inside(ct, lesion, 1.5) & ~inside(ct, lesion, 1.1)
    assert abs(ct.array[core].mean() - ct.array[rim].mean()) < 3.0


def test_visible_lesions_differ_from_their_surroundings_on_anatomy(thorax_phantom: Phantom, head_phantom: Phantom) -> None:
    nodule, ct = thorax_phantom.lesions[0], thorax_phantom.anatomy
    assert ct.array[inside(ct, nodule, 0.6)].mean() == pytest.approx(38, abs=8)
    assert ct.array[inside(ct, nodule, 2.0) & ~inside(ct, nodule, 1.6)].mean() < -700
    glioma, mr = head_phantom.lesions[0], head_phantom.anatomy
    rim = inside(mr, glioma, 2.2) & ~inside(mr, glioma, 1.4)
    assert mr.array[inside(mr, glioma, 0.6)].mean() < 0.8 * mr.array[rim].mean()
