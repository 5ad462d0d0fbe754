"""Trains a network: steps, validation, checkpoints, resume, log and curves."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion.device import choose_device
from LCDFusionLib.metrics import evaluate
from LCDFusionLib.network import LCDFusionNet, LoadedWeights, NetworkConfig, RewrittenNet, save_weights

from .budget import check_budget, fingerprint, keep_budget
from .curves import plot_curves, read_log
from .data import TrainingData
from .loss import fusion_loss
from .measure import batch_of_one, write_rows
from .optimizer import Optimizer
from .presets import Preset
from .samples import CropSampler, Image, SlicePair
from .whole_slices import WholeSlices

LOGGED = ("QABF", "VIF_anatomy", "VIF_function", "SCD", "SCD_function")
WARM_UP = 50
ESTIMATE_AFTER = 5
"""Steps after which the run says how long it will take; the first one is slower than the rest."""


class Trainer:
    """One training run in one folder; started again on that folder it resumes.

    The folder gets `checkpoint.pt` (everything needed to go on), `best.pt` and `best.json` (the weights of the best validation),
    `log.csv` (a row an epoch), `curves.png` and `budget.json` (what must be the same when it is resumed). On a CPU the same seed and
    number of threads give the same weights, stopped and resumed or not; CUDA lacks a deterministic form of some operations.

    Args:
        data: what to learn from; whole slices for a protocol that counts in epochs, crops of all sources otherwise.
        preset: the protocol.
        folder: of the run.
        config: the network's variant.
        start: weights to begin with in place of random ones; they become those of this run.
        seed: of weights and crops.
        device: torch device. On CUDA the convolutions run in bfloat16; gates, normalisations and the loss in float32 or above.
        card: what the card of the weights is to say besides the protocol and the validation.
        held: a context in which an interrupt waits, so that it never falls into the middle of an update.

    Raises:
        InputError: the folder holds a run with another budget, or its checkpoint is damaged or of another network.
    """

    def __init__(
        self,
        data: TrainingData,
        preset: Preset,
        folder: Path,
        *,
        config: NetworkConfig | None = None,
        start: LoadedWeights | None = None,
        seed: int = 42,
        device: str | torch.device = "cpu",
        card: dict | None = None,
        held: Callable[[], AbstractContextManager] = nullcontext,
    ) -> None:
        torch.manual_seed(seed)
        self.preset, self.folder, self.device, self.card, self.held = preset, folder, torch.device(device), card or {}, held
        self.network = start.network.train() if start else LCDFusionNet(config)
        self.network.to(self.device)
        self.model = RewrittenNet(self.network, gate_stride=preset.gate_stride)  # the same, nearly, for less work
        self.exact = RewrittenNet(self.network)
        self.optimizer = Optimizer(self.network, preset.optimizer, preset.learning_rate)
        self.crops = CropSampler(data.sources, size=preset.crop, seed=seed)
        self.slices = WholeSlices(data.sources, preset.batch_size, seed=seed) if preset.epochs is not None else None
        self.validation = data.validation
        self.step, self.best, self.stale = 0, -math.inf, 0
        self.losses: list[dict[str, float]] = []  # of the steps since the last validation
        self.random = self._random_state()
        folder.mkdir(parents=True, exist_ok=True)
        budget = {
            "kind": self.card.get("title"),
            **asdict(preset),
            "seed": seed,
            "network": asdict(self.network.config),
            "start": start.sha256 if start else None,
            "data": fingerprint(data),
        }
        check_budget(folder, budget)
        if (folder / "checkpoint.pt").exists():
            self._resume()
        keep_budget(folder, budget)

    def run(self, progress: tqdm | None = None) -> Path:
        """Train to the end of the protocol, or until it stops early; returns the path of the best weights.

        Args:
            progress: a bar of the caller's, advanced by one a step, in place of the run's own.

        Raises:
            KeyboardInterrupt: it was interrupted; `checkpoint.pt` has every finished step.
            InputError: loss or gradient are not finite any more.
        """
        if progress is not None:
            self._run(progress)
        else:
            with tqdm(total=self.preset.steps, initial=self.step, desc=f"training {self.folder.name}", unit="step", smoothing=0.05) as own:
                self._run(own, say_estimate=True)
        return self.folder / "best.pt"

    def _run(self, progress: tqdm, *, say_estimate: bool = False) -> None:
        first, begun = self.step, time.monotonic()
        try:
            # An interrupt may have come between an epoch's last step and its end: then the end is due before anything else.
            self._end_epoch_if_due()
            while not self._finished():
                self._step()
                progress.update()
                progress.set_postfix(loss=f"{self.losses[-1]['loss']:.3f}")
                if self.step == first + 1:
                    begun = time.monotonic()
                elif self.step == first + ESTIMATE_AFTER and say_estimate:
                    seconds = (time.monotonic() - begun) / (ESTIMATE_AFTER - 1)
                    left = self.preset.steps - self.step
                    tqdm.write(
                        f"{seconds:.2g} s a step: {left} steps more take about {left * seconds / 60:.0f} min, validation not counted"
                    )
                self._end_epoch_if_due()
        except KeyboardInterrupt:
            self._save_checkpoint()
            raise

    def _finished(self) -> bool:
        patience = self.preset.patience
        return self.step >= self.preset.steps or (patience is not None and self.stale >= patience)

    def _step(self) -> None:
        self._set_learning_rate()
        anatomy, function = (torch.from_numpy(x).to(self.device) for x in self._batch())
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda"):
            fused = self.model(anatomy, function)
        loss, terms = fusion_loss(fused, anatomy, function, self.preset.loss)
        self.network.zero_grad(set_to_none=True)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            raise InputError(
                f"The training in '{self.folder}' diverged at step {self.step}, where the loss is {loss.item():g} and its gradient "
                f"{norm.item():g}: begin again in another folder with a lower learning rate."
            )
        with self.held():
            self.optimizer.step()
            self.step += 1
            self.losses.append({"loss": loss.item(), **terms})
            self.random = self._random_state()

    def _batch(self) -> tuple[Image, Image]:
        return self.slices.batch(self.step) if self.slices is not None else self.crops.batch(self.preset.batch_size)

    def _random_state(self) -> str:
        return json.dumps(self.crops.random.bit_generator.state)

    def _set_learning_rate(self) -> None:
        preset = self.preset
        if preset.schedule == "paper":
            factor = 0.9 ** (self.step // preset.steps_per_epoch // 5)
        else:
            factor = min(1.0, (self.step + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * self.step / preset.steps))
        self.optimizer.set_rate(factor)

    def _end_epoch_if_due(self) -> None:
        if not self.losses or (self.step % self.preset.steps_per_epoch and self.step < self.preset.steps):
            return
        scores = validate(self.exact, self.validation, self.preset, self.device)
        means = {f"train_{name}": float(np.mean([row[name] for row in self.losses])) for name in self.losses[0]}
        row = {"step": self.step, **means, **{f"validation_{name}": value for name, value in scores.items()}}
        # The paper stops on Q^AB/F, which a copy of the anatomy wins; the default protocol on its own loss.
        score = scores["QABF"] if self.preset.schedule == "paper" else -scores["loss"]
        with self.held():
            if score > self.best + self.preset.min_delta:
                self.best, self.stale = score, 0
                card = {**self.card, "step": self.step, "validation": scores, "preset": asdict(self.preset)}
                save_weights(self.network, self.folder / "best.pt", card)
            else:
                self.stale += 1
            self.losses = []
            self._log(row)
            self._save_checkpoint()
            plot_curves(self.folder / "log.csv", self.folder / "curves.png")
        tqdm.write(json.dumps({k: round(v, 4) for k, v in row.items()}))

    def _log(self, row: dict[str, float]) -> None:
        log, rows = self.folder / "log.csv", []
        if log.exists():
            # A row of this step or a later one was written by a run that was killed before its checkpoint.
            rows = [earlier for earlier in read_log(log) if int(earlier["step"]) < row["step"]]
        write_rows([*rows, row], log)

    def _save_checkpoint(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "best": self.best,
            "stale": self.stale,
            "random": self.random,
            "losses": json.dumps(self.losses),
        }
        with atomic_file(self.folder / "checkpoint.pt") as beside:
            torch.save(state, beside)

    def _resume(self) -> None:
        file = self.folder / "checkpoint.pt"
        try:
            state = torch.load(file, map_location=self.device, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.best, self.stale = state["step"], state["best"], state["stale"]
            self.losses = json.loads(state.get("losses", "[]"))  # earlier versions wrote checkpoints at the end of an epoch only
            self.random = state["random"]
            self.crops.random.bit_generator.state = json.loads(self.random)
        except Exception as error:  # torch raises many kinds here: pickle, zip, key and shape errors
            raise InputError(
                f"The checkpoint '{file}' is damaged or of another network: delete it to begin anew, or choose another folder with -o."
            ) from error


def training_device(choice: Literal["auto", "cpu", "cuda"]) -> torch.device:
    """The device asked for, or CUDA where there is one; never MPS, which lacks the double precision of the loss.

    Raises:
        InputError: the device cannot be used on this machine.
    """
    device = choose_device(choice)
    return torch.device("cpu") if device.type == "mps" else device


def validate(model: nn.Module, pairs: list[SlicePair], preset: Preset, device: torch.device) -> dict[str, float]:
    """Mean loss and metrics over whole slices."""
    rows = []
    with torch.no_grad():
        for pair in pairs:
            anatomy, function = (batch_of_one(image).to(device) for image in (pair.anatomy, pair.function))
            fused = model(anatomy, function)
            loss, _ = fusion_loss(fused, anatomy, function, preset.loss)
            values = evaluate(255 * fused.double(), 255 * anatomy.double(), 255 * function.double())
            rows.append([loss.item(), *(values[name].item() for name in LOGGED)])
    return dict(zip(("loss", *LOGGED), np.nanmean(rows, axis=0).tolist(), strict=True))
