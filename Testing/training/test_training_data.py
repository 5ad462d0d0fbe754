"""Pairs, crops and splits that training draws from."""

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.network import EXPERIMENTS, LCDFusionNet, LoadedWeights
from LCDFusionLib.training import sarcoma
from LCDFusionLib.training.atlas import atlas_pairs, uptake_from_colors
from LCDFusionLib.training.card import describe
from LCDFusionLib.training.data import TrainingData, training_data
from LCDFusionLib.training.samples import CropSampler, SlicePair, VolumePair
from LCDFusionLib.training.sarcoma import HELD_OUT
from LCDFusionLib.training.thorax import thorax_pair


def rainbow(levels=200):
    """A colour scale whose luma falls along its last part: black, blue, yellow, red."""
    stops = np.array([[0, 0, 0], [0, 0, 255], [255, 255, 0], [255, 0, 0]], dtype=float)
    at = np.linspace(0, 3, levels)
    return np.stack([np.interp(at, range(4), stops[:, c]) for c in range(3)], axis=1).astype(np.uint8)


def test_uptake_is_recovered_from_pseudo_colours():
    scale = rainbow()
    truth = np.random.default_rng(0).integers(0, len(scale), (40, 60))
    truth.flat[: len(scale)] = np.arange(len(scale))
    (uptake,) = uptake_from_colors([scale[truth]])
    order = np.argsort(truth.ravel())
    assert (np.diff(uptake.ravel()[order]) >= 0).all(), "hotter in truth is hotter in the recovered uptake, though its luma falls"
    assert uptake.min() == 0
    assert uptake.max() == 1


def test_atlas_uptake_is_monotonic_where_luma_is_not(shared_data):
    scalar = atlas_pairs(shared_data / "brain-atlas", "PET-MRI", scalar=True)
    luma = atlas_pairs(shared_data / "brain-atlas", "PET-MRI", scalar=False)
    assert len(scalar) == 245
    assert {pair.group for pair in scalar} == {"PET-MRI/25", "PET-MRI/30", "PET-MRI/41"}
    hottest = np.concatenate([f.function[s.function > 0.7] for s, f in zip(scalar, luma, strict=True)])
    warm = np.concatenate([f.function[(s.function > 0.45) & (s.function < 0.55)] for s, f in zip(scalar, luma, strict=True)])
    assert hottest.mean() < warm.mean(), "the trap that the recovered uptake is there for"


def sources():
    random = np.random.default_rng(1)
    slices = [SlicePair(random.random((70, 50), np.float32), random.random((70, 50), np.float32), "a", "a/0")]
    volume = VolumePair(
        random.normal(0, 300, (3, 60, 60)).astype(np.float32),
        random.gamma(2, 2, (3, 60, 60)).astype(np.float32),
        "b",
        ((-135, 215),),
        (3, 15),
    )
    return [(1.0, slices), (2.0, [volume])]


def test_crops_have_the_size_asked_for_and_lie_in_range():
    anatomy, function = CropSampler(sources(), size=64, seed=0).batch(12)
    for images in (anatomy, function):
        assert images.shape == (12, 1, 64, 64)
        assert images.dtype == np.float32
        assert 0 <= images.min() <= images.max() <= 1


def test_crops_follow_the_seed():
    first, again, other = (CropSampler(sources(), size=32, seed=seed).batch(4)[0] for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.fixture(scope="module")
def cards(shared_data):
    """What each set of weights learns from; the images themselves are not kept, they are gigabytes."""
    return {
        kind: describe(training_data(shared_data, kind), kind=kind, never_seen=HELD_OUT, split="by patient", seed=1)
        for kind in ("ct-pet", "mr-pet", "both")
    }


@pytest.mark.parametrize("kind", ["ct-pet", "mr-pet", "both"])
def test_no_patient_or_series_is_on_both_sides(cards, kind):
    """The groups that are tested on are named here once more: the constants that keep them out may not be their own witness."""
    trained, validated = (set(cards[kind][name]) for name in ("trained_on", "validated_on"))
    assert trained
    assert validated
    assert not trained & validated
    held_out = {"STS_001", "STS_003", "STS_017", "STS_037", "STS_047", "PET-MRI/25", "SPECT-MRI/9", "SPECT-MRI/21", "SPECT-MRI/40"}
    assert not (trained | validated) & held_out


def test_only_the_patients_asked_for_are_read(shared_data, monkeypatch):
    read = []
    monkeypatch.setattr(sarcoma, "read_volume", lambda file, **options: read.append(file) or read_volume(file, **options))
    (one,) = sarcoma.sarcoma_pairs(shared_data / "pet-ct-mr-sarcoma", "mr_t1", patients=("STS_001",))
    assert one.group == "STS_001"
    assert {file.parent.name for file in read} == {"STS_001"}
    with pytest.raises(FileNotFoundError):
        sarcoma.sarcoma_pairs(shared_data / "pet-ct-mr-sarcoma", "ct", patients=("nobody",))


def test_an_added_lesion_only_adds():
    sampler = CropSampler(sources(), size=48, seed=3)
    function = np.full((48, 48), 0.3, np.float32)
    for _ in range(50):
        added = sampler.with_lesion(function) - function
        assert added.min() >= 0
        assert 0.005 < added.max() <= 0.7


def test_uptake_made_for_the_chest_is_that_of_a_normal_body(shared_data):
    pair = thorax_pair(shared_data / "thorax-ct")
    assert pair.anatomy.shape == pair.function.shape
    lung, tissue, air = ((pair.anatomy > low) & (pair.anatomy < high) for low, high in ((-900, -750), (20, 80), (-2000, -1000)))
    assert 0.3 < pair.function[lung].mean() < 0.8
    assert 1.0 < pair.function[tissue].mean() < 1.6
    assert pair.function[air].mean() < 0.2
    assert pair.function.min() >= 0


def test_unknown_kind_is_named(tmp_path):
    with pytest.raises(ValueError, match="'xyz'"):
        training_data(tmp_path, "xyz")


@pytest.mark.parametrize(("kind", "licences"), [("ct-pet", ["CC BY 3.0", "CC BY 4.0"]), ("mr-pet", ["CC BY 3.0", "free for research"])])
def test_a_card_names_every_source_with_its_licence(cards, kind, licences):
    card = cards[kind]
    assert len(card["data"]) == len(licences)
    assert all(licence in text for licence, text in zip(licences, card["data"], strict=True))
    assert not set(card["never_seen"]) & {*card["trained_on"], *card["validated_on"]}
    json.dumps(card)


@pytest.fixture
def small_atlas(tmp_path):
    """One pair of the atlas, made up."""
    ramp = np.arange(40 * 40).reshape(40, 40) % 250
    for kind, image in (("MRI", ramp), ("PET", np.stack([ramp, ramp // 2, 0 * ramp], axis=-1))):
        (tmp_path / "PET-MRI" / kind).mkdir(parents=True)
        sitk.WriteImage(sitk.GetImageFromArray(image.astype(np.uint8), isVector=image.ndim == 3), tmp_path / "PET-MRI" / kind / "25001.png")
    return tmp_path


@pytest.mark.parametrize(
    ("wrong", "says"), [("damaged", "cannot be read as an image"), ("missing", "There is no file"), ("size", "differ in size")]
)
def test_what_is_wrong_with_the_atlas_is_one_sentence(small_atlas, wrong, says):
    file = small_atlas / "PET-MRI" / "PET" / "25001.png"
    if wrong == "damaged":
        file.write_bytes(file.read_bytes()[:60])
    elif wrong == "missing":
        file.unlink()
    else:
        sitk.WriteImage(sitk.ReadImage(file)[:20], file)
    with pytest.raises(InputError, match=says) as raised:
        atlas_pairs(small_atlas, "PET-MRI", scalar=True)
    assert "25001.png" in str(raised.value)


def started(card):
    slices = sources()[0][1]
    data = TrainingData([(1.0, [replace(slices[0], group="STS_004")])], [replace(slices[0], group="STS_007")])
    start = LoadedWeights(LCDFusionNet(EXPERIMENTS["Exp1"]), "best", "abc", card)
    return describe(data, kind="ct-pet", never_seen=["STS_001", "PET-MRI/25", "PET-MRI/30"], split="by patient", seed=1, start=start)


def test_what_the_start_weights_saw_these_weights_saw():
    before = {"title": "LCDFusion both", "data": ["another; CC0"], "trained_on": ["PET-MRI/25", "STS_009"], "validated_on": ["PET-MRI/30"]}
    card = started({**before, "step": 700, "preset": {"steps": 800}, "started_from": {"sha256": "0"}})
    assert card["trained_on"] == ["PET-MRI/25", "STS_004", "STS_009"]
    assert card["validated_on"] == ["PET-MRI/30", "STS_007"]
    assert card["never_seen"] == ["STS_001"]
    assert [text.split("; ")[-1] for text in card["data"]] == ["CC BY 3.0", "CC0"]
    assert card["started_from"] == {
        "sha256": "abc",
        "title": "LCDFusion both",
        "started_from": {"sha256": "0"},
        "step": 700,
        "preset": {"steps": 800},
    }
    json.dumps(card)


def test_start_weights_that_do_not_say_what_they_saw_leave_nothing_to_claim():
    assert started({"never_seen": "STS_001", "step": 700})["never_seen"] == []


def test_both_images_of_a_crop_are_turned_alike():
    """A function that is the anatomy stays it, whatever way up; every one of the eight ways comes up."""
    image = np.random.default_rng(3).random((24, 24), np.float32)
    sampler = CropSampler([(1.0, [SlicePair(image, image, "a", "a/0")])], size=24, seed=0)
    seen = set()
    for _ in range(80):
        anatomy, function = sampler.crop()
        assert np.corrcoef(anatomy.ravel(), function.ravel())[0, 1] > 0.5
        seen.add(anatomy.tobytes())
    ways = {np.rot90(turned, n).tobytes() for turned in (image, image[:, ::-1]) for n in range(4)}
    assert seen == ways
