"""What the card of newly trained weights says: data with its licences, who was held out, seed and versions."""

from __future__ import annotations

import platform
from collections.abc import Collection

import torch

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.network import LoadedWeights

from .data import TrainingData

SARCOMA = "IBSI validation data set, from the TCIA collection Soft-tissue-Sarcoma; CC BY 3.0"
ATLAS = (
    "Whole Brain Atlas (AANLIB, Harvard Medical School), as collected in xianming-gu/Havard-Medical-Image-Fusion-Datasets; "
    "free for research with citation"
)
THORAX = "chest CT of the TCIA collection Lung-PET-CT-Dx with simulated uptake; CC BY 4.0"
SOURCES = {"STS_": SARCOMA, "PET-MRI/": ATLAS, "SPECT-MRI/": ATLAS, "thorax-ct": THORAX}
"""By the beginning of a group's name."""


def describe(
    data: TrainingData, *, kind: str, never_seen: Collection[str], split: str, seed: int, start: LoadedWeights | None = None
) -> dict:
    """The part of a card that is known before training.

    Args:
        data: what is trained and validated on.
        kind: what the command was asked to train.
        never_seen: groups (patients, series) of which no pair is trained or validated on.
        split: how training, validation and test were parted, in words.
        seed: of the run.
        start: weights that the run begins with: what they saw, these weights saw.
    """
    trained = sorted({pair.group for _, pairs in data.sources for pair in pairs})
    validated = sorted({pair.group for pair in data.validation})
    used = dict.fromkeys(text for beginning, text in SOURCES.items() if any(g.startswith(beginning) for g in (*trained, *validated)))
    before = start.card if start else {}
    if isinstance(before.get("trained_on"), list):
        trained = sorted({*trained, *before["trained_on"]})
        validated = sorted({*validated, *before.get("validated_on", ())})
        never_seen = {*never_seen} - {*trained, *validated}
    elif start:
        never_seen = ()  # their card does not say what they saw
    card = {
        "title": f"LCDFusion {kind}",
        "intended_use": f"research and teaching. {DISCLAIMER}",
        "licence": "Apache-2.0 (weights); data under the licences named",
        "data": list(dict.fromkeys([*used, *before.get("data", ())])),
        "trained_on": trained,
        "validated_on": validated,
        "never_seen": sorted(never_seen),
        "split": split,
        "seed": seed,
        "versions": {"lcdfusion": __version__, "torch": torch.__version__, "python": platform.python_version()},
    }
    if start:
        card["started_from"] = started_from(start)
    return card


def started_from(start: LoadedWeights) -> dict:
    """What a card says of the weights that the run begins with."""
    kept = ("title", "started_from", "step", "preset", "protocol")
    return {"sha256": start.sha256, **{name: start.card[name] for name in kept if name in start.card}}
