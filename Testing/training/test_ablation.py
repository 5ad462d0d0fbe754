"""The ablation: all variants alike, nothing trained twice, tables that say what was measured."""

import csv
import json
from dataclasses import replace

import pytest
import torch

from LCDFusionLib.metrics import evaluate
from LCDFusionLib.network import load_weights
from LCDFusionLib.training.ablation import COLUMNS, VARIANTS, AblationMismatchError, run_ablation
from LCDFusionLib.training.ablation_report import CHARTED, LABELS, cost_rows, read_means, write_report
from LCDFusionLib.training.presets import PRESETS
from LCDFusionLib.training.trainer import Trainer, batch_of_one

PRESET = replace(PRESETS["default"], steps=1, steps_per_epoch=1, batch_size=1, crop=41)


@pytest.fixture(scope="module")
def ablation(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation")
    held_out = {"waves": data.validation}
    run_ablation(data, held_out, folder, PRESET)
    return folder, held_out


def test_every_variant_is_trained_alike(ablation):
    folder, _ = ablation
    for name, config in VARIANTS.items():
        weights = load_weights(folder / name / "best.pt")
        assert weights.network.config == config
        assert weights.card["step"] == PRESET.steps


def test_tables_have_what_the_saved_weights_give(ablation):
    folder, held_out = ablation
    (pair,) = held_out["waves"]
    with torch.inference_mode():
        fused = load_weights(folder / "Exp2" / "best.pt").network(batch_of_one(pair.anatomy), batch_of_one(pair.function))
        values = evaluate(*(255 * image.double() for image in (fused, batch_of_one(pair.anatomy), batch_of_one(pair.function))))
    row = read_means(folder)["waves"]["Exp2"]
    assert set(row) == set(COLUMNS)
    assert row == pytest.approx({name: values[name].item() for name in COLUMNS}, rel=1e-3, abs=1e-5)


def test_report(ablation):
    folder, held_out = ablation
    files = write_report(folder, held_out)
    assert all(file.stat().st_size > 300 for file in files)
    text = (folder / "ablation.md").read_text()
    assert all(label in text for label in LABELS.values())
    assert "556,881" in text
    with (folder / "ablation.csv").open() as file:
        assert [row["variant"] for row in csv.DictReader(file)] == list(VARIANTS)
    assert set(LABELS) == set(VARIANTS)
    assert set(CHARTED) <= set(COLUMNS)


def test_a_finished_variant_is_not_trained_again(ablation, data, monkeypatch):
    folder, held_out = ablation
    monkeypatch.setattr(Trainer, "run", lambda *_: pytest.fail("trained again"))
    run_ablation(data, held_out, folder, PRESET)


def test_another_budget_in_the_same_folder_is_refused(ablation, data):
    folder, held_out = ablation
    with pytest.raises(AblationMismatchError, match="crop, seed"):
        run_ablation(data, held_out, folder, replace(PRESET, crop=48), seed=1)
    assert json.loads((folder / "budget.json").read_text())["crop"] == 41


def test_cost_grows_from_experiment_to_experiment():
    costs = {row["variant"]: row for row in cost_rows()}
    for smaller, larger in (("Exp1", "Exp2"), ("Exp2", "Exp3"), ("Exp3", "Exp4"), ("Exp4", "Exp5"), ("T8", "Exp5"), ("Exp5", "T32")):
        assert costs[smaller]["convolutions"] < costs[larger]["convolutions"]
