"""VIF, QABF and SCD in a loss: right and finite gradients."""

import pytest
import torch

from LCDFusionLib.metrics import edge_preservation, sum_of_correlations_of_differences, visual_information_fidelity

BY_SOURCE = (edge_preservation, sum_of_correlations_of_differences, visual_information_fidelity)


def smooth_noise(*shape, seed):
    image = torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return 255 * torch.nn.functional.avg_pool2d(image, 5, 1)


@pytest.mark.parametrize("metric", BY_SOURCE)
def test_gradient_is_the_derivative(metric):
    fused, anatomy, function = (smooth_noise(1, 1, 48, 45, seed=seed) for seed in range(3))
    fused.requires_grad_()
    assert torch.autograd.gradcheck(lambda image: metric(image, anatomy, function), fused, fast_mode=True, atol=1e-4)


def awkward_images():
    """Fused images on which a square root, an angle or a ratio has no derivative."""
    anatomy, function = smooth_noise(1, 1, 64, 64, seed=0), smooth_noise(1, 1, 64, 64, seed=1)
    anatomy[..., :20, :], function[..., :30] = 0, 0
    stripes = (10.0 * torch.arange(60, dtype=torch.float64) % 70).expand(1, 1, 60, 60)
    faint = 1e-13 * smooth_noise(1, 1, 64, 64, seed=2)
    return (
        {
            "zero": torch.zeros_like(anatomy),
            "constant": torch.full_like(anatomy, 25.3),
            "anatomy": anatomy,
            "maximum": torch.maximum(anatomy, function),
            "upright edges": stripes,
            "level edges": stripes.mT,
            "faint": faint,
            "nearly upright": stripes + faint,
            "denormal": 1e-40 * anatomy,
        },
        anatomy,
        function,
    )


@pytest.mark.parametrize("metric", BY_SOURCE)
@pytest.mark.parametrize("name", ["maximum", "upright edges", "level edges", "half a level"])
def test_value_is_the_same_where_a_gradient_is_asked_for(name, metric):
    """Edges of less than one gray level too, and those whose angle has no derivative."""
    images, anatomy, function = awkward_images()
    images["half a level"] = anatomy / 2550
    expected = metric(images[name], anatomy, function)
    for value, right in zip(metric(images[name].requires_grad_(), anatomy, function), expected, strict=True):
        torch.testing.assert_close(value.detach(), right, rtol=1e-12, atol=1e-15, equal_nan=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("metric", BY_SOURCE)
@pytest.mark.parametrize("name", awkward_images()[0])
def test_gradient_is_finite(name, metric, dtype):
    images, anatomy, function = awkward_images()
    fused = images[name].to(dtype).requires_grad_()
    metric(fused, anatomy.to(dtype), function.to(dtype)).both.nansum().backward()
    assert fused.grad.isfinite().all()
    assert fused.grad.abs().max() < 1e-2


@pytest.mark.parametrize("metric", BY_SOURCE)
def test_undefined_image_does_not_spoil_the_batch(metric):
    fused, anatomy, function = (smooth_noise(2, 1, 64, 64, seed=seed) for seed in range(3))
    anatomy[0] = function[0] = 0
    fused[0] = 0
    fused.requires_grad_()
    value = metric(fused, anatomy, function).both
    assert value.isnan().tolist() == [True, False]
    value.nanmean().backward()
    assert (fused.grad[0] == 0).all()
    assert fused.grad[1].isfinite().all()
    assert (fused.grad[1] != 0).any()
