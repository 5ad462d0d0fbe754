"""CMFEM: the cross-dimension multi-scale feature extraction block of the encoder (Eq. 1-8)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .precision import at_least_float32, full_precision

LEAKY_SLOPE = 0.2


class CMFEM(nn.Module):
    """Convolution, then spatial gates from two 1-D sequences, then a channel gate by self-attention.

    Zhou et al., "Long-range correlation-guided dual-encoder fusion network", Scientific Reports 2025, Eq. 1-8.

    Args:
        in_channels: channels that the block reads.
        out_channels: C, a multiple of 4.
    """

    KERNELS = (3, 5, 7, 9)
    POOLED_SIZE = 7

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        if out_channels % len(self.KERNELS):
            raise ValueError(f"out_channels must be a multiple of {len(self.KERNELS)}, got {out_channels}")
        group = out_channels // len(self.KERNELS)
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        # The four 1-D convolutions are shared by both directions; the normalisation is not.
        self.sequence_convs = nn.ModuleList(nn.Conv1d(group, group, k, padding=k // 2, groups=group) for k in self.KERNELS)
        self.norm_height = nn.GroupNorm(len(self.KERNELS), out_channels)
        self.norm_width = nn.GroupNorm(len(self.KERNELS), out_channels)
        self.norm_attention = nn.GroupNorm(1, out_channels)
        self.query = nn.Conv2d(out_channels, out_channels, 1, groups=out_channels, bias=False)
        self.key = nn.Conv2d(out_channels, out_channels, 1, groups=out_channels, bias=False)
        self.value = nn.Conv2d(out_channels, out_channels, 1, groups=out_channels, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Features (B, in_channels, H, W) to (B, C, H, W)."""
        return self.gate(F.leaky_relu(self.conv(x), LEAKY_SLOPE))

    def gate(self, x: Tensor) -> Tensor:
        """Everything behind the convolution: (B, C, H, W) to the same shape, in float32 or above."""
        with full_precision(x):
            x = at_least_float32(x)
            gate_height = self.sequence_gate(x.mean(dim=3), self.norm_height).unsqueeze(3)
            gate_width = self.sequence_gate(x.mean(dim=2), self.norm_width).unsqueeze(2)
            x = x * gate_height * gate_width
            return x * self.channel_gate(F.adaptive_avg_pool2d(x, self.POOLED_SIZE))[:, :, None, None]

    def sequence_gate(self, sequence: Tensor, norm: nn.GroupNorm) -> Tensor:
        """Multi-scale gate along one direction: means over the other one (B, C, L) to (B, C, L) in (0, 1)."""
        groups = sequence.chunk(len(self.KERNELS), dim=1)
        mixed = torch.cat([conv(part) for conv, part in zip(self.sequence_convs, groups, strict=True)], dim=1)
        return torch.sigmoid(norm(mixed))

    def channel_gate(self, pooled: Tensor) -> Tensor:
        """Self-attention among channels on a map pooled to 7x7: (B, C, 7, 7) to (B, C) in (0, 1)."""
        channels = pooled.shape[1]
        pooled = self.norm_attention(pooled)
        query, key, value = (conv(pooled).flatten(2) for conv in (self.query, self.key, self.value))  # (B, C, 49)
        attention = torch.softmax(query @ key.transpose(1, 2) / channels**0.5, dim=-1)  # (B, C, C)
        return torch.sigmoid((attention @ value).mean(dim=2))
