"""LCFM: long-range correlation fusion of the two encoders' features (Eq. 9-16, Algorithm 1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .precision import at_least_float32

NORM_EPSILON = 1e-6


def normalise_channels(features: Tensor) -> Tensor:
    """Each pixel's feature vector divided by its Euclidean norm plus 1e-6; (B, C, H, W), in float32 or above."""
    features = at_least_float32(features)
    return features / (torch.linalg.vector_norm(features, dim=1, keepdim=True) + NORM_EPSILON)


class LCFM(nn.Module):
    """Correlates every pixel with a T x T summary of its own image and gates the channels by what that says.

    Zhou et al., Scientific Reports 2025, Eq. 9-16. Where Algorithm 1 and the equations differ, the equations are followed in the norm (the
    algorithm divides by its square) and in the output (raw features; the algorithm passes the normalised ones on). The gate is the
    algorithm's: one sum of both scores for both images, where Eq. 14 and 15 have a gate each. See decision 101.

    Args:
        channels: C, of each of the two feature maps.
        correlation_size: T, rows and columns of the pooled summary.
    """

    def __init__(self, channels: int, correlation_size: int) -> None:
        super().__init__()
        self.correlation_size = correlation_size
        self.project = nn.Conv2d(correlation_size**2, channels, 1)
        self.spread = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, anatomy: Tensor, function: Tensor) -> Tensor:
        """Two feature maps (B, C, H, W) to (B, 4C, H, W): both raw, then both under the common gate."""
        gate = (self.score(anatomy) + self.score(function))[:, :, None, None]
        return torch.cat([anatomy, function, anatomy * gate, function * gate], dim=1)

    def score(self, features: Tensor) -> Tensor:
        """The score s_m of one modality's channels: (B, C, H, W) to (B, C) in (0, 1)."""
        summary = normalise_channels(F.adaptive_avg_pool2d(features, self.correlation_size)).flatten(2)  # (B, C, T*T)
        pixels = normalise_channels(features)
        correlation = torch.einsum("bcs,bchw->bshw", summary, pixels)  # T*T channels in [-1, 1]
        return torch.sigmoid(at_least_float32(self.spread(self.project(correlation)))).mean(dim=(2, 3))
