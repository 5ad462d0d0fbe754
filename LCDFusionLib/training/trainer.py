"""Trains a network: steps, validation, checkpoints, resume, log and curves."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from LCDFusionLib.metrics import evaluate
from LCDFusionLib.network import LCDFusionNet, NetworkConfig, RewrittenNet, load_weights, save_weights

from .curves import plot_curves
from .data import TrainingData
from .loss import darkening_loss, fusion_loss
from .pairs import CropSampler, SlicePair
from .presets import Preset

LOGGED = ("QABF", "VIF_anatomy", "VIF_function", "SCD", "SCD_function")
WARM_UP = 50


class Trainer:
    """One training run in one folder; started again on that folder it resumes.

    The folder gets `checkpoint.pt` (everything needed to go on), `best.pt` and `best.json` (the weights of the best validation),
    `log.csv` (a row an epoch) and `curves.png`.

    Args:
        data: what to learn from.
        preset: the protocol.
        folder: of the run.
        config: the network's variant.
        start_from: weights to begin with in place of random ones.
        seed: of weights and crops.
        device: torch device.
    """

    def __init__(
        self,
        data: TrainingData,
        preset: Preset,
        folder: Path,
        *,
        config: NetworkConfig | None = None,
        start_from: Path | None = None,
        seed: int = 42,
        device: str = "cpu",
    ) -> None:
        torch.manual_seed(seed)
        self.preset, self.folder, self.device = preset, folder, torch.device(device)
        self.network = load_weights(start_from).network.train() if start_from else LCDFusionNet(config)
        self.network.to(self.device)
        full = self.network.config.lcfm == "all"
        self.model: nn.Module = RewrittenNet(self.network) if full else self.network  # same gradients for a third of the work
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=preset.learning_rate)
        self.sampler = CropSampler(data.sources, size=preset.crop, seed=seed)
        self.validation = data.validation
        self.step, self.best, self.stale = 0, -math.inf, 0
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "checkpoint.pt").exists():
            self._resume()

    def run(self) -> Path:
        """Train to the end of the protocol, or until it stops early; returns the path of the best weights."""
        preset = self.preset
        with tqdm(total=preset.steps, initial=self.step, desc=f"training {self.folder.name}", unit="step", smoothing=0.05) as progress:
            losses: list[dict[str, float]] = []
            while self.step < preset.steps:
                losses.append(self._step())
                self.step += 1
                progress.update()
                progress.set_postfix(loss=f"{losses[-1]['loss']:.3f}")
                if self.step % preset.steps_per_epoch == 0 or self.step == preset.steps:
                    self._end_epoch({name: float(np.mean([row[name] for row in losses])) for name in losses[0]})
                    losses = []
                    if preset.patience is not None and self.stale >= preset.patience:
                        break
        return self.folder / "best.pt"

    def _step(self) -> dict[str, float]:
        self._set_learning_rate()
        weights, count = self.preset.loss, self.preset.batch_size
        crops = list(self.sampler.batch(count))
        if weights.darkening:
            # A quarter of the crops once more, each with a lesion added: the two fused images are compared.
            some = slice(0, max(count // 4, 1))
            again = [crops[0][some], np.stack([self.sampler.with_lesion(f[0])[None] for f in crops[1][some]])]
            crops = [np.concatenate(both) for both in zip(crops, again, strict=True)]
        anatomy, function = (torch.from_numpy(x).to(self.device) for x in crops)
        fused = self.model(anatomy, function)
        loss, terms = fusion_loss(fused[:count], anatomy[:count], function[:count], weights)
        if weights.darkening:
            repeated = slice(0, len(fused) - count)
            darkening = darkening_loss(fused[repeated], fused[count:], function[count:] - function[repeated])
            loss, terms["darkening"] = loss + weights.darkening * darkening, darkening.item()
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss.item()} at step {self.step}: terms {terms}; lower the learning rate")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0, error_if_nonfinite=True)
        self.optimizer.step()
        return {"loss": loss.item(), **terms}

    def _set_learning_rate(self) -> None:
        preset = self.preset
        if preset.schedule == "paper":
            factor = 0.9 ** (self.step // preset.steps_per_epoch // 5)
        else:
            factor = min(1.0, (self.step + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * self.step / preset.steps))
        for group in self.optimizer.param_groups:
            group["lr"] = preset.learning_rate * factor

    def _end_epoch(self, means: dict[str, float]) -> None:
        scores = validate(self.model, self.validation, self.preset, self.device)
        # The paper stops on Q^AB/F, which a copy of the anatomy wins; the default protocol on its own loss.
        score = scores["QABF"] if self.preset.schedule == "paper" else -scores["loss"]
        if score > self.best + self.preset.min_delta:
            self.best, self.stale = score, 0
            card = {"step": self.step, "validation": scores, "preset": asdict(self.preset)}
            save_weights(self.network, self.folder / "best.pt", card)
        else:
            self.stale += 1
        row = {"step": self.step, **{f"train_{k}": v for k, v in means.items()}, **{f"validation_{k}": v for k, v in scores.items()}}
        log = self.folder / "log.csv"
        new = not log.exists()
        with log.open("a", newline="") as file:
            writer = csv.DictWriter(file, row)
            if new:
                writer.writeheader()
            writer.writerow(row)
        self._save_checkpoint()
        plot_curves(log, self.folder / "curves.png")
        tqdm.write(json.dumps({k: round(v, 4) for k, v in row.items()}))

    def _save_checkpoint(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "best": self.best,
            "stale": self.stale,
            "random": json.dumps(self.sampler.random.bit_generator.state),
        }
        beside = self.folder / "checkpoint.pt.part"
        torch.save(state, beside)
        beside.replace(self.folder / "checkpoint.pt")

    def _resume(self) -> None:
        state = torch.load(self.folder / "checkpoint.pt", map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.best, self.stale = state["step"], state["best"], state["stale"]
        self.sampler.random.bit_generator.state = json.loads(state["random"])


def validate(model: nn.Module, pairs: list[SlicePair], preset: Preset, device: torch.device) -> dict[str, float]:
    """Mean loss and metrics over whole slices."""
    rows = []
    with torch.no_grad():
        for pair in pairs:
            anatomy, function = (_batch_of_one(image).to(device) for image in (pair.anatomy, pair.function))
            fused = model(anatomy, function)
            loss, _ = fusion_loss(fused, anatomy, function, preset.loss)
            values = evaluate(255 * fused.double(), 255 * anatomy.double(), 255 * function.double())
            rows.append([loss.item(), *(values[name].item() for name in LOGGED)])
    return dict(zip(("loss", *LOGGED), np.nanmean(rows, axis=0).tolist(), strict=True))


def _batch_of_one(image: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image))[None, None]
