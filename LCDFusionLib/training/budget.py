"""What must not change when a run is resumed, kept in its folder: else the card would name a protocol that the weights never had."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError

from .data import TrainingData
from .samples import SlicePair

FILE = "budget.json"


def check_budget(folder: Path, budget: dict) -> None:
    """Refuse a folder that was begun otherwise; one without a budget, new or from an earlier version, is accepted.

    Raises:
        InputError: the budget there differs, or cannot be read.
    """
    file = folder / FILE
    if not file.exists():
        return
    try:
        before = dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError) as error:
        raise InputError(f"The file '{file}' is damaged: restore it, or choose another folder with -o.") from error
    now = json.loads(json.dumps(budget))
    if differing := [name for name in {**now, **before} if now.get(name) != before.get(name)]:
        raise InputError(
            f"The folder '{folder}' holds a run that differs in {', '.join(differing)}: "
            "give the options that it was begun with, or choose another folder with -o."
        )


def keep_budget(folder: Path, budget: dict) -> None:
    """Write the budget to a folder that has none."""
    if not (folder / FILE).exists():
        with atomic_file(folder / FILE) as beside:
            beside.write_text(json.dumps(budget, indent=1) + "\n", encoding="utf-8")


def fingerprint(data: TrainingData) -> str:
    """SHA-256 of which pairs are trained on, in which shares, and which are validated on.

    Their names and shapes, not their voxels: another machine may round these otherwise.
    """
    parts = [*data.sources, (0.0, data.validation)]
    names = [[share, [[p.group, p.name if isinstance(p, SlicePair) else "", p.anatomy.shape] for p in pairs]] for share, pairs in parts]
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()
