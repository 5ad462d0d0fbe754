"""The training loss: the paper's two terms, and the terms that mend its trap."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from LCDFusionLib.metrics import evaluate

BLACK = 0.01
"""Intensity below which a source shows nothing."""


@dataclass(frozen=True)
class LossWeights:
    """Weight of each term.

    Attributes:
        sources: the paper's L_int = mean|f - a| + mean|f - b|. Flat for every f between a and b, so alone it ends in a copy of one.
        gradient: the paper's L_grad = mean| |grad f| - max(|grad a|, |grad b|) |, Sobel; the paper's alpha.
        maximum: mean|f - max(a, b)|: one optimum, and more uptake is never darker.
        edges: 1 - Q^AB/F.
        correlation: 2 - SCD, which asks for the function wherever the anatomy does not explain the fused image.
        function_floor: how far VIF of the function stays below `floor_margin` times the maximum rule's; nothing is won above it.
        anatomy_floor: how far VIF of the anatomy stays below `anatomy_margin` times that of the maximum rule or the average, whichever
            keeps more: over a bright brain the maximum rule keeps little of the anatomy.
        background: mean of f where both sources are black.
        function_margin, anatomy_margin: of the floors.
    """

    sources: float = 0.0
    gradient: float = 0.0
    maximum: float = 0.0
    edges: float = 0.0
    correlation: float = 0.0
    function_floor: float = 0.0
    anatomy_floor: float = 0.0
    background: float = 0.0
    function_margin: float = 1.2
    anatomy_margin: float = 1.1


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
    maximum = torch.maximum(anatomy, function)
    if weights.maximum:
        terms["maximum"] = (fused - maximum).abs().mean()
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


def gradient_magnitude(image: Tensor) -> Tensor:
    """|gx| + |gy| by Sobel on (B, 1, H, W), in intensity per pixel, replicated border."""
    kernel = image.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    return F.conv2d(padded, torch.stack([kernel, kernel.T])[:, None]).abs().sum(dim=1, keepdim=True)


def _mean(values: Tensor) -> Tensor:
    """Mean over the images for which the value is defined; 0 where there is none."""
    defined = values[torch.isfinite(values)]
    return defined.mean() if len(defined) else values.new_zeros(())
