"""Edge preservation."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .gradients import magnitude, sobel
from .sources import BySource, share

WEAK_EDGE = 1e-3
"""Gradient strength, on 0..255, below which a direction is rounding: its value is kept, no derivative is taken of it."""


def edge_preservation(fused: Tensor, anatomy: Tensor, function: Tensor) -> BySource:
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

    Returns:
        Three of shape (B,). NaN where there is no edge to preserve.
    """
    # Zero border: what touches the edge of the image has an edge there.
    gx, gy = sobel(F.pad(torch.cat([anatomy, function, fused], dim=1), (1, 1, 1, 1)))
    strength = magnitude(gx, gy)
    direction = _direction(gx, gy, strength)
    source, target = strength[:, :2], strength[:, 2:]

    equal = source == target
    ratio = torch.minimum(source, target) / torch.where(equal, 1.0, torch.maximum(source, target))
    strength_kept = 0.9994 * torch.sigmoid(15 * (torch.where(equal, target, ratio) - 0.5))
    agreement = 1 - (direction[:, :2] - direction[:, 2:]).abs() / (math.pi / 2)
    direction_kept = 0.9879 * torch.sigmoid(22 * (agreement - 0.8))

    preserved = (strength_kept * direction_kept * source).sum((2, 3))
    total = source.sum((2, 3))
    of_anatomy, of_function = share(preserved, total).unbind(1)
    return BySource(share(preserved.sum(1), total.sum(1)), of_anatomy, of_function)


def _direction(gx: Tensor, gy: Tensor, strength: Tensor) -> Tensor:
    """Angle of the gradient's axis, atan(gy / gx) in [-pi/2, pi/2], and pi/2 where gx = 0."""
    strong = strength > WEAK_EDGE
    gx, gy = torch.where(strong, gx, gx.detach()), torch.where(strong, gy, gy.detach())
    upright = gx == 0
    angle = torch.atan2(gy * gx.sign(), torch.where(upright, 1.0, gx.abs()))
    return torch.where(upright, math.pi / 2, angle)
