"""The ablation: every variant of the network trained alike, and what each gives on pairs that training never saw."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.network import EXPERIMENTS, NetworkConfig

from .budget import check_budget, keep_budget
from .data import TrainingData
from .measure import fuse_pairs, measure, write_rows
from .presets import Preset
from .samples import SlicePair
from .trainer import Trainer

VARIANTS = {**EXPERIMENTS, "T8": NetworkConfig(correlation_size=8), "T32": NetworkConfig(correlation_size=32)}
"""Exp1 to Exp5 of the paper's Table 4, and the full network with another T; with T = 16 it is Exp5."""


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

    All variants get the same steps, data, order of crops and seed. Beside its run each has `fused.npz`: fused images by name of the pair.

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
        InputError: the folder was begun with another budget.
    """
    folder.mkdir(parents=True, exist_ok=True)
    budget = {**asdict(preset), "seed": seed, "pairs": {name: [pair.name for pair in pairs] for name, pairs in held_out.items()}}
    check_budget(folder, budget)
    keep_budget(folder, budget)
    count = sum(len(pairs) for pairs in held_out.values())
    with tqdm(total=len(VARIANTS) * (preset.steps + count), desc="ablation", unit="step", smoothing=0.05) as progress:
        for name, config in VARIANTS.items():
            run = folder / name
            progress.set_description(f"ablation, {name}")
            if (run / "fused.npz").exists():
                progress.update(preset.steps + count)
                continue
            trainer = Trainer(data, preset, run, config=config, seed=seed, device=device, card=card, held=held)
            progress.update(trainer.step)
            weights = trainer.run(progress)
            _fuse_held_out(weights, held_out, run, torch.device(device), progress)


def measure_ablation(folder: Path, held_out: dict[str, list[SlicePair]]) -> None:
    """Measure what every variant of a finished ablation fused: a row a pair in `metrics.csv` beside its `fused.npz`."""
    for variant in tqdm(VARIANTS, desc="measuring", disable=None):
        fused = np.load(folder / variant / "fused.npz")
        rows = [
            {"data_set": data_set, "pair": pair.name, **measure(fused[f"{data_set}: {pair.name}"], pair)}
            for data_set, pairs in held_out.items()
            for pair in pairs
        ]
        write_rows(rows, folder / variant / "metrics.csv")


def _fuse_held_out(weights: Path, held_out: dict[str, list[SlicePair]], run: Path, device: torch.device, progress: tqdm) -> None:
    images: dict[str, Any] = {}
    for data_set, pairs in held_out.items():
        for pair, fused in zip(pairs, fuse_pairs(weights, pairs, device), strict=True):
            images[f"{data_set}: {pair.name}"] = fused
            progress.update()
    with atomic_file(run / "fused.npz") as beside:  # the mark that this variant is finished: written last, and whole
        np.savez_compressed(beside, **images)
