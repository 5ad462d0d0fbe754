"""The same network for less work: rewrites that are exact in real arithmetic, for inference and for fast training."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .lcfm import LCFM, normalise_channels
from .network import LCDFusionNet, check_images
from .precision import at_least_float32


class RewrittenNet(nn.Module):
    """`LCDFusionNet`, every variant, without its large tensors; shares the network's parameters.

    Two rewrites. The 1x1 convolution over the correlation is a product of two matrices that can be taken first:
    W (K^T f) + b = (W K^T) f + b, so the T*T-channel correlation never exists and the cost no longer depends on T. And the decoder's
    first convolution over (F1, F2, g F1, g F2) equals one over (F1, F2) with the weights W_a + g W_b of that image: 416 channels in
    place of 832, summed layer by layer without the concatenation. A layer without an LCFM (the ablation's variants) is added and convolved.

    Args:
        network: whose parameters are used.
        gate_stride: 1 is exact. Above it the LCFM's gate, a mean over all pixels, is estimated from every n-th row and column of them: for
            training, where the 3x3 convolution before that mean is two fifths of all the work.
    """

    def __init__(self, network: LCDFusionNet, *, gate_stride: int = 1) -> None:
        super().__init__()
        self.network = network
        self.gate_stride = gate_stride

    def forward(self, anatomy: Tensor, function: Tensor) -> Tensor:
        """Two images (B, 1, H, W) in [0, 1] to the fused image (B, 1, H, W), equal to the direct form's up to rounding."""
        check_images(anatomy, function)
        net = self.network
        first = net.decoder.first
        features = zip(net.anatomy_encoder(anatomy), net.function_encoder(function), strict=True)
        total = cast(Tensor, first.bias)[:, None, None]
        offset = 0
        for n, (a, f) in enumerate(features):
            channels = a.shape[1]
            if str(n) not in net.lcfms:
                total = total + F.conv2d(a + f, first.weight[:, offset : offset + channels], padding=1)
                offset += channels
                continue
            lcfm = cast(LCFM, net.lcfms[str(n)])
            gate = score(lcfm, a, self.gate_stride) + score(lcfm, f, self.gate_stride)  # (B, C)
            raw_a, raw_f, gated_a, gated_f = first.weight[:, offset : offset + 4 * channels].split(channels, dim=1)
            for x, raw, gated in ((a, raw_a, gated_a), (f, raw_f, gated_f)):
                total = total + _convolve_each(x, raw + gated * gate[:, None, :, None, None])
            offset += 4 * channels
        return net.decoder.finish(total)


def score(lcfm: LCFM, features: Tensor, stride: int = 1) -> Tensor:
    """`LCFM.score` with the correlation multiplied out: (B, C, H, W) to (B, C); from every `stride`-th row and column."""
    summary = normalise_channels(F.adaptive_avg_pool2d(features, lcfm.correlation_size)).flatten(2)  # (B, C, T*T)
    matrix = lcfm.project.weight.flatten(1) @ summary.transpose(1, 2)  # (B, C, C)
    projected = _convolve_each(normalise_channels(features), matrix[:, :, :, None, None]) + cast(Tensor, lcfm.project.bias)[:, None, None]
    spread = F.conv2d(projected, lcfm.spread.weight, lcfm.spread.bias, stride=stride, padding=1)
    return torch.sigmoid(at_least_float32(spread)).mean(dim=(2, 3))


def _convolve_each(x: Tensor, weights: Tensor) -> Tensor:
    """Convolve image n of (B, C, H, W) with weights[n] of (B, O, C, k, k), k odd, zero padding: (B, O, H, W)."""
    batch, out_channels, channels, size, _ = weights.shape
    if batch == 1:
        return F.conv2d(x, weights[0], padding=size // 2)
    if size == 1:
        return torch.bmm(weights[:, :, :, 0, 0], x.flatten(2)).reshape(batch, out_channels, *x.shape[2:])
    merged = x.reshape(1, batch * channels, *x.shape[2:])
    return F.conv2d(merged, weights.flatten(0, 1), padding=size // 2, groups=batch).reshape(batch, out_channels, *x.shape[2:])
