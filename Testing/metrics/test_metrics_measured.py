"""What was not measured counts in no metric: neither what stands there, nor differences and patches with it."""

import pytest
import torch

from LCDFusionLib.metrics import METRICS, PER_SOURCE, evaluate, evaluate_each


@pytest.fixture
def images():
    generator = torch.Generator().manual_seed(3)
    return [torch.rand(2, 1, 64, 72, generator=generator, dtype=torch.float64) * 255 for _ in range(3)]


def outside_a_circle():
    y, x = torch.meshgrid(torch.arange(64), torch.arange(72), indexing="ij")
    return (((y - 31) ** 2 + (x - 35) ** 2) < 30**2).expand(2, 1, 64, 72).clone()


def test_nothing_depends_on_what_was_not_measured(images):
    measured = outside_a_circle()
    before = evaluate(*images, measured)
    for value in (0.0, 255.0):
        changed = [torch.where(measured, image, value) for image in images]
        after = evaluate(*changed, measured)
        for name in (*METRICS, *PER_SOURCE):
            assert torch.isfinite(before[name]).all(), name
            torch.testing.assert_close(after[name], before[name], rtol=1e-12, atol=1e-12)
    assert (evaluate(*changed)["SD"] != before["SD"]).all()


def test_a_border_that_was_not_measured_is_cut_off(images):
    """Those metrics that look at single pixels, or at pixels within, are the cut image's own."""
    measured = torch.zeros(2, 1, 64, 72, dtype=torch.bool)
    measured[..., 8:60, 6:66] = True
    within = evaluate(*(image[..., 8:60, 6:66] for image in images))
    masked = evaluate(*images, measured)
    for name in ("IE", "SD", "SF", "SCD", "SCD_anatomy", "SCD_function"):
        torch.testing.assert_close(masked[name], within[name], rtol=1e-10, atol=1e-10)


def test_all_measured_is_no_mask(images):
    everywhere = torch.ones(2, 1, 64, 72, dtype=torch.bool)
    for name, values in evaluate(*images, everywhere).items():
        torch.testing.assert_close(values, evaluate(*images)[name], rtol=1e-10, atol=1e-10)


def test_nothing_measured_says_nothing(images):
    nowhere = torch.zeros(2, 1, 64, 72, dtype=torch.bool)
    values = evaluate(*images, nowhere)
    assert all(values[name].isnan().all() for name in ("SD", "AG", "SF", "EI", "SCD", "VIF", "QABF"))


def test_another_shape_or_type_is_refused(images):
    with pytest.raises(ValueError, match="measured must be boolean"):
        evaluate(*images, torch.ones(2, 1, 64, 72))


@pytest.mark.parametrize("is_masked", [False, True])
def test_sources_that_several_images_share_give_each_its_own_values(images, is_masked):
    anatomy, function, fused = images
    anatomy[1] = 7.0  # a constant source, of which some metrics say nothing
    several = [fused, (anatomy + function) / 2, anatomy]
    measured = outside_a_circle() if is_masked else None
    for image, together in zip(several, evaluate_each(several, anatomy, function, measured), strict=True):
        alone = evaluate(image, anatomy, function, measured)
        assert list(together) == list(alone)
        for name, value in alone.items():
            torch.testing.assert_close(together[name], value, rtol=0, atol=0, equal_nan=True)
