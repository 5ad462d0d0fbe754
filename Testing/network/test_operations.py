"""Parameters and multiply-accumulates, counted, beside the paper's Table 8."""

import pytest
import torch

from LCDFusionLib.network import EXPERIMENTS, LCDFusionNet, NetworkConfig, RewrittenNet
from LCDFusionLib.network.operations import count_operations

# T: (parameters and multiply-accumulates of the paper's Table 8, ours)
TABLE_8 = {8: (515.9e3, 84.63e9, 516_945, 78.5e9), 16: (556.8e3, 94.75e9, 556_881, 88.6e9), 32: (720.4e3, 135.24e9, 716_625, 129.1e9)}


@pytest.mark.parametrize("size", TABLE_8)
def test_counts_beside_table_8(size):
    paper_parameters, paper_operations, parameters, operations = TABLE_8[size]
    cost = count_operations(LCDFusionNet(NetworkConfig(correlation_size=size)))
    assert cost.parameters == parameters
    assert cost.parameters == pytest.approx(paper_parameters, rel=0.006)
    assert cost.convolutions == pytest.approx(operations, rel=1e-3)
    assert cost.convolutions == pytest.approx(paper_operations, rel=0.08)
    pixels, correlated_channels = 356 * 356, size**2 * (16 + 32 + 32 + 64 + 64)
    assert cost.products == pytest.approx(2 * pixels * correlated_channels, rel=1e-2), "the correlation, which Table 8 leaves out"


def test_growth_with_t_is_the_papers():
    """What T adds to the convolutions is the projection of the correlation; all else cancels out."""
    counts = {size: count_operations(LCDFusionNet(NetworkConfig(correlation_size=size))).convolutions for size in (8, 16, 32)}
    assert counts[16] - counts[8] == pytest.approx(94.75e9 - 84.63e9, rel=0.01)
    assert counts[32] - counts[16] == pytest.approx(135.24e9 - 94.75e9, rel=0.01)


@pytest.mark.parametrize("form", [lambda n: n, RewrittenNet], ids=["direct", "rewritten"])
def test_counting_without_content_equals_counting_a_computed_pass(form):
    model = form(LCDFusionNet())
    assert count_operations(model, (40, 51)) == count_operations(model, (40, 51), device="cpu")
    assert next(model.parameters()).device == torch.device("cpu")


def test_first_variant_by_hand():
    """Exp1 at 16x16: a shared chain 1-16-32-32-64 of 3x3 and 64-64 of 1x1, twice, and the decoder 208-32-32-16-16-1."""
    encoder = 9 * (1 * 16 + 16 * 32 + 32 * 32 + 32 * 64) + 64 * 64
    decoder = 9 * (208 * 32 + 32 * 32 + 32 * 16 + 16 * 16 + 16 * 1)
    assert count_operations(LCDFusionNet(EXPERIMENTS["Exp1"]), (16, 16)).multiply_accumulates == 256 * (2 * encoder + decoder)


def test_rewrite_does_not_depend_on_t_and_saves_a_third():
    costs = [
        count_operations(RewrittenNet(LCDFusionNet(NetworkConfig(correlation_size=size)))).multiply_accumulates for size in (8, 16, 32)
    ]
    assert max(costs) / min(costs) < 1.001
    assert costs[1] < 0.65 * count_operations(LCDFusionNet()).multiply_accumulates
