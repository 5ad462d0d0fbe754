"""The training loss: the paper's two terms, and the distance to the image that a reader needs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from LCDFusionLib.images.color import LIFT, TOE

DETAIL = 0.55
"""Of `overlay`: how much of the anatomy's detail is added where uptake is hottest."""

DETAIL_SIZE, DETAIL_RADIUS = 4.0, 9
"""Of the anatomy's detail, in pixels: the Gaussian's standard deviation, and where it ends: as far as the network's convolutions see."""


@dataclass(frozen=True)
class LossWeights:
    """Weight of each term.

    Attributes:
        sources: the paper's L_int = mean|f - a| + mean|f - b|. Flat for every f between a and b, so alone it ends in a copy of one.
        gradient: the paper's L_grad = mean| |grad f| - max(|grad a|, |grad b|) |, Sobel, not normalised; the paper's alpha.
        overlay: mean|f - overlay(a, b)|: one optimum, in which more uptake is never darker and the anatomy is seen under all of it.
        plateau: the same difference as a mean weighted by uptake squared: hot lesions are few pixels, and what they hide is in these.
        guide_edges: mean length of the difference between the gradients of f and of overlay(a, b).
    """

    sources: float = 0.0
    gradient: float = 0.0
    overlay: float = 0.0
    plateau: float = 0.0
    guide_edges: float = 0.0


def fusion_loss(fused: Tensor, anatomy: Tensor, function: Tensor, weights: LossWeights) -> tuple[Tensor, dict[str, float]]:
    """Loss of a batch, all (B, 1, H, W) in [0, 1], and the value of each term for the log."""
    terms: dict[str, Tensor] = {}
    if weights.sources:
        terms["sources"] = (fused - anatomy).abs().mean() + (fused - function).abs().mean()
    if weights.gradient:
        target = torch.maximum(gradient_magnitude(anatomy), gradient_magnitude(function))
        terms["gradient"] = (gradient_magnitude(fused) - target).abs().mean()
    if weights.overlay or weights.plateau or weights.guide_edges:
        off = fused - overlay(anatomy, function)
        terms["guide_edges"] = sobel_gradient(off).abs().sum(dim=1).mean()
        off = off.abs()
        terms["overlay"] = off.mean()
        terms["plateau"] = (function.square() * off).sum() / function.square().sum().clamp(min=1e-6)
    total = torch.zeros((), device=fused.device)
    for name, term in terms.items():
        total = total + getattr(weights, name) * term
    return total, {name: term.item() for name, term in terms.items()}


def overlay(anatomy: Tensor, function: Tensor) -> Tensor:
    """The function laid over the anatomy so that more uptake is never darker, and the anatomy stays under it; all (B, 1, H, W) in [0, 1].

    f = a + l u (1 - a) + d u (a - G a), l = `LIFT`, d = `DETAIL`, G a Gaussian of `DETAIL_SIZE` pixels. Without uptake it is the anatomy
    itself. Under the hottest uptake the anatomy keeps 1 - l of its large contrasts, and most of its detail (edges inside a lesion) by the
    last term. As d < l, no detail makes more uptake darker. u = (1 + t) b^2 / (b + t), t = `TOE`, is linear in uptake but for a toe, which
    keeps the low uptake of muscle and blood from bending the anatomy's faint edges. The lift l u is what the colour image takes back
    (`images.color.without_lift`), and has the anatomy and its detail again.
    """
    uptake = (1 + TOE) * function.square() / (function + TOE)
    return (anatomy + LIFT * uptake * (1 - anatomy) + DETAIL * uptake * (anatomy - _blurred(anatomy))).clamp(0, 1)


def _blurred(image: Tensor) -> Tensor:
    """(B, 1, H, W) after the Gaussian of the overlay's detail, border replicated."""
    places = torch.arange(-DETAIL_RADIUS, DETAIL_RADIUS + 1, device=image.device, dtype=image.dtype)
    kernel = torch.exp(-0.5 * (places / DETAIL_SIZE) ** 2)
    kernel = kernel / kernel.sum()
    padded = F.pad(image, (DETAIL_RADIUS,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel[None, None, None]), kernel[None, None, :, None])


def gradient_magnitude(image: Tensor) -> Tensor:
    """|gx| + |gy| by the unnormalised Sobel on (B, 1, H, W), as related methods take it: 8 times the slope per pixel; border replicated."""
    return 8 * sobel_gradient(image).abs().sum(dim=1, keepdim=True)


def sobel_gradient(image: Tensor) -> Tensor:
    """Gradient (gx, gy) by Sobel on (B, 1, H, W), in intensity per pixel, replicated border: (B, 2, H, W)."""
    kernel = image.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, torch.stack([kernel, kernel.T])[:, None])
