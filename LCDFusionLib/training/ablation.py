"""The ablation: every variant of the network trained alike, and what each gives on pairs that training never saw."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from LCDFusionLib.metrics import METRICS, PER_SOURCE, evaluate
from LCDFusionLib.network import EXPERIMENTS, NetworkConfig, RewrittenNet, load_weights

from .data import TrainingData
from .pairs import SlicePair
from .presets import Preset
from .trainer import Trainer, batch_of_one

VARIANTS = {**EXPERIMENTS, "T8": NetworkConfig(correlation_size=8), "T32": NetworkConfig(correlation_size=32)}
"""Exp1 to Exp5 of the paper's Table 4, and the full network with another T; with T = 16 it is Exp5."""

COLUMNS = (*METRICS, *PER_SOURCE)


class AblationMismatchError(ValueError):
    """The folder holds an ablation with another budget, seed or data; the message says which differ."""


def run_ablation(
    data: TrainingData,
    held_out: dict[str, list[SlicePair]],
    folder: Path,
    preset: Preset,
    *,
    seed: int = 42,
    device: str | torch.device = "cpu",
    card: dict | None = None,
    held: Callable[[], AbstractContextManager] = nullcontext,
) -> None:
    """Train every variant in a folder of its own, then fuse the held-out pairs with it; started again, it goes on where it stopped.

    All variants get the same steps, data, order of crops and seed. Beside its run each has `metrics.csv` (a row a pair) and `fused.npz`
    (the fused images by name of the pair).

    Args:
        data: what all variants learn from.
        held_out: slice pairs that no training saw, by data set.
        folder: of the ablation.
        preset: the common budget.
        seed: of weights and crops.
        device: torch device.
        card: of the weights, see `Trainer`.
        held: see `Trainer`.

    Raises:
        AblationMismatchError: the folder was begun with another budget.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _check_budget(folder / "budget.json", preset, seed, held_out)
    count = sum(len(pairs) for pairs in held_out.values())
    with tqdm(total=len(VARIANTS) * (preset.steps + count), desc="ablation", unit="step", smoothing=0.05) as progress:
        for name, config in VARIANTS.items():
            run = folder / name
            progress.set_description(f"ablation, {name}")
            if (run / "metrics.csv").exists():
                progress.update(preset.steps + count)
                continue
            trainer = Trainer(data, preset, run, config=config, seed=seed, device=device, card=card, held=held)
            progress.update(trainer.step)
            weights = trainer.run(progress)
            _fuse_held_out(weights, held_out, run, torch.device(device), progress)


def _check_budget(file: Path, preset: Preset, seed: int, held_out: dict[str, list[SlicePair]]) -> None:
    budget = {**asdict(preset), "seed": seed, "pairs": {name: [pair.name for pair in pairs] for name, pairs in held_out.items()}}
    if not file.exists():
        file.write_text(json.dumps(budget, indent=1) + "\n", encoding="utf-8")
        return
    before = json.loads(file.read_text(encoding="utf-8"))
    differing = [name for name in budget if budget[name] != before.get(name)]
    if differing:
        raise AblationMismatchError(", ".join(differing))


def _fuse_held_out(weights: Path, held_out: dict[str, list[SlicePair]], run: Path, device: torch.device, progress: tqdm) -> None:
    model = RewrittenNet(load_weights(weights).network).to(device)
    rows, images = [], {}
    for data_set, pairs in held_out.items():
        for pair in pairs:
            anatomy, function = (batch_of_one(image).to(device) for image in (pair.anatomy, pair.function))
            with torch.inference_mode():
                fused = model(anatomy, function)
                values = evaluate(255 * fused.double(), 255 * anatomy.double(), 255 * function.double())
            rows.append({"data_set": data_set, "pair": pair.name, **{name: values[name].item() for name in COLUMNS}})
            images[f"{data_set}: {pair.name}"] = fused[0, 0].cpu().numpy()
            progress.update()
    np.savez_compressed(run / "fused.npz", **images)
    beside = run / "metrics.csv.part"  # the mark that this variant is finished: written last, and whole
    with beside.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    beside.replace(run / "metrics.csv")
