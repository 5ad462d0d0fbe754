"""The encoder: four dense feature blocks and a 1x1 convolution, or the plain chain of the ablation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .cmfem import CMFEM, LEAKY_SLOPE

LAYER_CHANNELS = (16, 32, 32, 64, 64)


def _convolution(in_channels: int, out_channels: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.LeakyReLU(LEAKY_SLOPE))


class Encoder(nn.Module):
    """One image to five feature maps of 16, 32, 32, 64 and 64 channels, all at full resolution.

    Args:
        dense: each layer reads all earlier ones (the paper's encoder); otherwise only the one before.
        cmfem: layers 1 to 4 are CMFEM blocks; otherwise a 3x3 convolution with LeakyReLU.
    """

    def __init__(self, *, dense: bool = True, cmfem: bool = True) -> None:
        super().__init__()
        self.dense = dense
        block = CMFEM if cmfem else _convolution
        reads = [1] + [sum(LAYER_CHANNELS[:n]) if dense else LAYER_CHANNELS[n - 1] for n in range(1, 5)]
        self.blocks = nn.ModuleList(block(reads[n], LAYER_CHANNELS[n]) for n in range(4))
        self.last = nn.Conv2d(reads[4], LAYER_CHANNELS[4], 1)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Image (B, 1, H, W) to the five layers' outputs, each (B, C, H, W)."""
        features: list[Tensor] = []
        for block in self.blocks:
            features.append(block(self._read(features) if features else image))
        features.append(torch.tanh(self.last(self._read(features))))
        return features

    def _read(self, features: list[Tensor]) -> Tensor:
        return torch.cat(features, dim=1) if self.dense else features[-1]
