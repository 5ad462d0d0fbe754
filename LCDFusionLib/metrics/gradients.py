"""Metrics of contrast and sharpness in the fused image alone. They reward noise and overshoot as much as detail."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def standard_deviation(image: Tensor, measured: Tensor | None = None) -> Tensor:
    """Population standard deviation of the gray values (SD), of those pixels that are `measured`. (B, 1, H, W) to (B,)."""
    if measured is None:
        return image.std((1, 2, 3), correction=0)
    return mean_where((image - mean_where(image, measured)[:, None, None, None]).square(), measured).sqrt()


def average_gradient(image: Tensor, measured: Tensor | None = None) -> Tensor:
    """Mean of sqrt((gx^2 + gy^2) / 2) by central differences, one-sided at the border (AG). (B, 1, H, W) to (B,); NaN below 2x2."""
    if min(image.shape[-2:]) < 2:
        return image.new_full(image.shape[:1], torch.nan)
    gy, gx = torch.gradient(image, dim=(2, 3))
    return mean_where(magnitude(gx, gy), inner(measured)) / math.sqrt(2)


def spatial_frequency(image: Tensor, measured: Tensor | None = None) -> Tensor:
    """Root of the mean squared first differences along rows plus that along columns (SF). (B, 1, H, W) to (B,); NaN below 2x2.

    Source: Eskicioglu and Fisher, IEEE Transactions on Communications 43 (1995) 2959.
    """
    along = [None, None] if measured is None else [measured[..., 1:] & measured[..., :-1], measured[..., 1:, :] & measured[..., :-1, :]]
    rows = mean_where(image.diff(dim=3).square(), along[0])
    columns = mean_where(image.diff(dim=2).square(), along[1])
    return (rows + columns).sqrt()


def edge_intensity(image: Tensor, measured: Tensor | None = None) -> Tensor:
    """Mean magnitude of the Sobel gradient, border replicated (EI). (B, 1, H, W) to (B,)."""
    return mean_where(magnitude(*sobel(F.pad(image, (1, 1, 1, 1), mode="replicate"))), inner(measured))


def mean_where(image: Tensor, measured: Tensor | None) -> Tensor:
    """Mean of the pixels that are measured, or of all. (B, 1, H, W) to (B,); NaN where there is none."""
    if measured is None:
        return image.mean((1, 2, 3))
    return torch.where(measured, image, 0.0).sum((1, 2, 3)) / measured.sum((1, 2, 3))


def inner(measured: Tensor | None) -> Tensor | None:
    """Pixels whose eight neighbours in the image are measured too: a difference with them says something."""
    return None if measured is None else F.max_pool2d((~measured).float(), 3, stride=1, padding=1) == 0


def sobel(image: Tensor) -> tuple[Tensor, Tensor]:
    """Unnormalised 3x3 Sobel gradient, to the right and upwards: two of (B, C, H - 2, W - 2).

    Differences come first and the smoothing across them after, so that a gradient along one axis alone is exactly zero along the other,
    whatever the rounding.
    """
    right = image[..., 2:] - image[..., :-2]
    up = image[..., :-2, :] - image[..., 2:, :]
    gx = right[..., :-2, :] + 2 * right[..., 1:-1, :] + right[..., 2:, :]
    gy = up[..., :-2] + 2 * up[..., 1:-1] + up[..., 2:]
    return gx, gy


def magnitude(gx: Tensor, gy: Tensor) -> Tensor:
    """sqrt(gx^2 + gy^2), with a gradient of zero where both are zero."""
    square = gx * gx + gy * gy
    if not square.requires_grad:
        return square.sqrt()
    exists = square > 0
    return torch.where(exists, torch.where(exists, square, 1.0).sqrt(), square)
