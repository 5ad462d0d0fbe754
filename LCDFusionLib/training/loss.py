"""The training loss: the paper's two terms, and the terms that mend its trap."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from LCDFusionLib.metrics import evaluate


@dataclass(frozen=True)
class LossWeights:
    """Weight of each term; a term with weight 0 is not computed.

    Attributes:
        sources: the paper's L_int = mean|f - a| + mean|f - b|. Flat for every f between a and b: alone it ends in a copy of one source.
        maximum: mean|f - max(a, b)|, which has one optimum.
        gradient: the paper's L_grad = mean| |grad f| - max(|grad a|, |grad b|) |, Sobel; the paper's alpha.
        similarity: 2 - SSIM(f, a) - SSIM(f, b).
        edges: 1 - Q^AB/F, the metric itself.
        information: 2 - VIF(f, a) - `function_share` * VIF(f, b) ..., the metric itself, so that the function stays to be seen.
        function_share: how much more the function's VIF counts than the anatomy's.
    """

    sources: float = 0.0
    maximum: float = 0.0
    gradient: float = 0.0
    similarity: float = 0.0
    edges: float = 0.0
    information: float = 0.0
    function_share: float = 1.0


PAPER_LOSS = LossWeights(sources=1.0, gradient=10.0)


def fusion_loss(fused: Tensor, anatomy: Tensor, function: Tensor, weights: LossWeights) -> tuple[Tensor, dict[str, float]]:
    """Loss of a batch, all (B, 1, H, W) in [0, 1], and the value of each term for the log."""
    terms: dict[str, Tensor] = {}
    if weights.sources:
        terms["sources"] = (fused - anatomy).abs().mean() + (fused - function).abs().mean()
    if weights.maximum:
        terms["maximum"] = (fused - torch.maximum(anatomy, function)).abs().mean()
    if weights.gradient:
        target = torch.maximum(gradient_magnitude(anatomy), gradient_magnitude(function))
        terms["gradient"] = (gradient_magnitude(fused) - target).abs().mean()
    if weights.similarity:
        terms["similarity"] = 2 - structural_similarity(fused, anatomy) - structural_similarity(fused, function)
    if weights.edges or weights.information:
        values = evaluate(255 * fused, 255 * anatomy, 255 * function)
        terms["edges"] = 1 - torch.nanmean(values["QABF"])
        share = weights.function_share
        terms["information"] = 1 + share - torch.nanmean(values["VIF_anatomy"]) - share * torch.nanmean(values["VIF_function"])
    total = sum((getattr(weights, name) * term for name, term in terms.items()), fused.new_zeros(()))
    assert isinstance(total, Tensor)
    return total, {name: term.item() for name, term in terms.items()}


def gradient_magnitude(image: Tensor) -> Tensor:
    """|grad| by Sobel, normalised to intensity per pixel, replicated border; L1 of the two directions as in the paper's kin."""
    kernel = image.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    padded = F.pad(image, (1, 1, 1, 1), mode="replicate")
    both = F.conv2d(padded, torch.stack([kernel, kernel.T])[:, None])
    return both.abs().sum(dim=1, keepdim=True)


def structural_similarity(x: Tensor, y: Tensor, *, window: int = 11, sigma: float = 1.5) -> Tensor:
    """Mean SSIM of two batches (B, 1, H, W) in [0, 1] (Wang et al. 2004): Gaussian window, valid region."""
    position = torch.arange(window, dtype=x.dtype, device=x.device) - window // 2
    line = torch.softmax(-(position**2) / (2 * sigma**2), dim=0)

    def blur(image: Tensor) -> Tensor:
        return F.conv2d(F.conv2d(image, line[None, None, :, None]), line[None, None, None, :])

    mean_x, mean_y = blur(x), blur(y)
    variance_x, variance_y = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2
    covariance = blur(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return (luminance * (2 * covariance + c2) / (variance_x + variance_y + c2)).mean()
