"""The optimisers: what they move, and how far."""

import pytest
import torch

from LCDFusionLib.errors import InputError
from LCDFusionLib.network import LCDFusionNet, RewrittenNet
from LCDFusionLib.training.loss import fusion_loss
from LCDFusionLib.training.optimizer import Optimizer
from LCDFusionLib.training.presets import PRESETS

LOSS = PRESETS["default"].loss


def trained(kind, learning_rate, steps, images):
    """A network after some steps on one pair of images."""
    torch.manual_seed(0)
    network = LCDFusionNet()
    model, optimizer = RewrittenNet(network, gate_stride=4), Optimizer(network, kind, learning_rate)
    for _ in range(steps):
        network.zero_grad()
        loss, _ = fusion_loss(model(*images), *images, LOSS)
        loss.backward()
        optimizer.step()
    return network


@pytest.fixture(scope="module")
def images():
    generator = torch.Generator().manual_seed(1)
    anatomy = torch.nn.functional.interpolate(torch.rand(1, 1, 10, 10, generator=generator), (40, 40), mode="bicubic").clamp(0, 1)
    function = torch.nn.functional.interpolate(torch.rand(1, 1, 4, 4, generator=generator), (40, 40), mode="bicubic").clamp(0, 1)
    return anatomy, function


@pytest.mark.parametrize("kind", ["adam", "muon"])
def test_every_number_of_the_network_is_trained(kind, images):
    before = trained(kind, 1e-3, 1, images).state_dict()
    after = trained(kind, 1e-3, 2, images).state_dict()
    assert [name for name in before if torch.equal(before[name], after[name])] == []


def test_muon_moves_all_directions_alike():
    """Singular values from 1 to 0.05 in the gradient are nearly one value in the step: 0.2 of the rate times the root of the columns."""
    network = LCDFusionNet()
    optimizer = Optimizer(network, "muon", 1e-2)
    weight = network.decoder.rest[0].weight
    before, columns = weight.detach().flatten(1).clone(), 32 * 9
    generator = torch.Generator().manual_seed(1)
    left, right = (torch.linalg.qr(torch.randn(n, 32, generator=generator))[0] for n in (32, columns))
    weight.grad = (left @ torch.diag(torch.logspace(0, -1.3, 32)) @ right.T).view_as(weight)
    optimizer.step()
    moved = torch.linalg.svdvals(weight.detach().flatten(1) - before) / (0.2 * 1e-2 * columns**0.5)
    assert moved.min() > 0.6
    assert moved.max() < 1.3


def test_a_pytorch_without_muon_says_so(monkeypatch):
    """It came with 2.9; inference runs with older ones."""
    monkeypatch.delattr(torch.optim, "Muon")
    with pytest.raises(InputError, match="has no Muon"):
        Optimizer(LCDFusionNet(), "muon", 1e-3)
    Optimizer(LCDFusionNet(), "adam", 1e-3)
