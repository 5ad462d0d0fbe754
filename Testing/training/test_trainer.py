"""A training run: it learns, it resumes where it stopped, and what it writes can be loaded."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

from LCDFusionLib.network import load_weights
from LCDFusionLib.training.data import TrainingData
from LCDFusionLib.training.pairs import SlicePair
from LCDFusionLib.training.presets import PRESETS
from LCDFusionLib.training.trainer import Trainer

PRESET = replace(PRESETS["default"], steps=6, steps_per_epoch=3, batch_size=2, crop=48)


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:56, :56]

    def pair(n):
        anatomy = 0.4 + 0.3 * np.sin(columns / (3 + n)) + random.normal(0, 0.02, rows.shape)
        function = np.exp(-((rows - 10 * n) ** 2 + (columns - 28) ** 2) / 150)
        return SlicePair(anatomy.clip(0, 1).astype(np.float32), function.astype(np.float32), str(n), f"{n}/0")

    return TrainingData([(1.0, [pair(1), pair(2), pair(3)])], [pair(4)])


def final_weights(folder):
    return torch.load(folder / "checkpoint.pt", weights_only=True)["network"]


def test_a_run_that_was_stopped_ends_with_the_same_weights(data, tmp_path):
    torch.use_deterministic_algorithms(True)
    try:
        Trainer(data, PRESET, tmp_path / "whole").run()
        stopped = Trainer(data, PRESET, tmp_path / "stopped")
        stopped._end_epoch = lambda means, real=stopped._end_epoch: (real(means), (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            stopped.run()
        Trainer(data, PRESET, tmp_path / "stopped").run()
    finally:
        torch.use_deterministic_algorithms(False)
    for (name, whole), resumed in zip(final_weights(tmp_path / "whole").items(), final_weights(tmp_path / "stopped").values(), strict=True):
        torch.testing.assert_close(whole, resumed, msg=name)
    with (tmp_path / "stopped" / "log.csv").open() as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["3", "6"]


def test_training_lowers_the_loss_and_writes_weights(data, tmp_path):
    best = Trainer(data, replace(PRESET, steps=24, steps_per_epoch=8, learning_rate=3e-3), tmp_path).run()
    with (tmp_path / "log.csv").open() as file:
        losses = [float(row["train_loss"]) for row in csv.DictReader(file)]
    assert losses[-1] < losses[0]
    loaded = load_weights(best)
    assert loaded.card["preset"]["steps"] == 24
    assert (tmp_path / "curves.png").stat().st_size > 5000


def test_early_stopping(data, tmp_path):
    preset = replace(PRESET, steps=30, steps_per_epoch=1, patience=2, min_delta=1e9)
    trainer = Trainer(data, preset, tmp_path)
    trainer.run()
    assert trainer.step == 3, "the first epoch is the best so far; two without a better one end the run"
