"""Edge preservation."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .gradients import inner, magnitude, sobel
from .sources import BySource, share

WEAK_EDGE = 1e-3
"""Gradient strength, on 0..255, below which a direction is rounding: its value is kept, no derivative is taken of it."""


def edge_preservation(fused: Tensor, anatomy: Tensor, function: Tensor, measured: Tensor | None = None) -> BySource:
    """How much of the strength and direction of the sources' edges the fused image preserves (Q^AB/F), 0 to 1.

    Each pixel of a source weighs as much as its edge is strong. Of one source: over that source alone; of both: over both, so it lies
    between the two, nearer that of the source with the stronger edges.

    Two habits of the public code, which published values carry, are kept. A direction is an angle from -pi/2 to pi/2, and pi/2 where
    gx = 0; so two edges of almost pi/2 and almost -pi/2, which look alike, count as most different. Where both strengths are equal, the
    strength itself takes the place of their ratio 1.

    Source: Xydeas and Petrovic, Electronics Letters 36 (2000) 308, with their constants.

    Args:
        fused: shape (B, 1, H, W), 0..255.
        anatomy: the same shape.
        function: the same shape.
        measured: True where a pixel counts; an edge does where all that it is made of counts. None: everywhere.

    Returns:
        Three of shape (B,). NaN where there is no edge to preserve.
    """
    return EdgePreservation(anatomy, function, measured).preserved_by(fused)


class EdgePreservation:
    """The edges of two sources, for any number of images that were fused of them; arguments as above."""

    def __init__(self, anatomy: Tensor, function: Tensor, measured: Tensor | None = None) -> None:
        counts = inner(measured)
        # One image after another, and not all in one tensor: what is computed on the way then stays in the processor's cache.
        self._sources = [_edges(image) for image in (anatomy, function)]
        if counts is not None:
            self._sources = [(torch.where(counts, strength, 0.0), direction) for strength, direction in self._sources]
        self._total = [strength.sum((1, 2, 3)) for strength, _ in self._sources]

    def preserved_by(self, fused: Tensor) -> BySource:
        """How much of them the fused image preserves."""
        target, target_direction = _edges(fused)
        preserved = []
        for source, direction in self._sources:
            equal = source == target
            ratio = torch.minimum(source, target) / torch.maximum(source, target).masked_fill(equal, 1.0)
            strength_kept = torch.sigmoid(15 * torch.where(equal, target, ratio) - 7.5)
            apart = (direction - target_direction).abs()  # of pi/2, the most
            direction_kept = torch.sigmoid(22 * (0.2 - apart / (math.pi / 2)))
            preserved.append(0.9994 * 0.9879 * (strength_kept * direction_kept * source).sum((1, 2, 3)))
        of_anatomy, of_function = (share(*each) for each in zip(preserved, self._total, strict=True))
        return BySource(share(preserved[0] + preserved[1], self._total[0] + self._total[1]), of_anatomy, of_function)


def _edges(image: Tensor) -> tuple[Tensor, Tensor]:
    """Strength and direction of the edge at every pixel, both of the image's shape."""
    gx, gy = sobel(F.pad(image, (1, 1, 1, 1)))  # zero border: what touches the edge of the image has an edge there
    strength = magnitude(gx, gy)
    return strength, _direction(gx, gy, strength)


def _direction(gx: Tensor, gy: Tensor, strength: Tensor) -> Tensor:
    """Angle of the gradient's axis, atan(gy / gx) in [-pi/2, pi/2], and pi/2 where gx = 0."""
    upright = gx == 0
    if not gx.requires_grad:
        return torch.atan(gy / gx).masked_fill(upright, math.pi / 2)
    strong = strength > WEAK_EDGE
    gx, gy = torch.where(strong, gx, gx.detach()), torch.where(strong, gy, gy.detach())
    return torch.atan2(gy * gx.sign(), gx.abs().masked_fill(upright, 1.0)).masked_fill(upright, math.pi / 2)  # its derivative is finite
