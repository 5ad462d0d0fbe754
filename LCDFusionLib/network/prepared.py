"""The network as inference runs it: rewritten, stripe by stripe, in one buffer for each layer."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .cmfem import CMFEM, LEAKY_SLOPE
from .encoder import LAYER_CHANNELS, Encoder
from .lcfm import LCFM, NORM_EPSILON
from .network import LCDFusionNet, NetworkConfig, check_images
from .precision import at_least_float32, fine, full_precision
from .rewritten import RewrittenNet
from .side_by_side import side_by_side

CPU_STRIPE, GPU_STRIPE = 2**14, 2**18
"""Pixels at a time: so many rows that what a step reads and writes stays in the processor's cache; a GPU has none for that, and few steps
are faster there."""

MOST_SAMPLES = 2**14
"""Pixels that the mean in the LCFM's score is taken over at most."""

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")


def prepare(network: LCDFusionNet, *, dtype: torch.dtype | None = None, between: Callable[[], object] = lambda: None) -> nn.Module:
    """The fastest exact form of a network for inference: `PreparedNet`, or `RewrittenNet` for the ablation's variants.

    Args:
        network: with its weights; shared, not copied.
        dtype: of the convolutions and feature maps; None for that of the network. Gates, norms and the output stay in float32; in bfloat16
            the first convolution of an encoder and all but the first of the decoder as well.
        between: called before each layer, in whatever thread computes it, as by somebody who lets others go first; by `PreparedNet` alone.
    """
    full = NetworkConfig(correlation_size=network.config.correlation_size)
    return PreparedNet(network, dtype=dtype, between=between) if network.config == full else RewrittenNet(network)


class PreparedNet(nn.Module):
    """`RewrittenNet` for inference alone, of the whole network: faster and smaller; no gradients, the parameters are shared.

    Three more rewrites that are exact in real arithmetic. The 1x1 convolution over the correlation and the 3x3 behind it become one 3x3
    convolution with weights of that image. The channel gate of a CMFEM block is a factor of each channel, so it goes into the weights of
    whatever reads the block. tanh(x) = 2 sigmoid(2x) - 1, which is five times as fast on a CPU.

    And three of memory. Feature maps lie pixel by pixel (channels_last), each layer's by itself, so that they are read and written from end
    to end. A step is done stripe by stripe, so that what it makes in between, concatenations too, never leaves the cache. Of the LCFM only
    the sum of the sigmoid is kept. The buffers stay for the next image of the same size.

    The LCFM's score is a mean over all pixels, which 16,384 of them, spread evenly, give as well: the fused image of a larger slice moves
    by less than 1e-4 (decision 179).

    The images of a batch are fused one after another: each has weights of its own, and one fills a device.
    """

    def __init__(self, network: LCDFusionNet, *, dtype: torch.dtype | None = None, between: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self.network = network
        self._dtype, self._between = dtype, between
        self._maps_of: dict[int, list[Tensor]] = {}

    @torch.no_grad()
    def forward(self, anatomy: Tensor, function: Tensor) -> Tensor:
        """Two images (B, 1, H, W) in [0, 1] to the fused image (B, 1, H, W), equal to the direct form's up to rounding."""
        check_images(anatomy, function)
        with full_precision(anatomy):
            return torch.cat([self._fuse(a, f) for a, f in zip(anatomy.split(1), function.split(1), strict=True)])

    def _fuse(self, anatomy: Tensor, function: Tensor) -> Tensor:
        net, dtype = self.network, self._dtype or self.network.decoder.first.weight.dtype
        images, encoders = (anatomy, function), (net.anatomy_encoder, net.function_encoder)
        maps = [self._maps(n, image, dtype) for n, image in enumerate(images)]
        each = side_by_side if anatomy.device.type == "cpu" else _one_by_one
        sample = _Sample(anatomy.shape[2], anatomy.shape[3], at_least_float32(anatomy))
        sides = each(lambda n: self._encode(encoders[n], images[n].to(fine(dtype)), maps[n], sample), (0, 1))
        return self._decode(maps[0] + maps[1], torch.cat(_decoder_weights(net, *sides), dim=1))

    def _maps(self, n: int, image: Tensor, dtype: torch.dtype) -> list[Tensor]:
        """Room for the feature maps of one encoder, (1, C, H + 2, W) a layer; rows of zeros above and below are the padding."""
        maps = self._maps_of.get(n)
        shape = (1, LAYER_CHANNELS[0], image.shape[2] + 2, image.shape[3])
        if maps is None or (maps[0].shape, maps[0].dtype, maps[0].device) != (shape, dtype, image.device):
            self._maps_of.pop(n, None)
            with torch.inference_mode(False):  # so that it can be written in any mode
                like = torch.empty(shape, dtype=dtype, device=image.device)
                self._maps_of[n] = maps = [_bordered(like, channels) for channels in LAYER_CHANNELS]
        return maps

    def _encode(self, encoder: Encoder, image: Tensor, maps: list[Tensor], sample: _Sample) -> tuple[Tensor, Tensor]:
        """Fill `maps`; returns for each channel the factor that is still to be applied to it, and its LCFM score: two of (208,)."""
        factors: list[Tensor] = []
        scores: list[Tensor] = []
        for n, own in enumerate(maps):
            self._between()
            lcfm = cast(LCFM, self.network.lcfms[str(n)])
            if n == 0:
                reads, weights = [F.pad(image, (0, 0, 1, 1))], cast(CMFEM, encoder.blocks[0]).conv.weight
            else:
                conv = encoder.last if n == 4 else cast(CMFEM, encoder.blocks[n]).conv
                reads, weights = maps[:n], conv.weight * torch.cat(factors)[:, None, None]
            if n < 4:
                factor, summary = _block(cast(CMFEM, encoder.blocks[n]), reads, weights, own, lcfm.correlation_size)
            else:
                factor, summary = _last(encoder.last, reads, weights, own, lcfm.correlation_size)
            self._between()
            scores.append(_score(lcfm, own, factor, summary, sample))
            factors.append(factor)
        return torch.cat(factors), torch.cat(scores)

    def _decode(self, maps: list[Tensor], weights: Tensor) -> Tensor:
        """From the maps of both encoders and the first convolution's weights over them, (32, 416, 3, 3)."""
        decoder, each = self.network.decoder, side_by_side if weights.device.type == "cpu" else _one_by_one
        _, _, height, width = maps[0].shape
        self._between()
        x = _bordered(maps[0], decoder.first.out_channels, fine(maps[0].dtype))
        each(functools.partial(_decoder_layer, decoder.first, _rounded(weights, maps[0].dtype), maps, x), list(_stripes(x)))
        fused = at_least_float32(x.new_empty(1, 1, height - 2, width))
        for conv in cast("list[nn.Conv2d]", decoder.rest):
            self._between()
            following = fused if conv.out_channels == 1 else _bordered(x, conv.out_channels)
            each(functools.partial(_decoder_layer, conv, _rounded(conv.weight, x.dtype), [x], following), list(_stripes(x)))
            x = following
        return fused


def _one_by_one(do: Callable[[_Part], _Done], parts: Sequence[_Part]) -> list[_Done]:
    """`side_by_side` where the device has its own way to do several things at once."""
    return [do(part) for part in parts]


def _decoder_layer(conv: nn.Conv2d, weights: Tensor, reads: list[Tensor], following: Tensor, rows: slice) -> None:
    """These rows of `following`, with its border; of the fused image, which has none, where the layer is the last."""
    y = _convolve(reads, rows, weights, conv.bias)
    if conv.out_channels == 1:
        following[:, :, rows] = at_least_float32(y).sigmoid_()
    else:
        following[:, :, rows.start + 1 : rows.stop + 1] = F.leaky_relu_(y, LEAKY_SLOPE)


def _block(block: CMFEM, reads: list[Tensor], weights: Tensor, own: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """A CMFEM block into `own`, all but its channel gate; returns that, (C,), and the block's output pooled to (C, size, size)."""
    channels, height, width = own.shape[1], own.shape[2] - 2, own.shape[3]
    full = block.norm_height.weight
    over_width, over_height = full.new_empty(height, channels), full.new_zeros(width * channels)
    weights = _rounded(weights, reads[0].dtype)
    for rows in _stripes(own):
        y = F.leaky_relu_(_convolve(reads, rows, weights, block.conv.bias), LEAKY_SLOPE)
        own[:, :, rows.start + 1 : rows.stop + 1] = y
        pixels = _pixels(y)
        over_width[rows] = _sum(pixels)
        over_height += _sum(pixels.flatten(1))
    gate_height = block.sequence_gate(over_width.T[None] / width, block.norm_height)[..., None]
    gate_width = block.sequence_gate(over_height.view(width, channels).T[None] / height, block.norm_width)[:, :, None]
    gate_height, gate_width = (_channels_last(gate) for gate in (gate_height, gate_width))
    pools = [_Pool(height, pooled, full.new_zeros(pooled, width * channels)) for pooled in (CMFEM.POOLED_SIZE, size)]
    for rows in _stripes(own):
        stripe = own[:, :, rows.start + 1 : rows.stop + 1]
        y = (at_least_float32(stripe) * gate_height[:, :, rows]).mul_(gate_width)
        stripe.copy_(y)
        for pool in pools:
            pool.add(rows, _pixels(y).flatten(1))
    pooled, summary = (pool.result(width) for pool in pools)
    factor = block.channel_gate(pooled[None])[0]
    return factor, summary * factor[:, None, None]


def _last(conv: nn.Conv2d, reads: list[Tensor], weights: Tensor, own: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The encoder's 1x1 convolution and tanh into `own`; returns a factor of one, (C,), and the output pooled to (C, size, size)."""
    channels, height, width = own.shape[1], own.shape[2] - 2, own.shape[3]
    full = at_least_float32(weights)
    pool = _Pool(height, size, full.new_zeros(size, width * channels))
    weights, bias = 2 * weights.flatten(1).to(own.dtype), 2 * cast(Tensor, conv.bias).to(own.dtype)
    for rows in _stripes(own):
        stripe = slice(rows.start + 1, rows.stop + 1)
        pixels = torch.cat([each[:, :, stripe] for each in reads], dim=1)[0].permute(1, 2, 0)
        y = at_least_float32(F.linear(pixels, weights, bias)).sigmoid_().mul_(2).sub_(1)  # a convolution of one image by 1x1 is slower
        own[0, :, stripe] = y.permute(2, 0, 1)
        pool.add(rows, y.flatten(1))
    return full.new_ones(channels), pool.result(width)


def _score(lcfm: LCFM, own: Tensor, factor: Tensor, summary: Tensor, sample: _Sample) -> Tensor:
    """`LCFM.score` of the maps `own` times `factor`, with its two convolutions as one, averaged over a sample of the pixels: (C,)."""
    channels = own.shape[1]
    summary = summary.flatten(1)
    summary = summary / (torch.linalg.vector_norm(summary, dim=0, keepdim=True) + NORM_EPSILON)
    matrix = lcfm.project.weight.flatten(1) @ summary.T  # (C, C)
    spread = lcfm.spread.weight
    weights = torch.einsum("ocyx,ci->yxio", spread, matrix).reshape(9 * channels, channels)
    between = torch.einsum("ocyx,c->yxo", spread, cast(Tensor, lcfm.project.bias)).reshape(9, channels)  # by a tap that has no padding
    pixels = own[0].permute(1, 2, 0).flatten(0, 1)
    total = torch.zeros_like(factor)
    for index, inside, counted in sample:
        taps = at_least_float32(pixels.index_select(0, index.flatten())) * factor  # (9 n, C); indexing takes five times as long
        taps *= torch.linalg.vector_norm(taps, dim=1, keepdim=True).add_(NORM_EPSILON).reciprocal_() * inside.view(-1, 1)
        z = torch.addmm(inside @ between + cast(Tensor, lcfm.spread.bias), taps.view(-1, 9 * channels), weights)
        total = total + counted @ z.sigmoid_()
    return total / sample.count


def _decoder_weights(net: LCDFusionNet, anatomy: tuple[Tensor, Tensor], function: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Weights of the decoder's first convolution over both buffers, from the factors and scores of both: two of (32, 208, 3, 3)."""
    gate = anatomy[1] + function[1]
    of_each = net.decoder.first.weight.split([4 * channels for channels in LAYER_CHANNELS], dim=1)
    raw_a, raw_f, gated_a, gated_f = (torch.cat(part, dim=1) for part in zip(*(layer.chunk(4, dim=1) for layer in of_each), strict=True))
    of_anatomy = (raw_a + gated_a * gate[:, None, None]) * anatomy[0][:, None, None]
    return of_anatomy, (raw_f + gated_f * gate[:, None, None]) * function[0][:, None, None]


class _Sample:
    """Pixels whose mean stands for that of all, and where the 3x3 neighbourhood of each lies in maps (1, C, H + 2, W).

    One of every n pixels of a row, at a place among them that the golden ratio moves from row to row, and the root of two from n to n: so
    each row and each column gives its share, and no pattern that repeats is met at some of its phases more than at others. All pixels where
    there are at most `MOST_SAMPLES`.
    """

    def __init__(self, height: int, width: int, like: Tensor) -> None:
        every = -(-height * width // MOST_SAMPLES)
        rows, taps = torch.arange(height, device=like.device), torch.arange(3, device=like.device)
        cells = torch.arange(-(-width // every), device=like.device)
        # 40503 / 2^16 is the golden ratio less one, 27146 / 2^16 the root of two less one; integers are alike on every device.
        columns = (rows[:, None] * 40503 + cells * 27146) % 2**16 * every // 2**16 + every * cells
        y, x = rows[:, None, None, None] + taps[:, None], columns[:, :, None, None] + taps - 1  # of the bordered maps
        inside = ((y >= 1) & (y <= height) & (x >= 0) & (x < width)).to(like.dtype)
        counted = (columns < width).to(like.dtype)
        self.count = counted.sum()
        self._parts = (y * width + x.clamp(0, width - 1)).view(-1, 9), inside.view(-1, 9), counted.view(-1)
        self._size = (GPU_STRIPE if like.device.type == "cuda" else CPU_STRIPE) // 8  # each is read nine times

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """Index (n, 9) into the pixels of the maps with their border, whether each is inside (n, 9), and whether the sample counts (n,)."""
        yield from zip(*(part.split(self._size) for part in self._parts), strict=True)


class _Pool:
    """Adaptive average pooling of rows that come stripe by stripe, and then of columns."""

    def __init__(self, height: int, size: int, sums: Tensor) -> None:
        self._size, self._sums = size, sums  # (size, W * C)
        self._cells = _cells(height, size)
        self._weights = _pooling_matrix(height, size, sums.dtype, sums.device)

    def add(self, rows: slice, pixels: Tensor) -> None:
        """Rows of (r, W * C)."""
        touched = [n for n, (start, stop) in enumerate(self._cells) if start < rows.stop and stop > rows.start]
        cells = slice(touched[0], touched[-1] + 1)
        self._sums[cells].addmm_(self._weights[cells, rows], pixels)

    def result(self, width: int) -> Tensor:
        """(C, size, size)."""
        by_column = self._sums.view(self._size, width, -1)
        return (_pooling_matrix(width, self._size, by_column.dtype, by_column.device) @ by_column).permute(2, 0, 1)


def _cells(length: int, size: int) -> list[tuple[int, int]]:
    """Start and stop of each of `size` cells, which overlap where `size` does not divide `length`; as `F.adaptive_avg_pool2d` has them."""
    return [(n * length // size, -(-(n + 1) * length // size)) for n in range(size)]


@functools.cache  # small, and never let go of: a recorded pass (`graphed.py`) goes on reading it
def _pooling_matrix(length: int, size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    matrix = torch.zeros(size, length, dtype=dtype)
    for n, (start, stop) in enumerate(_cells(length, size)):
        matrix[n, start:stop] = 1 / (stop - start)
    return matrix.to(device)


def _stripes(bordered: Tensor) -> Iterator[slice]:
    """Rows, in parts of equal height, of maps (1, C, H + 2, W) that have a border above and below."""
    height, width = bordered.shape[2] - 2, bordered.shape[3]
    count = -(-height * width // (GPU_STRIPE if bordered.device.type == "cuda" else CPU_STRIPE))
    bounds = [n * height // min(count, height) for n in range(min(count, height) + 1)]
    yield from (slice(*each) for each in pairwise(bounds))


def _convolve(bordered: list[Tensor], rows: slice, weights: Tensor, bias: Tensor | None) -> Tensor:
    """3x3 convolution over the channels of all these maps with a border, of these rows: (1, O, r, W)."""
    x = torch.cat([each[:, :, rows.start : rows.stop + 2] for each in bordered], dim=1)
    return _channels_last(F.conv2d(x, weights, None if bias is None else bias.to(x.dtype), padding=(0, 1)))


def _rounded(weights: Tensor, dtype: torch.dtype) -> Tensor:
    """Weights (O, I, h, w) in `dtype`, channels_last. In bfloat16 the middle tap takes up what the others lose, so that flat areas,
    where all taps see one value, do not move."""
    rounded = weights.to(dtype)
    if dtype == torch.bfloat16:
        rounded[:, :, weights.shape[2] // 2, weights.shape[3] // 2] += (weights - rounded).sum((2, 3)).to(dtype)
    return _channels_last(rounded)


def _bordered(like: Tensor, channels: int, dtype: torch.dtype | None = None) -> Tensor:
    shape = (1, channels, *like.shape[2:])
    maps = torch.empty(shape, dtype=dtype or like.dtype, device=like.device, memory_format=torch.channels_last)
    maps[:, :, 0], maps[:, :, -1] = 0, 0
    return maps


def _channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _pixels(x: Tensor) -> Tensor:
    """(1, C, r, W) as (r, W, C), in float32 or above; a view where it is that already."""
    return at_least_float32(x)[0].permute(1, 2, 0)


def _sum(x: Tensor) -> Tensor:
    """Over the first axis but one of (..., N, M), as a matrix product: ten times as fast as `sum` in this layout."""
    return (x.new_ones(1, x.shape[-2]) @ x).squeeze(-2)
