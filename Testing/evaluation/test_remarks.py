"""What is said beside the figures of networks: pairs that they saw, metrics that they were trained for."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from LCDFusionLib.cli.main import main
from LCDFusionLib.evaluation.methods import Network
from LCDFusionLib.evaluation.pair_sets import PairSet
from LCDFusionLib.evaluation.remarks import remarks, seen
from LCDFusionLib.training.samples import SlicePair


@pytest.fixture
def with_card(tmp_path, weights):
    """A network whose card says more."""

    def make(name="trained", **card):
        file = tmp_path / f"{name}.pt"
        shutil.copy(weights, file)
        before = json.loads(Path(weights).with_suffix(".json").read_text())
        file.with_suffix(".json").write_text(json.dumps({**before, **card}))
        return Network(file)

    return make


def a_set(*groups, name="spect-mri"):
    image = np.zeros((16, 16), dtype=np.float32)
    return PairSet(name, name, tuple(SlicePair(image, image, group, group) for group in groups), ("mr-pet",))


def test_network_is_found_that_was_trained_or_validated_on_a_pair(with_card):
    network = with_card(trained_on=["SPECT-MRI/9", "STS_002"], validated_on=["SPECT-MRI/10"])
    assert seen(a_set("SPECT-MRI/9", "SPECT-MRI/21"), [network]) == {"trained": ["SPECT-MRI/9"]}
    assert seen(a_set("SPECT-MRI/10"), [network]) == {"trained": ["SPECT-MRI/10"]}
    assert seen(a_set("SPECT-MRI/21"), [network]) == {}
    (sentence,) = remarks(a_set("SPECT-MRI/9"), [network])
    assert "trained was trained or validated on SPECT-MRI/9" in sentence
    assert remarks(a_set("SPECT-MRI/21"), [network]) == []


def test_card_that_does_not_say_is_said(with_card):
    unknown_start = {"trained_on": ["STS_002"], "validated_on": [], "never_seen": [], "started_from": {"sha256": "0"}}
    for network in (with_card(), with_card("continued", **unknown_start)):
        (sentence,) = remarks(a_set("SPECT-MRI/9"), [network])
        assert "is not known" in sentence
    assert remarks(a_set("mine", name="mine"), [with_card("other")]) == [], "of a folder of one's own no card can speak"


def test_metrics_of_the_training_loss_are_said(with_card):
    """Of weights from before decision 178, whose loss had them."""
    known = {"trained_on": ["a"], "validated_on": ["b"]}
    loss = {"overlay": 1.0, "edges": 8.0, "correlation": 0.3, "function_floor": 1.0, "anatomy_floor": 0.0, "gradient": 0.0}
    (sentence,) = remarks(a_set("c"), [with_card(**known, preset={"loss": loss})])
    assert "QABF, VIF, SCD" in sentence
    assert remarks(a_set("c"), [with_card("paper", **known, preset={"loss": {"sources": 1.0, "gradient": 10.0}})]) == []


def test_the_command_does_not_rank_it_and_says_why(with_card, pairs_folder, tmp_path):
    """Two runs' best.pt side by side, each under a name of its own; the folder's name is the group of its pairs."""
    for run, groups in (("a", ["pairs"]), ("b", ["others"])):
        (tmp_path / run).mkdir()
        with_card("best", trained_on=groups, validated_on=[])
        for suffix in ("pt", "json"):
            (tmp_path / f"best.{suffix}").rename(tmp_path / run / f"best.{suffix}")
    named = [option for run in "ab" for option in ("--weights", f"run-{run}={tmp_path / run / 'best.pt'}")]
    assert main(["evaluate", str(pairs_folder), "--methods", "average", *named, "-o", str(tmp_path / "out")]) == 0
    with (tmp_path / "out" / "pairs" / "table.csv").open() as lines:
        ranks = {row["method"]: row["QABF_rank"] for row in csv.DictReader(lines)}
    assert ranks["run-a"] == ""
    assert {ranks["average"], ranks["run-b"]} == {"1", "2"}
    text = (tmp_path / "out" / "pairs" / "table.md").read_text()
    assert "run-a was trained or validated on pairs" in text
    assert "| run-a\\* |" in text
