"""The ablation: all variants alike, nothing trained twice, tables that say what was measured."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from LCDFusionLib.cli.ablate import check_variants
from LCDFusionLib.errors import InputError
from LCDFusionLib.evaluation.under_uptake import under_uptake_check
from LCDFusionLib.metrics import evaluate
from LCDFusionLib.network import RewrittenNet, load_weights
from LCDFusionLib.phantom.under_uptake import bronchus_in_mass
from LCDFusionLib.training.ablation import VARIANTS, measure_ablation, run_ablation
from LCDFusionLib.training.ablation_report import CHARTED, LABELS, cost_rows, markdown_tables, read_means, write_report
from LCDFusionLib.training.measure import COLUMNS, batch_of_one
from LCDFusionLib.training.presets import PRESETS
from LCDFusionLib.training.trainer import Trainer

PRESET = replace(PRESETS["default"], steps=1, steps_per_epoch=1, batch_size=1, crop=41)


@pytest.fixture(scope="module")
def ablation(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ablation")
    held_out = {"waves": data.validation}
    run_ablation(data, held_out, folder, PRESET)
    measure_ablation(folder, held_out)
    return folder, held_out


def test_every_variant_is_trained_alike(ablation):
    folder, _ = ablation
    for name, config in VARIANTS.items():
        weights = load_weights(folder / name / "best.pt")
        assert weights.network.config == config
        assert weights.card["step"] == PRESET.steps


def test_tables_have_what_the_saved_weights_give_as_8_bit_images(ablation):
    folder, held_out = ablation
    (pair,) = held_out["waves"]
    with torch.inference_mode():
        images = batch_of_one(pair.anatomy), batch_of_one(pair.function)
        fused = RewrittenNet(load_weights(folder / "Exp2" / "best.pt").network)(*images)
        values = evaluate(*(torch.floor(255 * image.double() + 0.5) for image in (fused, *images)))
    row = read_means(folder)["waves"]["Exp2"]
    assert set(row) == set(COLUMNS)
    assert row == pytest.approx({name: values[name].item() for name in COLUMNS}, rel=1e-9)


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


def test_variants_are_checked_beyond_the_metrics(ablation):
    folder, _ = ablation
    (table,) = check_variants(folder, None, ["under-uptake-mr"])
    rows = [line.split("|")[1].strip() for line in table.read_text().splitlines() if line.startswith("|")]
    assert [row for row in rows if row in VARIANTS] == 2 * list(VARIANTS), "in gray and in colour"
    scene = bronchus_in_mass()
    with torch.inference_mode():
        pair = under_uptake_check("under-uptake-mr").cases[0].pairs[0]
        fused = RewrittenNet(load_weights(folder / "Exp2" / "best.pt").network)(batch_of_one(pair.anatomy), batch_of_one(pair.function))[
            0, 0
        ]
    gray, anatomy = (np.rint(255 * image.astype(np.float64)) for image in (fused.numpy(), pair.anatomy))
    kept = np.divide(*(image[scene.regions["bright"]].mean() - image[scene.regions["dark"]].mean() for image in (gray, anatomy)))
    (exp2,) = [line for line in table.read_text().split("## In colour")[0].splitlines() if line.startswith("| Exp2 ")]
    assert float(exp2.split("|")[2].split(";")[0]) == pytest.approx(kept, abs=0.006)


def test_a_finished_variant_is_not_trained_again(ablation, data, monkeypatch):
    folder, held_out = ablation
    monkeypatch.setattr(Trainer, "run", lambda *_: pytest.fail("trained again"))
    run_ablation(data, held_out, folder, PRESET)


def test_another_budget_in_the_same_folder_is_refused(ablation, data):
    folder, held_out = ablation
    with pytest.raises(InputError, match="differs in crop, seed:"):
        run_ablation(data, held_out, folder, replace(PRESET, crop=48), seed=1)
    assert json.loads((folder / "budget.json").read_text())["crop"] == 41


def test_cost_grows_from_experiment_to_experiment():
    costs = {row["variant"]: row for row in cost_rows()}
    for smaller, larger in (("Exp1", "Exp2"), ("Exp2", "Exp3"), ("Exp3", "Exp4"), ("Exp4", "Exp5"), ("T8", "Exp5"), ("Exp5", "T32")):
        assert costs[smaller]["convolutions"] < costs[larger]["convolutions"]


def test_the_best_of_all_variants_is_bold():
    means = {"set": {variant: dict.fromkeys(COLUMNS, 0.1 * n) for n, variant in enumerate(VARIANTS)}}
    bold = [line for line in markdown_tables(means, cost_rows(), {"set": 1}).splitlines() if "**" in line]
    assert len(bold) == 1
    assert bold[0].startswith(f"| {LABELS['T32']} | **")
    assert bold[0].count("**") == 2 * len(COLUMNS)
