"""The training loss: the paper's two terms, and the terms that mend its trap."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from LCDFusionLib.metrics import evaluate

BLACK = 0.01
"""Intensity below which a source shows nothing."""

TOE, DETAIL_SIZE = 0.1, 3.0
"""Of `overlay`: where the toe of the uptake ends, and the size of the anatomy's detail in pixels."""


@dataclass(frozen=True)
class LossWeights:
    """Weight of each term.

    Attributes:
        sources: the paper's L_int = mean|f - a| + mean|f - b|. Flat for every f between a and b, so alone it ends in a copy of one.
        gradient: the paper's L_grad = mean| |grad f| - max(|grad a|, |grad b|) |, Sobel, not normalised; the paper's alpha.
        overlay: mean|f - overlay(a, b)|: one optimum, in which more uptake is never darker and white anatomy leaves room for it.
        plateau: the same difference as a mean weighted by uptake squared: hot lesions are few pixels, and what they hide is in these.
        guide_edges: mean length of the difference between the gradients of f and of overlay(a, b).
        edges: 1 - Q^AB/F.
        correlation: 2 - SCD, which asks for the function wherever the anatomy does not explain the fused image.
        function_floor: how far VIF of the function stays below `function_margin` times the maximum rule's; nothing is won above it.
        anatomy_floor: how far VIF of the anatomy stays below `anatomy_margin` times that of the maximum rule or the average, whichever
            keeps more: over a bright brain the maximum rule keeps little of the anatomy.
        lesion_edges: what is missing from `lesion_margin` of the anatomy's edges under uptake, as a part of those edges.
        background: mean of f where both sources are black.
        darkening: how much any pixel darkens when uptake is added somewhere, as a part of what was added (`darkening_loss`).
        function_margin, anatomy_margin, lesion_margin: of the floors.
        headroom, cover, detail: of `overlay`: part of the gray range that anatomy without uptake leaves free at the white end; how much of
            the anatomy the hottest uptake covers; how much of its detail stays.
    """

    sources: float = 0.0
    gradient: float = 0.0
    overlay: float = 0.0
    plateau: float = 0.0
    guide_edges: float = 0.0
    edges: float = 0.0
    correlation: float = 0.0
    function_floor: float = 0.0
    anatomy_floor: float = 0.0
    lesion_edges: float = 0.0
    background: float = 0.0
    darkening: float = 0.0
    function_margin: float = 1.02
    anatomy_margin: float = 0.92
    lesion_margin: float = 0.85
    headroom: float = 0.03
    cover: float = 0.58
    detail: float = 0.5


def fusion_loss(fused: Tensor, anatomy: Tensor, function: Tensor, weights: LossWeights) -> tuple[Tensor, dict[str, float]]:
    """Loss of a batch, all (B, 1, H, W) in [0, 1], and the value of each term for the log.

    The terms made of metrics need images of at least 41x41 pixels; images for which a metric is undefined (a constant source) do not
    count in that term.
    """
    terms: dict[str, Tensor] = {}
    if weights.sources:
        terms["sources"] = (fused - anatomy).abs().mean() + (fused - function).abs().mean()
    if weights.gradient:
        target = torch.maximum(gradient_magnitude(anatomy), gradient_magnitude(function))
        terms["gradient"] = (gradient_magnitude(fused) - target).abs().mean()
    if weights.overlay or weights.plateau:
        off = fused - overlay(anatomy, function, weights)
        if weights.guide_edges:
            terms["guide_edges"] = sobel_gradient(off).abs().sum(dim=1).mean()
        off = off.abs()
        terms["overlay"] = off.mean()
        terms["plateau"] = (function.square() * off).sum() / function.square().sum().clamp(min=1e-6)
    if weights.lesion_edges:
        terms["lesion_edges"] = lesion_edges_lost(fused, anatomy, function, weights.lesion_margin)
    maximum = torch.maximum(anatomy, function)
    if weights.background:
        terms["background"] = (fused * (maximum < BLACK)).mean()
    if weights.edges or weights.correlation or weights.function_floor or weights.anatomy_floor:
        # In double precision: VIF takes small differences of large squares.
        anatomy, function = 255 * anatomy.double(), 255 * function.double()
        values = evaluate(255 * fused.double(), anatomy, function)
        with torch.no_grad():
            rule = evaluate(255 * maximum.double(), anatomy, function)
            average = evaluate((anatomy + function) / 2, anatomy, function)
            anatomy_kept = torch.maximum(rule["VIF_anatomy"], average["VIF_anatomy"])
        terms["edges"] = _mean(1 - values["QABF"])
        terms["correlation"] = _mean(2 - values["SCD"])
        # VIF has no upper end: of a nearly blank crop the rules keep a multiple, which is nothing to reach for.
        function_floor = (weights.function_margin * rule["VIF_function"]).clamp(max=1)
        anatomy_floor = (weights.anatomy_margin * anatomy_kept).clamp(max=1)
        terms["function_floor"] = _mean(F.relu(function_floor - values["VIF_function"]))
        terms["anatomy_floor"] = _mean(F.relu(anatomy_floor - values["VIF_anatomy"]))
    total = torch.zeros((), dtype=torch.float64, device=fused.device)
    for name, term in terms.items():
        total = total + getattr(weights, name) * term
    return total, {name: term.item() for name, term in terms.items()}


def overlay(anatomy: Tensor, function: Tensor, weights: LossWeights) -> Tensor:
    """The function laid over the anatomy so that more uptake is never darker, and the anatomy's detail stays under it.

    f = (1 - c u) (a - h a^2) + (1 - (1 - h) (1 - c)) u + d u (a - G a), h the headroom, c the cover, d the detail, G a Gaussian
    of `DETAIL_SIZE` pixels. Without uptake it is the anatomy, its white dimmed by the headroom and its gray hardly: so uptake can still be
    seen on white soft tissue. Under the hottest uptake the anatomy keeps 1 - c of its large contrasts, and most of its detail (edges
    inside a lesion) by the last term. As d < 1 - (1 - h) (1 - c), no detail makes more uptake darker. u = (1 + t) b^2 / (b + t),
    t = `TOE`, is linear in uptake but for a toe, which keeps the low uptake of muscle and blood from bending the anatomy's faint edges.
    """
    headroom, cover, detail = weights.headroom, weights.cover, weights.detail
    uptake = (1 + TOE) * function.square() / (function + TOE)
    dimmed = anatomy - headroom * anatomy.square()
    laid = (1 - cover * uptake) * dimmed + (1 - (1 - headroom) * (1 - cover)) * uptake
    return (laid + detail * uptake * (anatomy - _blurred(anatomy))).clamp(0, 1)


def _blurred(image: Tensor) -> Tensor:
    """(B, 1, H, W) after the Gaussian of the overlay's detail, border replicated."""
    radius = round(3 * DETAIL_SIZE)
    kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, device=image.device, dtype=image.dtype) / DETAIL_SIZE) ** 2)
    kernel = kernel / kernel.sum()
    padded = F.pad(image, (radius,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel[None, None, None]), kernel[None, None, :, None])


def lesion_edges_lost(fused: Tensor, anatomy: Tensor, function: Tensor, margin: float) -> Tensor:
    """Part of the anatomy's edges, weighted by uptake, that the fused image lacks in their own direction; 0 with `margin` of each."""
    edge, fused_edge = sobel_gradient(anatomy), sobel_gradient(fused)
    strength = edge.square().sum(dim=1, keepdim=True).clamp(min=1e-12).sqrt()
    along = (edge * fused_edge).sum(dim=1, keepdim=True) / strength
    return (function * F.relu(margin * strength - along)).sum() / ((function * strength).sum() + 1e-6)


def darkening_loss(before: Tensor, after: Tensor, added: Tensor) -> Tensor:
    """Sum of all darkening between two fused images, as a part of the uptake `added` to the function image; all (B, 1, H, W)."""
    return F.relu(before - after).sum() / added.sum().clamp(min=1e-6)


def gradient_magnitude(image: Tensor) -> Tensor:
    """|gx| + |gy| by the unnormalised Sobel on (B, 1, H, W), as related methods take it: 8 times the slope per pixel; border replicated."""
    return 8 * sobel_gradient(image).abs().sum(dim=1, keepdim=True)


def sobel_gradient(image: Tensor) -> Tensor:
    """Gradient (gx, gy) by Sobel on (B, 1, H, W), in intensity per pixel, replicated border: (B, 2, H, W)."""
    kernel = image.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, torch.stack([kernel, kernel.T])[:, None])


def _mean(values: Tensor) -> Tensor:
    """Mean over the images for which the value is defined; 0 where there is none."""
    defined = values[torch.isfinite(values)]
    return defined.mean() if len(defined) else values.new_zeros(())
