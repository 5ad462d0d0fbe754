import re
from dataclasses import replace

import numpy as np
import pytest

from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import FusionSettings, prepare
from LCDFusionLib.fusion.pair import MINIMUM_SIZE, decided_weights
from LCDFusionLib.images.doubts import doubts
from LCDFusionLib.images.volume import Modality, Place, Unit, Volume, geometry_matrix
from LCDFusionLib.images.window import Window
from LCDFusionLib.network.network import MINIMUM_SIZE as NETWORK_MINIMUM_SIZE


def test_both_volumes_come_to_the_anatomys_grid_in_unit_range(ct, pet):
    pair = prepare(ct, pet, FusionSettings(window="lung", function_upper=4.0))
    assert pair.anatomy01.shape == pair.function01.shape == ct.shape
    assert pair.anatomy01.dtype == pair.function01.dtype == np.float32
    np.testing.assert_allclose(pair.anatomy01, np.clip((ct.array + 1400) / 1400, 0, 1), atol=1e-6)
    np.testing.assert_allclose(pair.function01, np.clip(pair.resampled.volume.array / 4, 0, 1), atol=1e-6)
    # CT voxel (i, j, k) lies at PET index ((i + 1) / 2, (j + 1) / 2, k): a PET voxel centre where i and j are odd
    np.testing.assert_allclose(pair.resampled.volume.array[:, 1::2, 1::2], pet.array[:, 1:16, 1:13], atol=1e-4)
    assert pair.overlap == 1
    assert pair.warnings == ()


def test_defaults_follow_the_modality(ct, pet):
    pair = prepare(ct, pet)
    assert (pair.anatomy_window, pair.function_window, pair.weights) == (Window(350, 40), Window.from_range(0, 10), "ct-pet")
    mr = replace(ct, array=ct.array + 1100, modality=Modality.MR, unit=Unit.RELATIVE)
    assert prepare(mr, pet).weights == "mr-pet"


def test_color_function_enters_as_luma(ct):
    rgb = np.random.default_rng(0).integers(0, 256, (*ct.shape, 3), dtype=np.uint8)
    function = ct.with_array(rgb, modality=Modality.PET, unit=Unit.RELATIVE, name="colour PET")
    pair = prepare(ct, function)
    np.testing.assert_allclose(pair.function01, rgb @ np.array([0.299, 0.587, 0.114]) / 255, atol=1e-6)


def test_partial_overlap_and_foreign_frame_of_reference_are_said(ct, pet):
    moved = replace(pet, ijk_to_lps=pet.ijk_to_lps + np.array([[0, 0, 0, 10], [0] * 4, [0] * 4, [0] * 4]), frame_of_reference="9.9")
    pair = prepare(ct, moved)
    assert 0.4 < pair.overlap < 0.8
    part, frame, *_ = pair.warnings
    assert f"{pair.overlap:.1%}" in part
    assert "frames of reference" in frame
    assert not pair.function01[~pair.resampled.covered].any()


def test_uptake_on_white_anatomy_sends_the_reader_to_the_colour_image(ct, pet):
    tissue = ct.with_array(np.where(np.arange(ct.shape[2]) < 12, -800.0, 50.0) + np.zeros(ct.shape))
    in_lung_window, in_mediastinum = (prepare(tissue, pet, FusionSettings(window=name)) for name in ("lung", "mediastinum"))
    every = range(ct.shape[0])
    assert any("read the colour image" in text for text in in_lung_window.warnings_on(in_lung_window.uptake_on(every)))
    assert not any("read the colour image" in text for text in in_mediastinum.warnings_on(in_mediastinum.uptake_on(every)))
    hot = in_lung_window.function01[1] > 0.2
    white = np.broadcast_to(np.arange(ct.shape[2]) >= 12, hot.shape)
    assert in_lung_window.uptake_on([1]).on_white == pytest.approx((hot & white).sum() / hot.sum())


def test_unknown_frame_of_reference_is_said(ct, pet):
    (note,) = prepare(ct, replace(pet, frame_of_reference=None)).warnings
    assert "No common frame of reference" in note


def test_a_fused_image_is_never_an_original(ct, pet):
    for first, second in ((replace(ct, is_fused=True), pet), (ct, replace(pet, is_fused=True))):
        with pytest.raises(InputError, match="made by LCDFusion, not an original"):
            prepare(first, second)


def test_a_picture_is_not_laid_into_a_patient(ct, pet):
    with pytest.raises(InputError, match="does not know where in the patient"):
        prepare(ct, replace(pet, place=Place.PICTURE))


def test_pictures_of_two_sizes_lie_nowhere_on_each_other(ct, pet):
    first, second = (replace(volume, array=volume.array[:1], ijk_to_lps=np.eye(4), place=Place.PICTURE) for volume in (ct, pet))
    with pytest.raises(InputError, match=r"pixels, so what lies on what is not known"):
        prepare(first, second)
    assert prepare(first, replace(first, array=first.array[:, ::-1] + 2000, modality=Modality.PET, unit=Unit.RELATIVE)).overlap is None


@pytest.mark.parametrize("unsaid", [(True, True), (True, False), (False, True)])
def test_nothing_is_claimed_of_a_place_that_no_file_says(ct, pet, unsaid):
    volumes = (replace(volume, place=Place.UNSAID if is_so else volume.place) for volume, is_so in zip((ct, pet), unsaid, strict=True))
    pair = prepare(*volumes)
    assert pair.overlap is None
    assert "not known where in the patient" in " ".join(pair.warnings)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"array": np.arange(8 * 32 * 32).reshape(8, 32, 32) % 255}, "hardly HU, because neither air nor fat is below 0"),
        ({"array": np.linspace(-1, 1, 8 * 32 * 32).reshape(8, 32, 32)}, "which are no HU"),
        ({"array": np.linspace(-1e5, 3e5, 8 * 32 * 32).reshape(8, 32, 32)}, "which are no HU"),
        (
            {"unit": Unit.SUVBW, "modality": Modality.PET, "array": np.linspace(0, 30_000, 8 * 32 * 32).reshape(8, 32, 32)},
            "no SUV; .* Bq/ml",
        ),
        ({"unit": Unit.SUVLBM, "modality": Modality.PET, "array": np.linspace(0, 0.01, 8 * 32 * 32).reshape(8, 32, 32)}, "hardly SUV"),
    ],
)
def test_values_that_the_unit_cannot_have_are_doubted(ct, change, words):
    (sentence,) = doubts(replace(ct, **change))
    assert re.search(words, sentence)


def test_usual_values_are_not_doubted(ct, pet):
    assert not doubts(ct)
    assert not doubts(pet)
    assert not doubts(replace(ct, modality=Modality.MR, unit=Unit.RELATIVE, array=np.abs(ct.array)))


def test_unusual_modalities_are_said(ct, pet):
    unknown = prepare(replace(ct, modality=Modality.OTHER, unit=Unit.RELATIVE), pet)
    assert any("mr-pet" in text for text in unknown.warnings)
    mr = replace(ct, array=ct.array + 1200, modality=Modality.MR, unit=Unit.RELATIVE)
    assert any("not PET or SPECT" in text for text in prepare(ct, mr).warnings)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda ct, pet: (ct, ct), "same volume"),
        (lambda ct, pet: (ct, replace(ct, array=ct.array.copy(), name="copy")), "same volume"),
        (lambda ct, pet: (pet, ct), "PET volume; choose a CT or MR"),
        (lambda ct, pet: (replace(ct, array=np.zeros((*ct.shape, 3), np.uint8)), pet), "colour image"),
        (lambda ct, pet: (replace(ct, array=ct.array[:, :15]), pet), "25x15 pixels"),
        (lambda ct, pet: (replace(ct, array=np.where(ct.array > 600, np.nan, ct.array)), pet), "CT thorax"),
        (lambda ct, pet: (ct, replace(pet, array=np.ones_like(pet.array))), "PET"),
        (lambda ct, pet: (ct, replace(pet, ijk_to_lps=pet.ijk_to_lps + np.eye(4)[[0]].T * np.array([0, 0, 0, 500.0]))), "overlap"),
    ],
)
def test_what_cannot_be_fused_is_one_sentence(ct, pet, change, says):
    with pytest.raises(InputError, match=says) as caught:
        prepare(*change(ct, pet))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"window": "spleen"}, "no window 'spleen'.*mediastinum.*auto"),
        ({"function_upper": 0.0}, "above 0, got 0.0"),
        ({"function_upper": float("nan")}, "got nan"),
        ({"weights": ""}, "weights need a name"),
        ({"device": "tpu"}, "no device 'tpu'; choose one of auto, cuda, mps, cpu"),
        ({"precision": "int8"}, "no precision 'int8'; choose one of float32, tf32, float16"),
        ({"batch_size": 0}, "batch size.*got 0"),
        ({"threads": 0}, "threads.*got 0"),
        ({"color_table": "jet"}, "no color table 'jet'.*ember"),
    ],
)
def test_settings_name_the_value_that_is_wrong(bad, says):
    with pytest.raises(InputError, match=says):
        FusionSettings(**bad)


def test_the_least_that_settings_may_ask_for():
    least = FusionSettings(batch_size=1, threads=1, function_upper=1e-6)
    assert (least.batch_size, least.threads, least.function_upper) == (1, 1, 1e-6)
    assert FusionSettings(window="auto").window == "auto"
    assert FusionSettings() == FusionSettings(
        window=None, function_upper=None, weights="auto", device="auto", batch_size=None, threads=None
    )


def test_a_file_of_weights_is_named_by_its_whole_path(ct, tmp_path, monkeypatch):
    """The worker has a folder of its own."""
    monkeypatch.chdir(tmp_path)
    assert decided_weights(ct, FusionSettings(weights="own.pt")) == str((tmp_path / "own.pt").resolve())
    assert decided_weights(ct, FusionSettings(weights="mr-pet")) == "mr-pet"


def test_inputs_are_left_as_they_are(ct, pet):
    """A function on the anatomy's grid is not resampled, and its voxels are not windowed in their own memory."""
    function = ct.with_array(np.abs(ct.array) / 100, modality=Modality.PET, unit=Unit.SUVBW, name="PET")
    for other in (function, pet):
        before = ct.array.copy(), other.array.copy()
        prepare(ct, other)
        np.testing.assert_array_equal(ct.array, before[0])
        np.testing.assert_array_equal(other.array, before[1])


def test_minimum_size_is_the_networks():
    assert MINIMUM_SIZE == NETWORK_MINIMUM_SIZE


@pytest.mark.parametrize(("white", "is_said"), [(0.2, False), (0.3, True)])
def test_a_quarter_of_the_uptake_on_white_is_said(ct, white, is_said):
    """Uptake everywhere; so much of the anatomy lies above the window."""
    columns = 100
    grid = geometry_matrix(np.ones(3), np.eye(3), np.zeros(3))
    anatomy = np.where(np.arange(columns) < white * columns, 300.0, 0.0) + np.zeros((2, 20, columns))
    anatomy = replace(ct, array=anatomy.astype(np.float32), ijk_to_lps=grid)
    uptake = Volume(np.linspace(4, 6, anatomy.array.size, dtype=np.float32).reshape(anatomy.shape), grid, Modality.PET, Unit.SUVBW, "PET")
    pair = prepare(anatomy, replace(uptake, frame_of_reference=ct.frame_of_reference), FusionSettings(window="mediastinum"))
    uptake = pair.uptake_on(range(2))
    assert uptake.on_white == pytest.approx(white)
    assert any("read the colour image" in warning for warning in pair.warnings_on(uptake)) == is_said


@pytest.mark.parametrize(("gray", "range_part", "is_white"), [(0.98, 0.22, True), (0.96, 0.22, False), (0.98, 0.18, False)])
def test_white_is_from_97_per_cent_and_uptake_from_a_fifth(ct, gray, range_part, is_white):
    """Of the window (350/40 HU) and of the range (0 to 10)."""
    grid = geometry_matrix(np.ones(3), np.eye(3), np.zeros(3))
    anatomy = np.full((2, 20, 20), 40 + 350 * (gray - 0.5), np.float32)
    anatomy[0] = np.linspace(-1000, -500, 400).reshape(20, 20)  # black
    uptake = np.linspace(0, 10 * range_part, 800, dtype=np.float32).reshape(2, 20, 20)
    uptake[1] = 10 * range_part
    pet = Volume(uptake, grid, Modality.PET, Unit.SUVBW, "PET", ct.frame_of_reference)
    pair = prepare(replace(ct, array=anatomy, ijk_to_lps=grid), pet, FusionSettings(window="mediastinum", function_upper=10.0))
    assert pair.uptake_on([1]).on_white == float(is_white)
