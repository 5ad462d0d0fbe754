"""Visual information fidelity."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from .sources import BySource, share

SCALES = 4
NOISE_VARIANCE = 2.0
"""Variance of the noise of the visual system, in squared gray levels."""

LEAST_VARIANCE = 1e-10
"""Patches of less are flat: the faint tails that smoothing leaves round an object would otherwise count."""

MIN_SIZE = 41
"""Fewest rows and columns for which the window of the fourth scale fits."""


def visual_information_fidelity(fused: Tensor, anatomy: Tensor, function: Tensor, measured: Tensor | None = None) -> BySource:
    """How much of the visual information of each source the fused image keeps (VIF): pixel domain, four scales, summed over the sources.

    1 for a source that the fused image equals, 0 for one of which it keeps nothing, more than 1 where it shows it with higher contrast.

    Source: Sheikh and Bovik, IEEE Transactions on Image Processing 15 (2006) 430; the pixel-domain form `vifp_mscale` of their code.

    Args:
        fused: shape (B, 1, H, W), 0..255.
        anatomy: the same shape.
        function: the same shape.
        measured: True where a pixel counts; a patch does where all its pixels do. None: everywhere.

    Returns:
        Three of shape (B,). NaN where a source is constant (no information to keep) and for images with a side below 41 pixels.
    """
    return VisualInformation(anatomy, function, measured).kept_by(fused)


class VisualInformation:
    """The visual information of two sources, for any number of images that were fused of them; arguments as above."""

    def __init__(self, anatomy: Tensor, function: Tensor, measured: Tensor | None = None) -> None:
        self._is_small = min(anatomy.shape[-2:]) < MIN_SIZE
        self._scales: list[tuple[_Patches, _Patches]] = []
        self._counts: list[Tensor | None] = []
        if self._is_small:
            return
        self._scales = list(zip(_scales(anatomy), _scales(function), strict=True))
        for scale in range(SCALES):
            size = _size(scale)
            if scale > 0 and measured is not None:
                measured = _whole(measured, size)[..., ::2, ::2]
            self._counts.append(None if measured is None else _whole(measured, size))
        all_they_have = [
            [_sum(torch.log1p(patches.variance / NOISE_VARIANCE), counts) for patches in sources]
            for sources, counts in zip(self._scales, self._counts, strict=True)
        ]
        self._total = torch.stack([torch.stack(of_source).sum(0) for of_source in zip(*all_they_have, strict=True)])

    def kept_by(self, fused: Tensor) -> BySource:
        """What the fused image keeps of it."""
        if self._is_small:
            return BySource(*fused.new_full((3, fused.shape[0]), torch.nan))
        kept = fused.new_zeros(2, len(fused))
        for scale, patches in enumerate(_scales(fused)):
            counts = self._counts[scale]
            kept = kept + torch.stack([_sum(_kept(source, patches, _size(scale)), counts) for source in self._scales[scale]])
        of_anatomy, of_function = share(kept, self._total)
        return BySource(of_anatomy + of_function, of_anatomy, of_function)


class _Patches(NamedTuple):
    """An image at one scale, with mean and variance of all patches of the scale's window; the variance is 0 where a patch is flat."""

    image: Tensor
    mean: Tensor
    variance: Tensor


def _scales(image: Tensor) -> Iterator[_Patches]:
    """One image after another, and not all in one tensor: what is computed on the way then stays in the processor's cache."""
    for scale in range(SCALES):
        window = _gaussian(_size(scale))
        if scale > 0:
            image = _smooth(image, window, every=2)
        mean, square = _smooth(image, window), _smooth(image * image, window)
        # Variance is the difference of two large numbers: what is left of a flat patch is rounding, and counts as flat.
        variance = square - mean * mean
        flat = variance < (16 * torch.finfo(image.dtype).eps * square).clamp_min(LEAST_VARIANCE)
        yield _Patches(image, mean, variance.masked_fill(flat, 0.0))


def _kept(source: _Patches, fused: _Patches, size: int) -> Tensor:
    """Information of the source that the fused image keeps, patch by patch."""
    # fused patch = gain * source patch + noise; a gain below zero shows nothing of the source, nor does a flat patch
    covariance = _smooth(source.image * fused.image, _gaussian(size)).sub_(source.mean * fused.mean)
    covariance = covariance.masked_fill_((fused.variance == 0) | (covariance < 0), 0.0)
    gain = covariance / (source.variance + LEAST_VARIANCE)
    noise = (fused.variance - gain * covariance).clamp_min(0.0)
    return torch.log1p(gain * gain * source.variance / (noise + NOISE_VARIANCE))


def _sum(of_patches: Tensor, counts: Tensor | None) -> Tensor:
    """Over those patches that count: (B, 1, h, w) to (B,)."""
    return (of_patches if counts is None else torch.where(counts, of_patches, 0.0)).sum((1, 2, 3))


def _whole(measured: Tensor, size: int) -> Tensor:
    """Where a window of `size` pixels fits and all in it is measured: (B, 1, H, W) to (B, 1, H - N + 1, W - N + 1)."""
    return F.max_pool2d(F.max_pool2d((~measured).float(), (size, 1), stride=1), (1, size), stride=1) == 0


def _size(scale: int) -> int:
    """Rows and columns of the window."""
    return 2 ** (SCALES - scale) + 1


def _gaussian(size: int) -> list[float]:
    """Weights of a window of `size` pixels, sigma a fifth of it, with sum 1."""
    weights = [math.exp(-0.5 * ((i - (size - 1) / 2) / (size / 5)) ** 2) for i in range(size)]
    return [weight / sum(weights) for weight in weights]


def _smooth(image: Tensor, window: list[float], *, every: int = 1) -> Tensor:
    """Filter along columns and rows, only where the window fits, at every n-th place: (B, C, H, W) to (B, C, H - N + 1, W - N + 1) of them.

    Shifted sums; on a CPU they take a third of the time of a grouped convolution, and no more than products with a band matrix.
    """
    for dim in (2, 3):
        stop = image.shape[dim] - len(window) + 1
        shifted = (image.narrow(dim, shift, stop) for shift in range(len(window)))
        if every > 1:
            shifted = (part[..., ::every, :] if dim == 2 else part[..., ::every] for part in shifted)
        total = window[0] * next(shifted)
        for weight, part in zip(window[1:], shifted, strict=True):
            total.add_(part, alpha=weight)
        image = total
    return image
