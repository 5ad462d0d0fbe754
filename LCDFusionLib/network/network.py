"""The whole network in its direct form, and the variants of the ablation study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from .decoder import Decoder
from .encoder import LAYER_CHANNELS, Encoder
from .lcfm import LCFM

MINIMUM_SIZE = 16


@dataclass(frozen=True)
class NetworkConfig:
    """What of the paper's network is built.

    Attributes:
        correlation_size: T of the LCFM.
        dense: two dense encoders with weights of their own; otherwise one plain encoder that both images share.
        cmfem: CMFEM blocks in the encoder; otherwise plain convolutions.
        lcfm: where the LCFM fuses; the features of the other layers are added.
    """

    correlation_size: int = 16
    dense: bool = True
    cmfem: bool = True
    lcfm: Literal["none", "last", "all"] = "all"

    def __post_init__(self) -> None:
        if isinstance(self.correlation_size, bool) or not isinstance(self.correlation_size, int) or not 1 <= self.correlation_size <= 256:
            raise ValueError(f"correlation_size must be a whole number from 1 to 256, got {self.correlation_size}")
        if not isinstance(self.dense, bool) or not isinstance(self.cmfem, bool):
            raise ValueError(f"dense and cmfem must be true or false, got {self.dense} and {self.cmfem}")
        if self.lcfm not in ("none", "last", "all"):
            raise ValueError(f"lcfm must be 'none', 'last' or 'all', got '{self.lcfm}'")


EXPERIMENTS = {
    "Exp1": NetworkConfig(dense=False, cmfem=False, lcfm="none"),
    "Exp2": NetworkConfig(cmfem=False, lcfm="none"),
    "Exp3": NetworkConfig(lcfm="none"),
    "Exp4": NetworkConfig(lcfm="last"),
    "Exp5": NetworkConfig(),
}
"""The ablation of the paper's Table 4: plain, + dense dual encoder, + CMFEM, + LCFM at the last layer, + LCFM at every layer."""


class LCDFusionNet(nn.Module):
    """Fuses one anatomy and one function image.

    Zhou et al., "Long-range correlation-guided dual-encoder fusion network", Scientific Reports 2025. This is the direct form, as the
    equations say it; `RewrittenNet` gives the same image for less work.

    Example:
        >>> network = LCDFusionNet()
        >>> network(torch.rand(1, 1, 31, 40), torch.rand(1, 1, 31, 40)).shape
        torch.Size([1, 1, 31, 40])
    """

    def __init__(self, config: NetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or NetworkConfig()
        self.anatomy_encoder = Encoder(dense=config.dense, cmfem=config.cmfem)
        self.function_encoder = Encoder(dense=config.dense, cmfem=config.cmfem) if config.dense else self.anatomy_encoder
        last = len(LAYER_CHANNELS) - 1
        layers = {"none": [], "last": [last], "all": list(range(len(LAYER_CHANNELS)))}[config.lcfm]
        self.lcfms = nn.ModuleDict({str(n): LCFM(LAYER_CHANNELS[n], config.correlation_size) for n in layers})
        self.decoder = Decoder(sum(channels * (4 if n in layers else 1) for n, channels in enumerate(LAYER_CHANNELS)))

    def forward(self, anatomy: Tensor, function: Tensor) -> Tensor:
        """Two images (B, 1, H, W) in [0, 1], H and W at least 16, to the fused image (B, 1, H, W) in (0, 1)."""
        check_images(anatomy, function)
        pairs = zip(self.anatomy_encoder(anatomy), self.function_encoder(function), strict=True)
        fused = [self.lcfms[str(n)](a, f) if str(n) in self.lcfms else a + f for n, (a, f) in enumerate(pairs)]
        return self.decoder(torch.cat(fused, dim=1))


def check_images(anatomy: Tensor, function: Tensor) -> None:
    """Both inputs are (B, 1, H, W) of one shape, H and W at least 16.

    Raises:
        ValueError: they are not; the message names the shapes.
    """
    if anatomy.shape != function.shape or anatomy.ndim != 4 or anatomy.shape[1] != 1 or min(anatomy.shape[2:]) < MINIMUM_SIZE:
        shapes = f"{tuple(anatomy.shape)} and {tuple(function.shape)}"
        raise ValueError(f"anatomy and function must both be (B, 1, H, W) with H and W at least {MINIMUM_SIZE}; got {shapes}")
