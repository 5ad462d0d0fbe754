"""Our network with a set of weights."""

from __future__ import annotations

from pathlib import Path

import torch

from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion.device import choose_device
from LCDFusionLib.fusion.settings import DeviceChoice
from LCDFusionLib.network import RewrittenNet, WeightsError, load_weights
from LCDFusionLib.training.samples import Image

METRIC_OF_TERM = {"edges": "QABF", "function_floor": "VIF", "anatomy_floor": "VIF", "correlation": "SCD"}
"""What terms of a training loss were made of, in cards from before decision 178."""


class Network:
    """A network of the paper, as it ships or as it was trained.

    Attributes:
        seen: patients and series that it was trained or validated on, from its card; None: the card does not say.
        loss_metrics: metrics that its training loss is made of, from its card.

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
        self.seen = _seen(loaded.card)
        self.loss_metrics = _loss_metrics(loaded.card)
        self.model = RewrittenNet(loaded.network).to(self.device)

    def fuse(self, anatomy01: Image, function01: Image) -> Image:
        """See `Method.fuse`; at least 16x16 pixels."""
        with torch.inference_mode():
            anatomy, function = (torch.tensor(image, dtype=torch.float32, device=self.device) for image in (anatomy01, function01))
            return self.model(anatomy[None, None], function[None, None])[0, 0].cpu().numpy()


def _seen(card: dict) -> frozenset[str] | None:
    if card.get("started_from") and not card.get("never_seen"):  # from weights whose card did not say what they saw
        return None
    trained, validated = card.get("trained_on"), card.get("validated_on")
    return frozenset([*trained, *validated]) if isinstance(trained, list) and isinstance(validated, list) else None


def _loss_metrics(card: dict) -> tuple[str, ...]:
    preset = card.get("preset")
    loss = preset.get("loss") if isinstance(preset, dict) else None
    return tuple(dict.fromkeys(metric for term, metric in METRIC_OF_TERM.items() if loss.get(term))) if isinstance(loss, dict) else ()
