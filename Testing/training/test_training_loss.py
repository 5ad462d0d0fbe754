"""The loss: what it prefers, and that its gradients can be trusted."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from LCDFusionLib.training.loss import LossWeights, fusion_loss, gradient_magnitude
from LCDFusionLib.training.presets import PRESETS


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
    detail = anatomy - F.avg_pool2d(anatomy, 9, stride=1, padding=4, count_include_pad=False)
    both = (torch.maximum(anatomy, function) + 0.5 * detail * (function > anatomy)).clamp(0, 1)
    default = PRESETS["default"].loss
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


def test_gradient_magnitude_of_a_ramp_is_its_slope():
    ramp = torch.arange(20.0).repeat(20, 1)[None, None] * 0.03
    assert gradient_magnitude(ramp)[0, 0, 1:-1, 1:-1] == pytest.approx(0.03, abs=1e-6)
