"""Sets of pairs: which they are, that no training saw them, and what a folder must hold."""

import numpy as np
import pytest

from LCDFusionLib.errors import InputError
from LCDFusionLib.evaluation.catalogue import check_names
from LCDFusionLib.evaluation.pair_sets import TITLES, evenly, pair_set, sarcoma_slices
from Testing.evaluation.conftest import anatomy_and_function, write


@pytest.fixture(scope="module")
def sets(shared_data):
    return {name: pair_set(name, shared_data) for name in TITLES if name != "spect-mri-scalar"}


def test_named_sets_hold_what_is_documented(sets):
    assert {name: len(each.pairs) for name, each in sets.items()} == {
        "pet-mri": 27,
        "pet-mri-scalar": 27,
        "spect-mri": 27,
        "ct-pet-mediastinum": 40,
        "ct-pet-lung": 40,
        "mr-pet": 24,
    }


def test_no_training_and_no_validation_saw_them(sets):
    """`Testing/training` checks that nothing of these groups is drawn there."""
    patients = {"STS_001", "STS_003", "STS_017", "STS_037", "STS_047"}
    assert {name: {pair.group for pair in each.pairs} for name, each in sets.items()} == {
        "pet-mri": {"PET-MRI/25"},
        "pet-mri-scalar": {"PET-MRI/25"},
        "spect-mri": {"SPECT-MRI/9", "SPECT-MRI/21", "SPECT-MRI/40"},
        "ct-pet-mediastinum": patients,
        "ct-pet-lung": patients,
        "mr-pet": patients - {"STS_037", "STS_003"},
    }


def test_pairs_are_8_bit_images_with_something_in_them(sets):
    for each in sets.values():
        assert len({pair.name for pair in each.pairs}) == len(each.pairs)
        for pair in each.pairs:
            for image in (pair.anatomy, pair.function):
                assert image.dtype == np.float32
                assert np.abs(255 * image.astype(np.float64) - np.rint(255 * image)).max() < 1e-4
                assert image.std() > 0.01


def test_both_forms_of_the_atlas_hold_the_same_slices(sets):
    luma, scalar = sets["pet-mri"].pairs, sets["pet-mri-scalar"].pairs
    assert [pair.name for pair in luma] == [pair.name for pair in scalar]
    assert all(
        np.array_equal(a.anatomy, b.anatomy) and not np.array_equal(a.function, b.function) for a, b in zip(luma, scalar, strict=True)
    )


def test_slices_are_spread_evenly():
    assert sarcoma_slices(71) == [7, 15, 23, 31, 39, 47, 55, 63]
    assert evenly(9, 3) == [1, 4, 7]
    assert evenly(5, 5) == [0, 1, 2, 3, 4]


def test_folder_of_pairs_with_a_coloured_function(tmp_path):
    anatomy, function = anatomy_and_function(0)
    write(anatomy, tmp_path / "mine" / "anatomy" / "a.png")
    write(np.stack([function, 0 * function, 0 * function], axis=-1), tmp_path / "mine" / "function" / "a.png")
    mine = pair_set(str(tmp_path / "mine"), None)
    assert mine.name == "mine"
    (pair,) = mine.pairs
    assert pair.name == "a"
    assert pair.function * 255 == pytest.approx(np.floor(0.299 * function + 0.5), abs=1e-4)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("no set", "There is no set of pairs"),
        ("no function", "has no folder 'function'"),
        ("alone", "has no partner of that name"),
        ("empty", "There is no PNG file"),
        ("sizes", r"different sizes \(64x64 and 64x50\)"),
    ],
)
def test_folder_that_is_not_one_of_pairs_is_refused(tmp_path, wrong, says):
    anatomy, function = anatomy_and_function(0)
    if wrong != "no set":
        (tmp_path / "mine" / "anatomy").mkdir(parents=True)
    if wrong not in ("no set", "no function"):
        (tmp_path / "mine" / "function").mkdir()
    if wrong in ("alone", "sizes"):
        write(anatomy, tmp_path / "mine" / "anatomy" / "a.png")
    if wrong == "sizes":
        write(function[:50], tmp_path / "mine" / "function" / "a.png")
    with pytest.raises(InputError, match=says):
        pair_set(str(tmp_path / "mine"), None)


def test_named_set_without_its_images_is_refused(tmp_path):
    with pytest.raises(InputError, match="--data"):
        pair_set("mr-pet", None)
    for name in TITLES:
        with pytest.raises(InputError, match="not complete"):
            pair_set(name, tmp_path)


def test_two_sets_of_one_name_are_refused(pairs_folder):
    one = pair_set(str(pairs_folder), None)
    with pytest.raises(InputError, match="Two sets"):
        check_names([one, one])
