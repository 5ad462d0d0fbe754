"""Half precision (the CPU has the autocast of the GPU): close to float32, and gates, normalisations and output stay in float32."""

import pytest
import torch

from LCDFusionLib.network import LCDFusionNet, RewrittenNet, processor_has_bfloat16
from LCDFusionLib.network.cmfem import CMFEM
from LCDFusionLib.network.lcfm import LCFM, normalise_channels
from LCDFusionLib.network.rewritten import score


@pytest.fixture
def autocast():
    return torch.autocast("cpu", dtype=torch.bfloat16)


def test_gates_and_norms_are_float32(autocast):
    torch.manual_seed(0)
    block, lcfm, image = CMFEM(1, 16), LCFM(16, 8), torch.rand(2, 1, 24, 30)
    seen = []
    for norm in (block.norm_height, block.norm_width, block.norm_attention):
        norm.register_forward_hook(lambda module, inputs, output: seen.extend([inputs[0].dtype, output.dtype]))
    for conv in (*block.sequence_convs, block.query, block.key, block.value):
        conv.register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    with autocast:
        assert block.conv(image).dtype == torch.bfloat16, "or there is nothing to test"
        features = block(image)
        scores = [lcfm.score(features), score(lcfm, features)]
        normalised = normalise_channels(features.bfloat16())
    assert set(seen) == {torch.float32}
    assert {x.dtype for x in (features, normalised, *scores)} == {torch.float32}


@pytest.mark.parametrize("form", [lambda n: n, RewrittenNet], ids=["direct", "rewritten"])
def test_half_precision_is_close_and_learns(form, autocast):
    torch.manual_seed(0)
    network = LCDFusionNet()
    anatomy, function = torch.rand(2, 2, 1, 24, 30).unbind()
    expected = network(anatomy, function)
    with autocast:
        fused = form(network)(anatomy, function)
    assert fused.dtype == torch.float32
    torch.testing.assert_close(fused, expected, atol=0.01, rtol=0)
    assert not torch.equal(fused, expected), "half precision was not in use"
    fused.mean().backward()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 and torch.isfinite(p.grad).all() for p in network.parameters())


def test_an_older_pytorch_that_cannot_tell_has_no_bfloat16(monkeypatch):
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)  # before 2.5
    assert processor_has_bfloat16() is False
