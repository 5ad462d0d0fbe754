"""Images whose metrics are known by hand, sizes, and what cannot be measured."""

import math

import numpy as np
import pytest
import torch

from LCDFusionLib.metrics import METRICS, PER_SOURCE, evaluate
from LCDFusionLib.metrics.gradients import magnitude, sobel

ALL = METRICS + PER_SOURCE
DTYPES = (torch.float32, torch.float64)


def noise(*shape, seed=0, dtype=torch.float64):
    return 255 * torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def constant(level, size=64, dtype=torch.float64):
    return torch.full((1, 1, size, size), level, dtype=dtype)


def ramp(slope_x, slope_y, rows=48, columns=60):
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    return (slope_x * x + slope_y * y).double()[None, None]


def checkerboard(low, high, size=64):
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    return torch.where((x + y) % 2 == 0, low, high).double()[None, None]


def of_fused_alone(fused):
    return {name: value.item() for name, value in evaluate(fused, fused, fused).items()}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", [0.0, 25.3, 255.0])
def test_constant_image_has_no_content(level, dtype):
    sources = noise(2, 1, 64, 64, dtype=dtype).split(1)
    values = {name: value.item() for name, value in evaluate(constant(level, dtype=dtype), *sources).items()}
    assert values["IE"] == values["AG"] == values["SF"] == values["EI"] == 0
    assert values["SD"] == pytest.approx(0, abs=1e-4)
    assert values["VIF"] == values["VIF_anatomy"] == values["VIF_function"] == 0


def test_ramp():
    values = of_fused_alone(ramp(3, 4))
    assert values["AG"] == pytest.approx(5 / math.sqrt(2))
    assert values["SF"] == pytest.approx(5)


def test_edge_intensity_of_a_ramp():
    # Inside 8 * slope; in the two border columns, whose neighbour is replicated, 4 * slope.
    assert of_fused_alone(ramp(3, 0, columns=60))["EI"] == pytest.approx(24 * (58 + 2 / 2) / 60)


def test_checkerboard():
    values = of_fused_alone(checkerboard(50, 90))
    assert values["SF"] == pytest.approx(40 * math.sqrt(2))
    assert values["SD"] == pytest.approx(20)
    assert values["IE"] == 1


def test_entropy():
    fused = torch.zeros(2, 1, 64, 64)
    fused[0, 0, :16] = 200  # a quarter
    fused[1] = torch.arange(64 * 64).view(64, 64) % 256
    entropy = evaluate(fused, fused, fused)["IE"]
    assert entropy[0].item() == pytest.approx(-0.25 * math.log2(0.25) - 0.75 * math.log2(0.75))
    assert entropy[1].item() == 8


def test_entropy_rounds_halves_up_and_keeps_what_lies_outside():
    fused = torch.tensor([0.5, 1.0, 1.5, 2.0, -9.0, 0.49, 255.4, 300.0]).repeat(8, 1)[None, None]  # 1 1 2 2 0 0 255 255
    assert of_fused_alone(fused)["IE"] == 2


def test_copy_of_a_source():
    anatomy, function = noise(2, 1, 64, 64).split(1)
    values = evaluate(anatomy.clone(), anatomy, function)
    assert values["VIF_anatomy"].item() == pytest.approx(1)
    # 0.9994 * 0.9879 / (1 + exp(-22 * 0.2)): the most that the constants of Xydeas and Petrovic allow
    assert values["QABF_anatomy"].item() == pytest.approx(0.9994 * 0.9879 / (1 + math.exp(-4.4)), rel=1e-5)
    assert values["SCD"].isnan()
    assert values["SCD_function"].isnan()
    assert values["SCD_anatomy"].item() == pytest.approx(math.sqrt(0.5), abs=0.03)  # corr(a - b, a) of independent a, b


def test_scd_of_the_sum_is_two():
    anatomy, function = (noise(2, 1, 64, 64) / 2).split(1)
    values = evaluate(anatomy + function, anatomy, function)
    assert values["SCD_anatomy"].item() == pytest.approx(1)
    assert values["SCD_function"].item() == pytest.approx(1)


def test_function_term_is_of_the_function():
    anatomy, function = noise(2, 1, 64, 64).split(1)
    values = evaluate(0.9 * anatomy + 0.1 * function, anatomy, function)
    beyond = torch.corrcoef(torch.stack([(0.1 * function - 0.1 * anatomy).flatten(), function.flatten()]))[0, 1]
    assert values["SCD_function"].item() == pytest.approx(beyond.item())
    assert values["VIF_anatomy"] > 10 * values["VIF_function"]
    assert values["QABF_anatomy"] > 2 * values["QABF_function"]


def test_sources_swapped_swap_their_parts():
    fused, anatomy, function = noise(3, 1, 70, 53).split(1)
    values, swapped = evaluate(fused, anatomy, function), evaluate(fused, function, anatomy)
    for name in METRICS:
        torch.testing.assert_close(values[name], swapped[name])
    for metric in ("SCD", "VIF", "QABF"):
        torch.testing.assert_close(values[f"{metric}_anatomy"], swapped[f"{metric}_function"])


def test_mirrored_images_measure_the_same():
    """All but QABF, whose convention for the angle of horizontal edges has a sign."""
    images = noise(3, 1, 49, 49).split(1)  # 49: every halving in VIF's pyramid begins and ends with a pixel that is kept
    values, mirrored = evaluate(*images), evaluate(*(image.flip(3) for image in images))
    for name in set(ALL) - {"QABF", "QABF_anatomy", "QABF_function"}:
        torch.testing.assert_close(values[name], mirrored[name])


def test_qabf_weighs_each_source_by_its_edges():
    fused, anatomy, function = noise(3, 1, 64, 64).split(1)
    values = evaluate(fused, anatomy, function)
    of_anatomy, of_function = (
        magnitude(*sobel(torch.nn.functional.pad(source, (1, 1, 1, 1)))).sum((1, 2, 3)) for source in (anatomy, function)
    )
    weighted = (of_anatomy * values["QABF_anatomy"] + of_function * values["QABF_function"]) / (of_anatomy + of_function)
    torch.testing.assert_close(values["QABF"], weighted)


@pytest.mark.parametrize("dtype", DTYPES)
def test_blank_function_image_is_told_apart(dtype):
    anatomy = noise(1, 1, 64, 64, dtype=dtype)
    values = evaluate(0.5 * anatomy, anatomy, torch.zeros_like(anatomy))
    undefined = {"SCD", "SCD_function", "VIF", "VIF_function", "QABF_function"}
    assert {name for name, value in values.items() if value.isnan()} == undefined
    assert values["QABF"] == values["QABF_anatomy"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("level", [0.1, 25.3, 254.9])
def test_constant_source_has_no_information_whatever_the_rounding(level, dtype):
    fused, anatomy = noise(2, 1, 64, 64, dtype=dtype).split(1)
    values = evaluate(fused, anatomy, constant(level, dtype=dtype))
    assert values["VIF_function"].isnan()
    assert values["SCD_function"].isnan()
    assert values["VIF_anatomy"].isfinite()


def test_one_undefined_image_leaves_the_others_of_its_batch():
    fused, anatomy, function = noise(3, 4, 64, 64).unsqueeze(2).unbind(0)
    expected = evaluate(fused[1:], anatomy[1:], function[1:])
    function[0], fused[0] = 0, torch.nan
    values = evaluate(fused, anatomy, function)
    for name in ALL:
        assert values[name][0].isnan()
        torch.testing.assert_close(values[name][1:], expected[name])


def test_one_pixel_without_a_value_leaves_no_entropy():
    fused = noise(2, 1, 64, 64)
    fused[0, 0, 5, 7] = torch.nan
    assert evaluate(fused, fused, fused)["IE"].isnan().tolist() == [True, False]


@pytest.mark.parametrize("dtype", DTYPES)
def test_rounding_is_no_difference_and_one_gray_level_is_one(dtype):
    """A level that no sum of float32 meets exactly; and one pixel of a whole slice, in one gray level."""
    anatomy, level = noise(1, 1, 511, 509, dtype=dtype), torch.full((1, 1, 511, 509), 254.9, dtype=dtype)
    assert evaluate(anatomy, anatomy, level)["SCD_function"].isnan()
    one_pixel = torch.zeros_like(level)
    one_pixel[..., 200, 300] = 1
    values = evaluate(anatomy + one_pixel, anatomy, one_pixel)
    assert values["SCD_function"].item() == pytest.approx(1, abs=1e-3 if dtype is torch.float32 else 1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [(41, 41), (40, 200), (200, 40), (16, 16), (2, 2), (1, 1), (1, 9)])
def test_small_images_never_raise(size, dtype):
    images = noise(3, 2, *size, dtype=dtype).unsqueeze(2).unbind(0)
    values = evaluate(*images)
    assert all(value.shape == (2,) for value in values.values())
    assert values["VIF"].isnan().all() == values["VIF_function"].isnan().all() == (min(size) < 41)
    assert values["AG"].isnan().all() == values["SF"].isnan().all() == (min(size) < 2)
    always = {"IE", "SD", "EI"} if size == (1, 1) else {"IE", "SD", "EI", "SCD", "QABF"}
    assert all(values[name].isfinite().all() for name in always)


def test_names_and_order():
    images = noise(3, 1, 64, 64).split(1)
    assert tuple(evaluate(*images)) == ALL
    assert METRICS == ("IE", "AG", "SD", "SF", "SCD", "VIF", "QABF", "EI")


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((1, 1, 64, 64), (1, 1, 64, 64), (1, 1, 64, 63)), "63"),
        (((64, 64), (64, 64), (64, 64)), r"\(B, 1, H, W\)"),
        (((1, 3, 64, 64),) * 3, r"\(B, 1, H, W\)"),
    ],
)
def test_wrong_shapes_are_named(shapes, message):
    with pytest.raises(ValueError, match=message):
        evaluate(*(torch.zeros(shape) for shape in shapes))


@pytest.mark.parametrize("dtypes", [(torch.uint8,) * 3, (torch.float32, torch.float32, torch.float64), (torch.float16,) * 3])
def test_wrong_types_are_named(dtypes):
    with pytest.raises(ValueError, match=str(dtypes[2])):
        evaluate(*(torch.zeros(1, 1, 64, 64, dtype=dtype) for dtype in dtypes))


@pytest.mark.parametrize("size", [3, 5, 9, 17])
def test_windows_of_vif_are_gaussians_of_a_fifth_of_their_size(size):
    """As of the reference implementation, `fspecial('gaussian', N, N / 5)`; scipy's window is the other side."""
    from scipy.signal.windows import gaussian

    from LCDFusionLib.metrics import vif

    expected = gaussian(size, size / 5)
    np.testing.assert_allclose(vif._gaussian(size), expected / expected.sum(), rtol=1e-12)


def test_the_share_of_a_small_whole_is_a_share_too():
    from LCDFusionLib.metrics.sources import share

    shares = share(torch.tensor([0.4, 0.0]), torch.tensor([0.8, 0.0]))
    assert shares[0] == 0.5
    assert torch.isnan(shares[1])
