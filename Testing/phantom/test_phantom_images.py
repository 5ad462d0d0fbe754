"""Tissues have their values, volumes their geometry, and one seed gives one phantom."""

import numpy as np
import pytest

from LCDFusionLib.images.resample import resample_onto
from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.phantom import Phantom, thorax

THORAX_MIDDLE = np.array([3.0, -24.0, -318.0])


def around(volume: Volume, point: tuple[float, float, float], size: int = 2) -> np.ndarray:
    """Voxels within `size` in the slice of a point in LPS."""
    i, j, k = np.rint(np.linalg.solve(volume.ijk_to_lps, [*point, 1.0])[:3]).astype(int)
    return volume.array[k, j - size : j + size + 1, i - size : i + size + 1]


@pytest.mark.parametrize(
    ("place", "hounsfield", "tolerance"),
    [
        ((-80, -20, -70), 57, 8),  # liver
        ((29, 32, 0), 42, 10),  # descending aorta
        ((40, -33, -45), 43, 10),  # heart
        ((-3, 13, 70), -1000, 30),  # trachea
        ((0, 46, 0), 185, 60),  # vertebral marrow
        ((-157, 1, -2), -102, 12),  # fat under the skin
        ((0, -200, 0), -1000, 30),  # air
    ],
)
def test_ct_numbers(thorax_phantom: Phantom, place: tuple[float, float, float], hounsfield: float, tolerance: float) -> None:
    found = around(thorax_phantom.anatomy, tuple(np.asarray(place) + THORAX_MIDDLE)).mean()
    assert found == pytest.approx(hounsfield, abs=tolerance)


def test_ct_has_lung_soft_tissue_and_bone_in_the_right_amounts(thorax_phantom: Phantom) -> None:
    hu = thorax_phantom.anatomy.array
    litres = {name: hu[(hu > low) & (hu < high)].size * 1.6 * 1.6 * 5e-6 for name, low, high in (("lung", -950, -700), ("bone", 250, 3000))}
    assert np.median(hu[(hu > -950) & (hu < -700)]) == pytest.approx(-855, abs=15)
    assert 2.0 < litres["lung"] < 5.0
    assert 0.3 < litres["bone"] < 1.5
    assert hu.min() >= -1024
    assert hu.max() < 1500


def test_ct_noise_is_that_of_a_low_dose_scan(thorax_phantom: Phantom) -> None:
    liver = around(thorax_phantom.anatomy, tuple(np.array([-80, -20, -75]) + THORAX_MIDDLE), 5)
    assert 6 < liver.std() < 20


@pytest.mark.parametrize(
    ("place", "suv"),
    [((-90, -20, -90), 2.2), ((29, 32, 0), 1.6), ((0, -150, 0), 0.0)],  # liver, aorta, air
)
def test_physiologic_uptake(thorax_phantom: Phantom, place: tuple[float, float, float], suv: float) -> None:
    found = around(thorax_phantom.function_noise_free, tuple(np.asarray(place) + THORAX_MIDDLE), 1).mean()
    assert found == pytest.approx(suv, abs=0.15)


def test_head_tissues(head_phantom: Phantom) -> None:
    mr = resample_onto(head_phantom.anatomy, head_phantom.function).volume
    brain = head_phantom.function_noise_free.array > 4.0
    assert 400 < np.median(mr.array[brain]) < 800
    assert np.percentile(head_phantom.function_noise_free.array[brain], 90) == pytest.approx(6.4, abs=0.5)  # cortex, after partial volume
    outside = head_phantom.anatomy.array[:, :12, :12]
    assert 10 < outside.mean() < 25  # Rician noise floor: sigma sqrt(pi / 2)


def test_geometry(thorax_phantom: Phantom, head_phantom: Phantom) -> None:
    for phantom, modality, unit in ((thorax_phantom, Modality.CT, Unit.HU), (head_phantom, Modality.MR, Unit.RELATIVE)):
        anatomy, function = phantom.anatomy, phantom.function
        assert (anatomy.modality, anatomy.unit) == (modality, unit)
        assert (function.modality, function.unit) == (Modality.PET, Unit.SUVBW)
        assert anatomy.frame_of_reference == function.frame_of_reference is not None
        assert function.same_grid(phantom.function_noise_free)
        assert not anatomy.same_grid(function)
        assert (function.spacing[:2] > anatomy.spacing[:2]).all()
        np.testing.assert_allclose(function.direction, np.eye(3), atol=1e-12)
        assert (anatomy.array.dtype, function.array.dtype) == (np.int16, np.float32)
        for volume in (anatomy, function):
            assert np.linalg.det(volume.direction) == pytest.approx(1.0)
        assert resample_onto(function, anatomy).overlap > 0.99
    np.testing.assert_allclose(thorax_phantom.anatomy.direction, np.eye(3), atol=1e-12)
    tilt = np.degrees(np.arccos((np.trace(head_phantom.anatomy.direction) - 1) / 2))
    assert 5 < tilt < 10


def test_one_seed_gives_one_phantom(thorax_phantom: Phantom) -> None:
    again = thorax()
    assert np.array_equal(again.anatomy.array, thorax_phantom.anatomy.array)
    assert np.array_equal(again.function.array, thorax_phantom.function.array)
    assert again.lesions == thorax_phantom.lesions
    assert again.anatomy.frame_of_reference == thorax_phantom.anatomy.frame_of_reference


def test_the_phantoms_do_not_change_unnoticed(thorax_phantom: Phantom, head_phantom: Phantom) -> None:
    """Means that hold on every machine within rounding; a deliberate change of the phantoms changes them here."""
    means = [float(volume.array.mean()) for p in (thorax_phantom, head_phantom) for volume in (p.anatomy, p.function)]
    assert means == pytest.approx([-688.88, 0.14007, 181.70, 0.41249], rel=2e-3)
