"""Our network with a set of weights."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion.device import choose_device
from LCDFusionLib.fusion.settings import DeviceChoice
from LCDFusionLib.network import RewrittenNet, WeightsError, load_weights
from LCDFusionLib.training.pairs import Image


class Network:
    """A network of the paper, as it ships or as it was trained.

    Args:
        weights: a shipped name (ct-pet, mr-pet) or a .pt file with its card.
        name: in tables; by default that of the weights.
        device: where it runs.

    Raises:
        InputError: there are no such weights, they are damaged, or the device cannot be used.
    """

    def __init__(self, weights: str | Path, *, name: str | None = None, device: DeviceChoice = "cpu") -> None:
        try:
            loaded = load_weights(weights)
        except WeightsError as error:
            raise InputError(str(error)) from error
        self.name = name or loaded.name
        self.sha256 = loaded.sha256
        self.device = choose_device(device)
        network = loaded.network
        model: nn.Module = RewrittenNet(network) if network.config.lcfm == "all" else network
        self.model = model.to(self.device)

    def fuse(self, anatomy01: Image, function01: Image) -> Image:
        """See `Method.fuse`; at least 16x16 pixels."""
        with torch.inference_mode():
            anatomy, function = (torch.tensor(image, dtype=torch.float32, device=self.device) for image in (anatomy01, function01))
            return self.model(anatomy[None, None], function[None, None])[0, 0].cpu().numpy()
