"""Trained weights: where they are, that they are whole, and what they were trained on."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from LCDFusionLib.atomic import atomic_file

from .network import LCDFusionNet, NetworkConfig

SHIPPED = Path(__file__).parent / "weights"


class WeightsError(ValueError):
    """A weights file is missing, damaged or not what its card says; the message is one sentence for the user."""


@dataclass(frozen=True)
class LoadedWeights:
    """A network with trained weights, in evaluation mode on the CPU.

    Attributes:
        network: the direct form.
        name: "ct-pet", "mr-pet", or the file's stem.
        sha256: of the weights file, as checked against its card.
        card: the JSON card: configuration, training data, protocol, metrics.
    """

    network: LCDFusionNet
    name: str
    sha256: str
    card: dict


def shipped_names() -> list[str]:
    """Names of the weights that come with the package."""
    return sorted(file.stem for file in SHIPPED.glob("*.pt"))


def load_weights(name_or_path: str | Path) -> LoadedWeights:
    """Load shipped weights by name, or a file by path; its card is the .json beside it.

    Raises:
        WeightsError: no such weights, no card, a SHA-256 that does not match the card, or tensors that do not fit the network.
    """
    path = Path(name_or_path)
    if path.suffix != ".pt":
        path = SHIPPED / f"{name_or_path}.pt"
    if not path.is_file():
        raise WeightsError(
            f"There are no weights '{name_or_path}'; choose one of {', '.join(shipped_names())} or give the path of a .pt file."
        )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        card = _card(path, sha256)
        expected = str(card["sha256"])
        config = NetworkConfig(**card["network"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise WeightsError(f"The card '{path.stem}.json' of the weights '{path}' is missing or damaged; restore both files.") from error
    if sha256 != expected:
        raise WeightsError(
            f"The weights file '{path}' does not match the SHA-256 on its card ({sha256[:12]}..., expected {expected[:12]}...): "
            "it was changed or is damaged; restore both files, or go on with the training that wrote them."
        )
    network = LCDFusionNet(config)
    try:
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises many kinds here: pickle, zip, key and shape errors
        raise WeightsError(f"The weights file '{path}' cannot be read as weights of this network; restore it from the package.") from error
    return LoadedWeights(network.eval(), path.stem, sha256, card)


def _card(path: Path, sha256: str) -> dict:
    """The card beside the weights; where `save_weights` was killed between its two renames, the new one, which is whole already."""
    unnamed = path.with_suffix(".json.part")
    if unnamed.exists():
        with suppress(ValueError, KeyError, TypeError):
            card = json.loads(unnamed.read_text(encoding="utf-8"))
            if card["sha256"] == sha256:
                return card
    return json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


def save_weights(network: LCDFusionNet, path: str | Path, card: dict) -> str:
    """Write the state dict (float32) to `path` (.pt) and the card, with SHA-256 and configuration, beside it as .json.

    Returns:
        The SHA-256 of the weights file.
    """
    path = Path(path)
    state = {name: tensor.detach().to("cpu", torch.float32).clone() for name, tensor in network.state_dict().items()}
    card_beside = path.with_suffix(".json.part")
    with atomic_file(path) as beside:
        torch.save(state, beside)
        sha256 = hashlib.sha256(beside.read_bytes()).hexdigest()
        card_beside.write_text(json.dumps({**card, "sha256": sha256, "network": asdict(network.config)}, indent=2) + "\n", encoding="utf-8")
    card_beside.replace(path.with_suffix(".json"))
    return sha256
