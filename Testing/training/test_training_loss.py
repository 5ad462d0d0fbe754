"""The loss: what it prefers, and that its gradients can be trusted."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from LCDFusionLib.training.loss import LossWeights, darkening_loss, fusion_loss, gradient_magnitude, lesion_edges_lost, overlay
from LCDFusionLib.training.presets import MR_CHANGES, PRESETS

CT = PRESETS["default"].loss
MR = replace(CT, **MR_CHANGES)


@pytest.fixture(scope="module")
def images():
    """An anatomy with edges and texture, and a smooth function with a hot spot that the anatomy does not show."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:64, :64]
    anatomy = 0.3 + 0.3 * (columns > 30) + 0.1 * np.sin(rows / 3) + random.normal(0, 0.02, (64, 64))
    function = 0.1 + 0.7 * np.exp(-((rows - 20) ** 2 + (columns - 16) ** 2) / 120)
    return [torch.tensor(x.clip(0, 1), dtype=torch.float32)[None, None] for x in (anatomy, function)]


def value(fused, images, weights):
    return fusion_loss(fused, *images, weights)[0].item()


def test_papers_intensity_term_is_flat_between_the_sources(images):
    anatomy, function = images
    paper = LossWeights(sources=1.0)
    copies = [value(x, images, paper) for x in (anatomy, function, (anatomy + function) / 2)]
    assert copies == pytest.approx([copies[0]] * 3, rel=1e-5)


def test_default_loss_does_not_take_a_copy_of_the_anatomy(images):
    anatomy, function = images
    default = PRESETS["default"].loss
    both = overlay(anatomy, function, default)
    assert value(both, images, default) < value(anatomy, images, default)
    assert value(both, images, default) < value((anatomy + function) / 2, images, default)


def test_gradients_are_finite_where_metrics_are_undefined():
    flat = torch.zeros(2, 1, 48, 48)
    fused = torch.full_like(flat, 0.5, requires_grad=True)
    loss, terms = fusion_loss(fused, flat, flat, PRESETS["default"].loss)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(fused.grad).all()
    assert all(np.isfinite(term) for term in terms.values())


def test_gradient_magnitude_of_a_ramp_is_that_of_the_unnormalised_sobel():
    ramp = torch.arange(20.0).repeat(20, 1)[None, None] * 0.03
    assert gradient_magnitude(ramp)[0, 0, 1:-1, 1:-1] == pytest.approx(8 * 0.03, abs=1e-6)


def test_overlay_of_a_flat_anatomy():
    anatomy = torch.linspace(0, 1, 33, dtype=torch.float64)[:, None, None, None].expand(-1, 1, 4, 41)
    function = torch.linspace(0, 1, 41, dtype=torch.float64).expand(33, 1, 4, 41)
    fused = overlay(anatomy, function, CT)[:, 0, 0]
    assert (fused.diff(dim=1) > 0).all(), "brighter with uptake, on white anatomy too"
    assert (fused.diff(dim=0) > 0).all(), "the anatomy shows through the hottest uptake"
    assert fused.min() == 0
    assert fused.max() == pytest.approx(1)
    assert fused[-1, 0].item() == pytest.approx(0.97), "white without uptake leaves the headroom"
    assert fused[8, 0].item() == pytest.approx(0.25, abs=0.01), "gray without uptake hardly changes"


@pytest.mark.parametrize("weights", [CT, MR], ids=["CT", "MR"])
def test_in_the_overlay_more_uptake_is_never_darker_whatever_the_detail(weights):
    anatomy = torch.rand(1, 1, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).round()
    levels = [overlay(anatomy, torch.full_like(anatomy, level), weights) for level in torch.linspace(0, 1, 21).tolist()]
    assert all((hotter >= colder - 1e-12).all() for colder, hotter in pairwise(levels))


@pytest.mark.parametrize(("weights", "kept"), [(CT, 0.8), (MR, 0.5)], ids=["CT", "MR"])
def test_in_the_overlay_edges_stay_under_the_hottest_uptake(weights, kept):
    anatomy = 0.4 + 0.1 * (torch.arange(64.0) // 4 % 2).expand(1, 1, 64, 64)
    step = overlay(anatomy, torch.ones_like(anatomy), weights)[0, 0, 32].diff().abs().max().item()
    assert step > kept * 0.1


def test_lost_edges_count_only_under_uptake(images):
    anatomy, _ = images
    half = torch.zeros_like(anatomy)
    half[..., 32:] = 1
    flat_right = torch.where(half > 0, anatomy.mean(), anatomy)
    assert lesion_edges_lost(anatomy, anatomy, half, 0.85).item() == pytest.approx(0, abs=1e-6)
    assert lesion_edges_lost(flat_right, anatomy, half, 0.85).item() > 0.6
    assert lesion_edges_lost(flat_right, anatomy, 1 - half, 0.85).item() < 0.1
    assert lesion_edges_lost(-anatomy, anatomy, half, 0.85).item() > 0.85, "an edge turned round is a lost edge"


def test_darkening_counts_what_gets_darker_and_nothing_else():
    before = torch.full((1, 1, 20, 20), 0.5)
    added = torch.zeros_like(before)
    added[..., 5:10, 5:10] = 0.4
    assert darkening_loss(before, before + added, added) == 0
    halo = before + added
    halo[..., 4, 5:10] -= 0.2
    assert darkening_loss(before, halo, added).item() == pytest.approx(5 * 0.2 / (25 * 0.4), rel=1e-5)
