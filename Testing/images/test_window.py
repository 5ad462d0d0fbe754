"""Windows and ranges against DICOM's definition, against PET with known uptake and on real MR and CT."""

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.images.window import PRESETS, Window, anatomy_window, auto_window, function_range, normalise, range_reason


def volume(array, modality=Modality.OTHER, unit=Unit.RELATIVE):
    return Volume(np.asarray(array), np.eye(4), modality, unit, name="volume")


def head(air_share=0.7, seed=0):
    """A T1-like volume: air with noise, dark bone, muscle, bright fat, and one absurdly bright voxel."""
    rng = np.random.default_rng(seed)
    tissue = rng.choice([60.0, 300.0, 900.0], p=[0.1, 0.6, 0.3], size=40_000)
    values = np.where(rng.random(40_000) < air_share, 0, tissue) + np.abs(rng.normal(0, 5, 40_000))
    values[123] = 1e6
    return volume(values.reshape(4, 100, 100).astype(np.float32), Modality.MR)


def test_presets_are_those_of_radiology():
    assert (PRESETS["lung"].lower, PRESETS["lung"].upper) == (-1400, 0)
    assert (PRESETS["mediastinum"].lower, PRESETS["mediastinum"].upper) == (-135, 215)
    assert (PRESETS["bone"].lower, PRESETS["bone"].upper) == (-500, 1300)
    assert (PRESETS["brain"].lower, PRESETS["brain"].upper) == (0, 80)
    assert (PRESETS["liver"].lower, PRESETS["liver"].upper) == (15, 165)
    assert set(PRESETS) == {"lung", "mediastinum", "liver", "bone", "brain"}


def test_window_is_linear_between_black_and_white():
    values = Window(350, 40).apply(np.array([-1000, -135, 40, 215, 3000], dtype=np.int16))
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, [0, 0, 0.5, 1, 1], atol=1e-7)
    assert Window.from_range(-135, 215) == Window(350, 40)


def test_window_agrees_with_simpleitk():
    values = np.random.default_rng(0).integers(-1100, 1500, (3, 5, 7)).astype(np.float32)
    window = PRESETS["bone"]
    reference = sitk.IntensityWindowing(sitk.GetImageFromArray(values), window.lower, window.upper, 0.0, 1.0)
    np.testing.assert_allclose(window.apply(values), sitk.GetArrayFromImage(reference), atol=1e-6)


def test_window_leaves_its_input_alone():
    values = np.full((2, 2), 40.0, dtype=np.float32)
    Window(350, 40).apply(values)
    assert (values == 40).all()


def test_a_window_may_be_narrower_than_one_unit():
    """As of images that run from 0 to 1."""
    np.testing.assert_allclose(Window(0.5, 0.25).apply(np.array([0.0, 0.25, 0.5, 1.0])), [0, 0.5, 1, 1])


@pytest.mark.parametrize(("width", "level"), [(0, 40), (-350, 40), (np.nan, 40), (350, np.inf)])
def test_impossible_window_is_named(width, level):
    with pytest.raises(InputError, match=f"{width:g}/{level:g}"):
        Window(width, level)


def test_default_window_follows_the_modality():
    ct = volume(np.arange(-1000, 1000).reshape(2, 10, 100), Modality.CT, Unit.HU)
    assert anatomy_window(ct) == PRESETS["mediastinum"]
    assert anatomy_window(ct, "lung") == PRESETS["lung"]
    assert anatomy_window(head()) == auto_window(head())
    assert anatomy_window(head(), Window(100, 50)) == Window(100, 50)


def test_ct_preset_on_mr_is_refused():
    with pytest.raises(InputError, match=r"'lung'.*CT.*'volume' is MR"):
        anatomy_window(head(), "lung")


def test_ct_preset_needs_hounsfield_units():
    with pytest.raises(InputError, match="Hounsfield"):
        anatomy_window(volume(np.arange(8).reshape(2, 2, 2), Modality.CT, Unit.RELATIVE), "lung")


def test_unknown_preset_lists_what_there_is():
    with pytest.raises(InputError, match=r"'heart'.*lung, mediastinum, liver, bone, brain or auto"):
        anatomy_window(head(), "heart")


@pytest.mark.parametrize("air_share", [0.05, 0.3, 0.7, 0.95])
def test_auto_window_does_not_depend_on_the_air_round_the_body(air_share):
    window = auto_window(head(air_share))
    assert 0 <= window.lower < 30, "bone (60) stays apart from black"
    assert window.upper == pytest.approx(905, abs=20), "fat is white, the one bright voxel is not minded"


def test_auto_window_of_a_constant_volume_is_refused():
    with pytest.raises(InputError, match="same value"):
        auto_window(volume(np.full((2, 3, 4), 7.0)))


def test_auto_window_sees_a_small_object_in_a_large_field():
    array = np.zeros((1, 200, 200), dtype=np.float32)
    array[0, 100, 100] = 50
    window = auto_window(volume(array))
    assert window.lower == 0
    assert window.upper == 50


def test_auto_window_of_a_large_volume_is_that_of_a_part_of_it():
    """Nine million voxels, of which every second is looked at: a ramp whose percentiles are known, over air."""
    array = np.zeros((2, 3000, 1500), np.int16)
    array[:, ::2] = np.linspace(1000, 2000, 1500)
    window = auto_window(Volume(array, np.eye(4), Modality.MR))
    assert (window.lower, window.upper) == (0, pytest.approx(1995, abs=2))


def test_auto_window_shows_a_real_mr(shared_data):
    mr = read_volume(shared_data / "pet-ct-mr-sarcoma" / "STS_031" / "mr_t1.nrrd", modality=Modality.MR)
    shown = normalise(mr, auto_window(mr))
    assert 0.1 < np.median(shown[mr.array > 100]) < 0.9
    assert (shown == 1).mean() < 0.01
    assert auto_window(mr).lower < 50


def test_suv_is_shown_from_zero_to_ten():
    pet = volume([[[-0.5, 0.0, 2.5, 10.0, 30.0]]], Modality.PET, Unit.SUVBW)
    np.testing.assert_allclose(normalise(pet, function_range(pet)).ravel(), [0, 0, 0.25, 1, 1])
    assert function_range(pet, 5.0) == Window.from_range(0, 5)


def test_relative_uptake_begins_at_zero_whatever_the_values():
    counts = np.linspace(-200, 5000, 10_000).reshape(1, 100, 100)
    window = function_range(volume(counts, Modality.PET, Unit.COUNTS))
    assert window.lower == 0
    assert window.upper == pytest.approx(np.percentile(counts, 99.9))
    assert function_range(volume(counts + 1000, Modality.PET, Unit.COUNTS)).lower == 0


def test_hot_spot_smaller_than_the_percentile_is_seen():
    counts = np.zeros((1, 100, 100))
    counts[0, 50, 50] = 800
    assert function_range(volume(counts, Modality.PET, Unit.COUNTS)).upper == 800


def test_function_without_uptake_is_refused():
    with pytest.raises(InputError, match="no voxel above zero"):
        function_range(volume(-np.ones((2, 2, 2)), Modality.PET, Unit.COUNTS))
    with pytest.raises(InputError, match="no voxel above zero"):
        function_range(volume(np.zeros((2, 2, 2)), Modality.PET, Unit.COUNTS))


@pytest.mark.parametrize("upper", [0, -1, np.nan, np.inf])
def test_impossible_upper_end_is_named(upper):
    with pytest.raises(InputError, match=f"not {upper:g}"):
        function_range(volume(np.ones((1, 1, 2)), Modality.PET, Unit.SUVBW), upper)


def test_colour_volume_is_normalised_to_bt601_luma():
    rgb = np.array([[[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]]]], dtype=np.uint8)
    pet = volume(rgb, Modality.PET)
    np.testing.assert_allclose(normalise(pet, function_range(pet, 4)).ravel(), [0.299, 0.587, 0.114, 1, 0], atol=1e-6)
    assert anatomy_window(pet) == Window.from_range(0, 255)


@pytest.mark.parametrize(("unit", "upper"), [(Unit.SUVBW, 10), (Unit.SUVIBW, 10), (Unit.SUVLBM, 7.5), (Unit.SUVBSA, 2.5)])
def test_each_suv_has_its_own_full_uptake(unit, upper):
    """Lean mass is about three quarters of the weight; a square metre stands for 40 kg."""
    pet = Volume(np.full((1, 4, 4), 3, np.float32), np.eye(4), Modality.PET, unit, "PET")
    assert function_range(pet) == Window.from_range(0, upper)


@pytest.mark.parametrize(
    ("hot_ml", "suv", "slices", "upper"),
    [(0, 8, 50, 10), (19, 42, 50, 10), (21, 14, 50, 15), (21, 42, 50, 40), (200, 18, 50, 20), (200, 42, 300, 10), (400, 18, 300, 20)],
)
def test_default_range_of_a_study(hot_ml, suv, slices, upper):
    """A mass takes the range up; the bladder of a scan of 1.2 m does not."""
    array = np.full((slices, 20, 20), 1.5, np.float32)
    array.reshape(-1)[:hot_ml] = suv  # voxels of 1 ml, 4 mm thick
    pet = Volume(array, np.diag([250**0.5, 250**0.5, 4, 1]), Modality.PET, Unit.SUVBW)
    assert function_range(pet) == Window.from_range(0, upper)
    reason = range_reason(pet)
    assert reason.startswith(f"Automatic: SUV 0-{upper}")
    assert ("because" in reason) is (upper > 10)
    assert f"up to {suv}" in reason or suv <= upper


def test_a_range_in_no_unit_says_where_it_comes_from():
    uptake = volume(np.linspace(0, 1000, 100_001, dtype=np.float32).reshape(1, 1, -1), Modality.PET)
    assert range_reason(uptake) == "Automatic: 0 to 999, the 99.9th percentile of this volume."
    assert range_reason(uptake, 500.0) == ""
    assert range_reason(volume(np.zeros((2, 2, 2, 3), np.uint8), Modality.PET)) == ""
