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
    # One image after another, and not all in one tensor: what is computed on the way then stays in the processor's cache.
    target, target_direction = _edges(fused)
    counts = inner(measured)
    preserved, total = [], []
    for image in (anatomy, function):
        source, direction = _edges(image)
        if counts is not None:
            source = torch.where(counts, source, 0.0)
        equal = source == target
        ratio = torch.minimum(source, target) / torch.where(equal, 1.0, torch.maximum(source, target))
        strength_kept = 0.9994 * torch.sigmoid(15 * (torch.where(equal, target, ratio) - 0.5))
        agreement = 1 - (direction - target_direction).abs() / (math.pi / 2)
        direction_kept = 0.9879 * torch.sigmoid(22 * (agreement - 0.8))
        preserved.append((strength_kept * direction_kept * source).sum((1, 2, 3)))
        total.append(source.sum((1, 2, 3)))
    of_anatomy, of_function = (share(*each) for each in zip(preserved, total, strict=True))
    return BySource(share(preserved[0] + preserved[1], total[0] + total[1]), of_anatomy, of_function)


def _edges(image: Tensor) -> tuple[Tensor, Tensor]:
    """Strength and direction of the edge at every pixel, both of the image's shape."""
    gx, gy = sobel(F.pad(image, (1, 1, 1, 1)))  # zero border: what touches the edge of the image has an edge there
    strength = magnitude(gx, gy)
    return strength, _direction(gx, gy, strength)


def _direction(gx: Tensor, gy: Tensor, strength: Tensor) -> Tensor:
    """Angle of the gradient's axis, atan(gy / gx) in [-pi/2, pi/2], and pi/2 where gx = 0."""
    strong = strength > WEAK_EDGE
    gx, gy = torch.where(strong, gx, gx.detach()), torch.where(strong, gy, gy.detach())
    upright = gx == 0
    angle = torch.atan2(gy * gx.sign(), torch.where(upright, 1.0, gx.abs()))
    return torch.where(upright, math.pi / 2, angle)
