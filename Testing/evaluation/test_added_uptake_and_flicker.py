"""Checks whose answer is known: rules that can never darken, one that does, and volumes that flicker or not."""

import numpy as np
import pytest

from LCDFusionLib.evaluation.added_uptake import added_uptake_case, distance_to_spots, with_spots
from LCDFusionLib.evaluation.catalogue import CHECKS, find
from LCDFusionLib.evaluation.flicker import FlickerCase
from LCDFusionLib.evaluation.methods import BUILT_IN
from LCDFusionLib.evaluation.pair_sets import round_to_8_bit, to_8_bit
from LCDFusionLib.training.samples import SlicePair
from Testing.evaluation.conftest import anatomy_and_function


def pair(size=96):
    anatomy, function = anatomy_and_function(2, size)
    return to_8_bit(SlicePair((anatomy / 255).astype(np.float32), (function / 510).astype(np.float32), "g", "p"))


def judged(rule, of=None):
    of = of or added_uptake_case(pair(), name="p")
    return of.measure(np.stack([round_to_8_bit(rule(each.anatomy, each.function)) for each in of.pairs]))


def test_spots_are_added_as_strong_and_as_wide_as_said():
    before = pair()
    after = with_spots(before, 4.0, 0.4)
    added = after.function - before.function
    assert added.max() == pytest.approx(0.4, abs=0.02)
    assert added.min() >= 0
    distance = distance_to_spots(added.shape, 4.0)
    at_sigma = (distance > 3.5) & (distance < 4.5)
    assert added[at_sigma].mean() == pytest.approx(0.4 * np.exp(-0.5 * (distance[at_sigma] / 4) ** 2).mean(), abs=0.005)
    assert added[distance > 16].max() < 0.01
    assert after.anatomy is before.anatomy


def test_copy_of_the_function_gains_what_was_added():
    values = judged(lambda anatomy, function: function)
    assert values["gain"] == pytest.approx(1)
    assert values["darkest"] > 0
    assert values["halo"] <= 0


@pytest.mark.parametrize(("name", "gain"), [("average", 0.5), ("maximum", None), ("anatomy-only", 0)])
def test_rules_that_cannot_darken(name, gain):
    values = judged(BUILT_IN[name].fuse)
    assert values["darkest"] >= 0
    assert values["halo"] <= 0
    if gain is not None:
        assert values["gain"] == pytest.approx(gain, abs=0.03)


def test_inverted_uptake_and_haloes_are_caught():
    inverted = judged(lambda anatomy, function: anatomy * (1 - function))
    assert inverted["darkest"] < -50
    assert inverted["darkest_permille"] < -30
    assert inverted["gain"] < 0

    def dark_rim(anatomy, function):
        mean = sum(np.roll(function, (i, j), (0, 1)) for i in range(-12, 13, 3) for j in range(-12, 13, 3)) / 81
        return (0.5 + function - mean).clip(0, 1)

    assert judged(dark_rim)["halo"] > 10


def test_a_dark_ring_anywhere_within_four_sigma_is_caught():
    """Below half of the strength and short of 2.5 sigma, where a halo sits."""
    of = added_uptake_case(pair(), name="p")
    for place, (sigma, strength) in enumerate(of.spots, start=1):
        for start in (1.3, 1.8, 2.2, 3.0, 3.6):
            distance = distance_to_spots(of.pairs[0].function.shape, sigma) / sigma
            ring = (distance > start) & (distance < start + 0.4)
            fused = np.stack([each.function for each in of.pairs])
            fused[place][ring] = 0
            values = of.measure(fused)
            assert max(values["halo"], -values["darkest"]) > 5, (sigma, strength, start)


def test_discs_have_a_hard_edge_and_their_halo_is_seen():
    before = pair()
    disc = with_spots(before, 4.0, 0.4, hard=True)
    added, distance = disc.function - before.function, distance_to_spots(before.function.shape, 4.0)
    assert added[distance <= 8].min() > 0.39
    assert added[distance > 8].max() == 0
    of = added_uptake_case(before, name="p")
    assert [each.name for each in of.pairs[-2:]] == ["p_discs_4_0.1", "p_discs_4_0.4"]
    fused = np.stack([each.function for each in of.pairs])
    fused[-1][(distance > 8) & (distance < 10)] -= 0.05
    assert of.measure(fused.clip(0, 1))["halo"] > 5


def flicker(rule):
    random = np.random.default_rng(0)
    anatomy, function = (np.clip(0.5 + 0.02 * np.cumsum(random.normal(size=(6, 32, 32)), axis=0), 0, 1).astype(np.float32) for _ in "ab")
    pairs = tuple(to_8_bit(SlicePair(a, f, "g", str(k))) for k, (a, f) in enumerate(zip(anatomy, function, strict=True)))
    return FlickerCase("made up", pairs).measure(np.stack([rule(k, each) for k, each in enumerate(pairs)]))


def test_copies_flicker_as_their_source_and_an_alternating_gain_more():
    assert flicker(lambda k, each: each.anatomy)["flicker"] <= 1
    assert flicker(lambda k, each: (each.anatomy + each.function) / 2)["flicker"] < 1
    still = flicker(lambda k, each: np.full((32, 32), 0.5, dtype=np.float32))
    assert still["flicker"] == 0
    unsteady = flicker(lambda k, each: each.anatomy + 0.1 * (k % 2))
    assert unsteady["flicker"] > 2
    assert unsteady["unexplained"] > 0.5


@pytest.mark.parametrize("name", [name for name in CHECKS if name.endswith("ct") and not name.startswith("lesions")])
def test_checks_of_held_out_patients(shared_data, name):
    check = find(name, shared_data)
    assert check.weights == ("ct-pet",)
    assert len(check) == {"added-uptake-ct": 6, "flicker-ct": 10, "under-uptake-ct": 8}[name]
    names = [each.name for each in check.pairs]
    assert len(set(names)) == len(names), "each pair has a file name of its own"
    for each in check.cases:
        values = each.measure(np.stack([one.function for one in each.pairs]))
        assert set(values) == {measure.name for measure in check.measures}
