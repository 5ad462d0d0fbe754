"""CMFEM and LCFM against plain NumPy transcriptions of the paper's equations: loops and sums, no torch operator."""

import numpy as np
import pytest
import torch

from LCDFusionLib.network.cmfem import CMFEM
from LCDFusionLib.network.lcfm import LCFM


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def convolve(x, weight, bias):
    """3x3 convolution, zero padding: (C, H, W), (O, C, 3, 3), (O,) to (O, H, W)."""
    channels, height, width = x.shape
    padded = np.zeros((channels, height + 2, width + 2))
    padded[:, 1:-1, 1:-1] = x
    out = np.zeros((len(weight), height, width)) + bias[:, None, None]
    for dy in range(3):
        for dx in range(3):
            out += np.tensordot(weight[:, :, dy, dx], padded[:, dy : dy + height, dx : dx + width], axes=1)
    return out


def group_norm(x, groups, scale, shift):
    flat = x.reshape(groups, -1)
    flat = (flat - flat.mean(axis=1, keepdims=True)) / np.sqrt(flat.var(axis=1, keepdims=True) + 1e-5)
    per_channel = (-1,) + (1,) * (x.ndim - 1)
    return flat.reshape(x.shape) * scale.reshape(per_channel) + shift.reshape(per_channel)


def pool(x, size):
    """Adaptive average pooling: cell n of `size` averages pixels floor(n L / size) to ceil((n + 1) L / size)."""
    _, height, width = x.shape
    out = np.zeros((len(x), size, size))
    for r in range(size):
        for c in range(size):
            rows = slice(r * height // size, -(-(r + 1) * height // size))
            columns = slice(c * width // size, -(-(c + 1) * width // size))
            out[:, r, c] = x[:, rows, columns].mean(axis=(1, 2))
    return out


def multi_scale_gate(sequence, p, norm):
    """F_H or F_W: depthwise 1-D convolutions of kernel 3, 5, 7, 9 on four groups, GroupNorm(4), sigmoid."""
    channels, length = sequence.shape
    group = channels // 4
    mixed = np.zeros_like(sequence)
    for n, kernel in enumerate((3, 5, 7, 9)):
        for c in range(group):
            padded = np.pad(sequence[n * group + c], kernel // 2)
            taps = p[f"sequence_convs.{n}.weight"][c, 0]
            mixed[n * group + c] = [taps @ padded[i : i + kernel] for i in range(length)]
            mixed[n * group + c] += p[f"sequence_convs.{n}.bias"][c]
    return sigmoid(group_norm(mixed, 4, p[f"{norm}.weight"], p[f"{norm}.bias"]))


def cmfem(x, p):
    x = convolve(x, p["conv.weight"], p["conv.bias"])
    x = np.where(x > 0, x, 0.2 * x)
    gate_h = multi_scale_gate(x.mean(axis=2), p, "norm_height")
    gate_w = multi_scale_gate(x.mean(axis=1), p, "norm_width")
    x = gate_h[:, :, None] * gate_w[:, None, :] * x
    pooled = group_norm(pool(x, 7), 1, p["norm_attention.weight"], p["norm_attention.bias"]).reshape(len(x), 49)
    q, k, v = (p[f"{name}.weight"].reshape(-1, 1) * pooled for name in ("query", "key", "value"))
    logits = q @ k.T / np.sqrt(len(x))
    attention = np.exp(logits - logits.max(axis=1, keepdims=True))
    attention /= attention.sum(axis=1, keepdims=True)
    return x * sigmoid((attention @ v).mean(axis=1))[:, None, None]


def lcfm_score(features, p, size):
    def unit(vectors):  # each column over channels
        return vectors / (np.sqrt((vectors**2).sum(axis=0)) + 1e-6)

    channels, height, width = features.shape
    summary = unit(pool(features, size).reshape(channels, -1))
    pixels = unit(features.reshape(channels, -1))
    correlation = np.array([[s @ f for f in pixels.T] for s in summary.T])  # (T*T, H*W)
    projected = p["project.weight"][:, :, 0, 0] @ correlation + p["project.bias"][:, None]
    spread = convolve(projected.reshape(channels, height, width), p["spread.weight"], p["spread.bias"])
    return sigmoid(spread).mean(axis=(1, 2))


def parameters(module):
    """The module's parameters as arrays, drawn anew so that no bias is 0 and no scale is 1."""
    torch.manual_seed(1)
    for tensor in module.parameters():
        torch.nn.init.normal_(tensor, std=0.4)
    return {name: tensor.detach().numpy() for name, tensor in module.named_parameters()}


@pytest.mark.parametrize(("height", "width"), [(16, 16), (19, 26)])
def test_cmfem_follows_its_equations(height, width):
    module = CMFEM(3, 8).double()
    p = parameters(module)
    x = torch.randn(2, 3, height, width, dtype=torch.float64)
    got = module(x).detach().numpy()
    for n in range(2):
        np.testing.assert_allclose(got[n], cmfem(x[n].numpy(), p), atol=1e-10)


@pytest.mark.parametrize(("height", "width", "size"), [(16, 16, 4), (17, 21, 8)])
def test_lcfm_follows_its_equations(height, width, size):
    module = LCFM(6, size).double()
    p = parameters(module)
    first, second = torch.randn(2, 1, 6, height, width, dtype=torch.float64)
    g = lcfm_score(first[0].numpy(), p, size) + lcfm_score(second[0].numpy(), p, size)
    f1, f2 = first[0].numpy(), second[0].numpy()
    expected = np.concatenate([f1, f2, f1 * g[:, None, None], f2 * g[:, None, None]])
    np.testing.assert_allclose(module(first, second)[0].detach().numpy(), expected, atol=1e-10)


def test_lcfm_correlation_of_zero_features_is_finite():
    assert torch.isfinite(LCFM(4, 4)(torch.zeros(1, 4, 16, 16), torch.zeros(1, 4, 16, 16))).all()
