"""The decoder: five 3x3 convolutions from the fused features to the fused image."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .cmfem import LEAKY_SLOPE
from .precision import at_least_float32

LAYER_CHANNELS = (32, 32, 16, 16, 1)


class Decoder(nn.Module):
    """Fused features (B, in_channels, H, W) to the fused image (B, 1, H, W) in (0, 1)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, LAYER_CHANNELS[0], 3, padding=1)
        self.rest = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1) for i, o in pairwise(LAYER_CHANNELS))

    def forward(self, features: Tensor) -> Tensor:
        """Five convolutions, LeakyReLU between them, sigmoid at the end."""
        return self.finish(self.first(features))

    def finish(self, first: Tensor) -> Tensor:
        """Everything behind the first convolution: (B, 32, H, W) to (B, 1, H, W)."""
        x = first
        for conv in self.rest:
            x = conv(F.leaky_relu(x, LEAKY_SLOPE))
        return torch.sigmoid(at_least_float32(x))
