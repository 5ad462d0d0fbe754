"""The loss: what it prefers, and that its gradients can be trusted."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from LCDFusionLib.training.loss import LossWeights, fusion_loss, gradient_magnitude, overlay
from LCDFusionLib.training.presets import PRESETS

DEFAULT = PRESETS["default"].loss


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


def test_default_loss_has_one_optimum_and_takes_no_copy_of_a_source(images):
    anatomy, function = images
    assert value(overlay(anatomy, function), images, DEFAULT) == 0
    copies = [value(copy, images, DEFAULT) for copy in (anatomy, function, (anatomy + function) / 2, torch.maximum(anatomy, function))]
    assert min(copies) > 0.05


def test_under_uptake_the_same_difference_costs_more(images):
    anatomy, function = images
    fused = overlay(anatomy, function)
    hot = function > 0.7
    costs = [value(fused + 0.1 * where, images, LossWeights(overlay=1.0, plateau=0.5)) / where.sum().item() for where in (hot, ~hot)]
    assert costs[0] > 3 * costs[1]


def test_gradients_are_finite_without_any_uptake():
    flat = torch.zeros(2, 1, 48, 48)
    fused = torch.full_like(flat, 0.5, requires_grad=True)
    loss, terms = fusion_loss(fused, flat, flat, DEFAULT)
    loss.backward()
    assert torch.isfinite(fused.grad).all()
    assert terms == {"overlay": 0.5, "plateau": 0.0, "guide_edges": 0.0}


def test_gradient_magnitude_of_a_ramp_is_that_of_the_unnormalised_sobel():
    ramp = torch.arange(20.0).repeat(20, 1)[None, None] * 0.03
    assert gradient_magnitude(ramp)[0, 0, 1:-1, 1:-1] == pytest.approx(8 * 0.03, abs=1e-6)


def test_overlay_of_a_flat_anatomy():
    anatomy = torch.linspace(0, 1, 33, dtype=torch.float64)[:, None, None, None].expand(-1, 1, 4, 41)
    function = torch.linspace(0, 1, 41, dtype=torch.float64).expand(33, 1, 4, 41)
    fused = overlay(anatomy, function)[:, 0, 0]
    assert (fused[:-1].diff(dim=1) > 0).all(), "brighter with uptake"
    assert (fused.diff(dim=0) > 0).all(), "the anatomy shows through the hottest uptake"
    assert torch.allclose(fused[:, 0], anatomy[:, 0, 0, 0]), "without uptake it is the anatomy"
    assert torch.allclose(fused[:, -1], 0.6 + 0.4 * anatomy[:, 0, 0, 0]), "two fifths of it are left under the hottest"


def test_in_the_overlay_more_uptake_is_never_darker_whatever_the_detail():
    anatomy = torch.rand(1, 1, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).round()
    levels = [overlay(anatomy, torch.full_like(anatomy, level)) for level in torch.linspace(0, 1, 21).tolist()]
    assert all((hotter >= colder - 1e-12).all() for colder, hotter in pairwise(levels))


def test_in_the_overlay_edges_stay_under_the_hottest_uptake():
    anatomy = 0.4 + 0.1 * (torch.arange(64.0) // 4 % 2).expand(1, 1, 64, 64)
    step = overlay(anatomy, torch.ones_like(anatomy))[0, 0, 32].diff().abs().max().item()
    assert step > 0.8 * 0.1
