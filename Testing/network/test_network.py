"""The whole network: size, shapes, batches, variants, and the rewritten form against the direct one."""

import pytest
import torch

from LCDFusionLib.network import EXPERIMENTS, LCDFusionNet, NetworkConfig, RewrittenNet


def images(*shape, dtype=torch.float32):
    generator = torch.Generator().manual_seed(2)
    return torch.rand(2, *shape, generator=generator, dtype=dtype).unbind()


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return LCDFusionNet().eval()


@pytest.mark.parametrize(("size", "count"), [(8, 516_945), (16, 556_881), (32, 716_625)])
def test_parameter_count_is_the_papers(size, count):
    network = LCDFusionNet(NetworkConfig(correlation_size=size))
    assert sum(p.numel() for p in network.parameters()) == count


@pytest.mark.parametrize(("height", "width"), [(16, 16), (31, 45), (17, 64), (512, 512)])
def test_any_size_from_16_gives_an_image_of_that_size(network, height, width):
    with torch.inference_mode():
        fused = RewrittenNet(network)(*images(1, 1, height, width)) if height > 100 else network(*images(1, 1, height, width))
    assert fused.shape == (1, 1, height, width)
    assert 0 <= fused.min() <= fused.max() <= 1


@pytest.mark.parametrize("form", [lambda n: n, RewrittenNet], ids=["direct", "rewritten"])
def test_batch_equals_one_by_one(network, form):
    model = form(network).double()
    anatomy, function = images(3, 1, 21, 34, dtype=torch.float64)
    together = model(anatomy, function)
    for n in range(3):
        torch.testing.assert_close(model(anatomy[n : n + 1], function[n : n + 1])[0], together[n], atol=1e-12, rtol=0)
    network.float()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_ablation_variants_run_and_learn(name):
    torch.manual_seed(0)
    network = LCDFusionNet(EXPERIMENTS[name])
    fused = network(*images(2, 1, 20, 18))
    assert fused.shape == (2, 1, 20, 18)
    fused.mean().backward()
    assert all(p.grad is not None for p in network.parameters()), "a parameter that no gradient reaches is not used"


def test_ablation_grows_step_by_step():
    counts = [sum(p.numel() for p in LCDFusionNet(config).parameters()) for config in EXPERIMENTS.values()]
    assert counts == sorted(counts)
    assert counts[-1] == 556_881


def test_the_two_encoders_have_weights_of_their_own(network):
    anatomy, function = images(1, 1, 24, 24)
    assert not torch.allclose(network(anatomy, function), network(function, anatomy))


@pytest.mark.parametrize("shapes", [((1, 1, 15, 40), (1, 1, 15, 40)), ((1, 1, 32, 32), (1, 1, 32, 33)), ((1, 3, 32, 32), (1, 3, 32, 32))])
def test_wrong_shapes_are_named(network, shapes):
    with pytest.raises(ValueError, match="must both be"):
        network(torch.zeros(shapes[0]), torch.zeros(shapes[1]))


@pytest.mark.parametrize("size", [8, 16, 32])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-4), (torch.float64, 1e-9)])
def test_rewritten_form_gives_the_same_image(size, dtype, tolerance):
    torch.manual_seed(size)
    network = LCDFusionNet(NetworkConfig(correlation_size=size)).to(dtype).eval()
    for parameter in network.parameters():  # larger than at the start, so that every gate and bias matters
        torch.nn.init.normal_(parameter, std=0.15)
    for shape in ((2, 1, 33, 47), (1, 1, 64, 16)):
        anatomy, function = images(*shape, dtype=dtype)
        with torch.inference_mode():
            torch.testing.assert_close(RewrittenNet(network)(anatomy, function), network(anatomy, function), atol=tolerance, rtol=0)


def test_rewritten_form_has_the_same_gradients():
    torch.manual_seed(3)
    network = LCDFusionNet().double()
    anatomy, function = images(2, 1, 20, 24, dtype=torch.float64)
    gradients = []
    for model in (network, RewrittenNet(network)):
        network.zero_grad()
        (model(anatomy, function) ** 2).mean().backward()
        gradients.append([p.grad.clone() for p in network.parameters()])
    for direct, rewritten in zip(*gradients, strict=True):
        torch.testing.assert_close(direct, rewritten, atol=1e-12, rtol=1e-7)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_rewritten_form_of_every_variant_gives_the_same_image(name):
    torch.manual_seed(1)
    network = LCDFusionNet(EXPERIMENTS[name]).double().eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.15)
    anatomy, function = images(2, 1, 33, 47, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(RewrittenNet(network)(anatomy, function), network(anatomy, function), atol=1e-9, rtol=0)
