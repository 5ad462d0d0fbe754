"""Splits: the paper's shares at random, and patients and series never cut."""

import numpy as np
import pytest

from LCDFusionLib.errors import InputError
from LCDFusionLib.training.experiments import PET_CT_SIZE, experiment, experiment_pairs
from LCDFusionLib.training.samples import SlicePair, VolumePair
from LCDFusionLib.training.splits import PARTS, both_splits_in_words, leak, split_pairs
from LCDFusionLib.training.whole_slices import WholeSlices

NOTHING = np.zeros((4, 4), np.float32)


def pairs_of(**sizes):
    return [SlicePair(NOTHING + n, NOTHING, group, f"{group}/{n}") for group, size in sizes.items() for n in range(size)]


def names(part):
    return {pair.name for pair in part}


@pytest.fixture
def pairs():
    return pairs_of(a=40, b=25, c=35, d=20, e=30, f=50, g=45)


@pytest.mark.parametrize("by", ["random", "group"])
def test_every_pair_is_in_one_part(pairs, by):
    split = split_pairs(pairs, by)
    parts = [names(getattr(split, part)) for part in PARTS]
    assert sum(map(len, parts)) == len(pairs)
    assert set.union(*parts) == names(pairs)
    assert [names(getattr(split_pairs(pairs, by), part)) for part in PARTS] == parts, "the seed decides"
    assert [names(getattr(split_pairs(pairs, by, seed=1), part)) for part in PARTS] != parts


def test_random_split_has_the_papers_shares():
    split = split_pairs(pairs_of(a=245), "random")
    assert (len(split.training), len(split.validation), len(split.test)) == (181, 25, 39)


@pytest.mark.parametrize("seed", range(5))
def test_groups_are_never_cut_and_shares_nearly_met(pairs, seed):
    split = split_pairs(pairs, "group", seed=seed)
    groups = [{pair.group for pair in getattr(split, part)} for part in PARTS]
    assert all(groups)
    assert sum(map(len, groups)) == 7
    assert len(split.training) / len(pairs) == pytest.approx(0.74, abs=0.15)


def test_three_groups_are_one_each_and_two_are_too_few():
    split = split_pairs(pairs_of(a=86, b=73, c=86), "group")
    assert all(len({pair.group for pair in getattr(split, part)}) == 1 for part in PARTS)
    with pytest.raises(InputError, match="at least 3 of them, got a, b"):
        split_pairs(pairs_of(a=5, b=5), "group")


def test_leak_is_counted(pairs):
    by_group = leak(split_pairs(pairs, "group"), pairs)
    assert (by_group.same_group, by_group.next_slice) == (0, 0)
    split = split_pairs(pairs, "random")
    trained = names(split.training)
    expected = sum(any(f"{p.group}/{int(p.name.split('/')[1]) + d}" in trained for d in (-1, 1)) for p in split.test)
    assert leak(split, pairs).next_slice == expected > 0.8 * len(split.test)
    assert leak(split, pairs).same_group == len(split.test)


def test_both_splits_are_shown_side_by_side(pairs):
    shown = both_splits_in_words(pairs).splitlines()
    assert "random" in shown[0]
    assert "181 pairs, 7 groups" in shown[1]
    assert shown[-1].split()[-3:] == ["0", "of", str(len(split_pairs(pairs, "group").test))]


def test_an_epoch_takes_each_slice_once(pairs):
    slices = WholeSlices([(1.0, pairs[:21])], 8, seed=42)
    epochs = [[slices.batch(3 * epoch + n)[0] for n in range(3)] for epoch in range(2)]
    assert [len(batch) for batch in epochs[0]] == [8, 8, 5]
    orders = [np.concatenate(epoch)[:, 0, 0, 0] for epoch in epochs]
    assert all(sorted(order) == list(range(21)) for order in orders)
    assert not np.array_equal(*orders)


def test_whole_slices_are_no_volumes_and_of_one_shape():
    volume = VolumePair(np.zeros((2, 4, 4), np.float32), np.zeros((2, 4, 4), np.float32), "v", ((0, 1),), (1, 2))
    with pytest.raises(ValueError, match="not volumes"):
        WholeSlices([(1.0, [volume])], 8, seed=0)
    with pytest.raises(InputError, match="different sizes"):
        WholeSlices([(1.0, [*pairs_of(a=1), SlicePair(np.zeros((5, 4), np.float32), NOTHING, "b", "b")])], 8, seed=0)


def test_atlas_experiment_is_whole_and_leaks_at_random(shared_data):
    data, split, pairs = experiment(shared_data, "atlas-pet-mri", "random")
    assert len(pairs) == 245
    assert {pair.anatomy.shape for pair in pairs} == {(256, 256)}
    assert leak(split, pairs).same_group == 39
    assert not names(data.sources[0][1]) & names(split.test)
    _, split, pairs = experiment(shared_data, "atlas-spect-mri", "group")
    assert leak(split, pairs).same_group == 0


def test_sarcoma_experiments_differ_in_the_window_alone(shared_data):
    lung, mediastinum = (experiment_pairs(shared_data, f"sarcoma-ct-{window}") for window in ("lung", "mediastinum"))
    assert len(lung) == len(mediastinum) > 200
    assert len({pair.group for pair in lung}) == 20
    assert {pair.anatomy.shape for pair in lung} == {(PET_CT_SIZE, PET_CT_SIZE)}
    assert np.array_equal(lung[50].function, mediastinum[50].function)
    assert lung[50].anatomy.mean() > mediastinum[50].anatomy.mean() + 0.1, "soft tissue is white in the lung window"
