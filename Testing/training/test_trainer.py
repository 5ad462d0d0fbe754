"""A training run: it learns, it resumes where it stopped, and what it writes can be loaded."""

import csv
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from LCDFusionLib.errors import InputError
from LCDFusionLib.network import EXPERIMENTS, load_weights
from LCDFusionLib.training.curves import read_log
from LCDFusionLib.training.loss import LossWeights
from LCDFusionLib.training.presets import PRESETS
from LCDFusionLib.training.trainer import Trainer

PRESET = replace(PRESETS["default"], steps=6, steps_per_epoch=3, batch_size=1, crop=41)
PAPER = replace(PRESETS["paper"], batch_size=1, epochs=2).for_pairs(3)


def final_weights(folder):
    return torch.load(folder / "checkpoint.pt", weights_only=True)["network"]


def assert_same_weights(first, second):
    for (name, one), other in zip(final_weights(first).items(), final_weights(second).values(), strict=True):
        assert torch.equal(one, other), name


@pytest.fixture(scope="module", params=["default", "paper"])
def whole_run(request, data, tmp_path_factory):
    """Protocol and folder of a run that nothing disturbed."""
    preset = PRESET if request.param == "default" else PAPER
    folder = tmp_path_factory.mktemp(request.param) / "whole"
    Trainer(data, preset, folder).run()
    return preset, folder


class Bar:
    """A progress bar that presses Ctrl-C after some steps."""

    def __init__(self, steps):
        self.left = steps

    def update(self):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt

    def set_postfix(self, **_):
        pass


def test_two_runs_with_one_seed_are_equal(whole_run, data, tmp_path):
    preset, whole = whole_run
    Trainer(data, preset, tmp_path).run()
    assert_same_weights(whole, tmp_path)
    other = Trainer(data, preset, tmp_path / "other", seed=43).network.state_dict()
    assert not torch.equal(
        other["decoder.first.weight"], Trainer(data, preset, tmp_path / "same").network.state_dict()["decoder.first.weight"]
    )


@pytest.mark.parametrize("text", ["step,loss\nx,1\n", "step,loss\n3,a\n", "loss\n1\n", "step,loss\n3,1,2\n", "step,loss\n\xff\n"])
def test_a_damaged_log_is_one_sentence(tmp_path, text):
    (tmp_path / "log.csv").write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=r"log\.csv' is damaged: delete it"):
        read_log(tmp_path / "log.csv")


@pytest.mark.parametrize("steps", [1, 3], ids=["within an epoch", "before its validation"])
def test_a_run_that_was_interrupted_ends_with_the_same_weights_and_log(whole_run, data, tmp_path, steps):
    preset, whole = whole_run
    with pytest.raises(KeyboardInterrupt):
        Trainer(data, preset, tmp_path).run(Bar(steps))
    resumed = Trainer(data, preset, tmp_path)
    assert resumed.step == steps
    resumed.run()
    assert_same_weights(whole, tmp_path)
    assert (tmp_path / "log.csv").read_text() == (whole / "log.csv").read_text()
    assert (tmp_path / "best.json").read_text() == (whole / "best.json").read_text()


@pytest.mark.parametrize("where", ["model", "optimizer"])
def test_an_interrupt_in_the_middle_of_a_step_repeats_that_step(whole_run, data, tmp_path, where, monkeypatch):
    """Before the update the step counts as not done; within it the interrupt waits (`held`)."""
    preset, whole = whole_run
    waiting = []

    @contextmanager
    def held():
        waiting.clear()
        yield
        if waiting:
            raise KeyboardInterrupt

    trainer = Trainer(data, preset, tmp_path, held=held)
    if where == "model":

        def interrupted(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(trainer, "model", interrupted)
    else:
        monkeypatch.setattr(trainer.optimizer, "step", lambda real=trainer.optimizer.step: (real(), waiting.append(1)))
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    resumed = Trainer(data, preset, tmp_path)
    assert resumed.step == (0 if where == "model" else 1)
    resumed.run()
    assert_same_weights(whole, tmp_path)


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


def test_checkpoints_of_the_first_version_can_be_resumed(whole_run, data, tmp_path):
    preset, whole = whole_run
    state = torch.load(whole / "checkpoint.pt", weights_only=True)
    del state["losses"]
    torch.save(state, tmp_path / "checkpoint.pt")
    assert Trainer(data, preset, tmp_path).step == 6


def test_a_run_that_stopped_early_stays_stopped(data, tmp_path):
    preset = replace(PRESET, steps=30, steps_per_epoch=1, patience=1, min_delta=1e9)
    Trainer(data, preset, tmp_path).run()
    again = Trainer(data, preset, tmp_path)
    again.run()
    assert again.step == 2


def test_papers_protocol():
    """Design and paper: batch 8, Adam 0.01 times 0.9 every 5 epochs, 80 epochs, patience 10, min delta 1e-4."""
    paper = PRESETS["paper"].for_pairs(181)
    assert (paper.batch_size, paper.learning_rate, paper.patience, paper.min_delta) == (8, 0.01, 10, 1e-4)
    assert (paper.steps_per_epoch, paper.steps) == (23, 80 * 23)
    assert paper.loss == LossWeights(sources=1.0, gradient=10.0), "no other term has a weight"


def test_papers_learning_rate(data, tmp_path):
    trainer = Trainer(data, PAPER, tmp_path)
    rates = []
    for epoch in (0, 4, 5, 10):
        trainer.step = epoch * PAPER.steps_per_epoch
        trainer._set_learning_rate()
        rates.append(trainer.optimizer.parts[0].param_groups[0]["lr"])
    assert rates == pytest.approx([0.01, 0.01, 0.009, 0.0081])


def test_papers_protocol_stops_on_edge_preservation(whole_run):
    preset, folder = whole_run
    best = load_weights(folder / "best.pt").card
    with (folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    column = max if preset.epochs else min
    expected = column(rows, key=lambda row: float(row["validation_QABF" if preset.epochs else "validation_loss"]))
    assert best["step"] == int(expected["step"])


def stopped_run(folder, data, preset=PRESET, **options):
    with pytest.raises(KeyboardInterrupt):
        Trainer(data, preset, folder, **options).run(Bar(1))


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"seed": 43}, "seed"),
        ({"preset": replace(PRESET, loss=replace(PRESET.loss, sources=1.0))}, "loss"),
        ({"preset": replace(PRESET, steps=9)}, "steps"),
        ({"data": "fewer"}, "data"),
        ({"card": {"title": "LCDFusion mr-pet"}}, "kind"),
        ({"config": EXPERIMENTS["Exp1"]}, "network"),
    ],
)
def test_a_run_is_not_resumed_as_another(data, tmp_path, changes, differs):
    """Its card would say what was not so."""
    stopped_run(tmp_path, data, config=EXPERIMENTS["Exp2"], card={"title": "LCDFusion ct-pet"})
    if "data" in changes:
        changes = {"data": replace(data, sources=[(1.0, data.sources[0][1][:2])])}
    same = {"data": data, "preset": PRESET, "config": EXPERIMENTS["Exp2"], "card": {"title": "LCDFusion ct-pet"}}
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(InputError, match=f"differs in {differs}:"):
        Trainer(folder=tmp_path, **{**same, **changes})
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    assert Trainer(folder=tmp_path, **same).step == 1


def test_a_run_of_an_earlier_version_gets_a_budget(data, tmp_path):
    stopped_run(tmp_path, data, config=EXPERIMENTS["Exp1"])
    written = (tmp_path / "budget.json").read_text()
    (tmp_path / "budget.json").unlink()
    with pytest.raises(InputError, match="of another network"):
        Trainer(data, PRESET, tmp_path)
    assert not (tmp_path / "budget.json").exists(), "a run that is not resumed leaves no mark"
    Trainer(data, PRESET, tmp_path, config=EXPERIMENTS["Exp1"])
    assert (tmp_path / "budget.json").read_text() == written


def test_a_damaged_checkpoint_is_one_sentence(data, tmp_path):
    stopped_run(tmp_path, data, config=EXPERIMENTS["Exp1"])
    file = tmp_path / "checkpoint.pt"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(InputError, match="damaged or of another network: delete it to begin anew"):
        Trainer(data, PRESET, tmp_path, config=EXPERIMENTS["Exp1"])


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_training_that_diverges_is_one_sentence(data, tmp_path, what, monkeypatch):
    trainer = Trainer(data, PRESET, tmp_path, config=EXPERIMENTS["Exp1"])
    before = trainer.network.decoder.first.weight.clone()
    if what == "loss":
        with torch.no_grad():
            trainer.network.decoder.rest[-1].bias.fill_(torch.nan)
    else:
        trainer.network.decoder.first.weight.register_hook(lambda gradient: gradient * torch.inf)
    with pytest.raises(InputError, match=r"diverged at step 0.*lower learning rate"):
        trainer.run()
    assert torch.equal(trainer.network.decoder.first.weight, before)


class Killed(BaseException):
    """The process ends here; nobody cleans up."""


@pytest.mark.parametrize("where", ["between weights and card", "between log and checkpoint"])
def test_a_killed_run_leaves_weights_that_load_and_no_row_twice(data, tmp_path, where, monkeypatch):
    exp1 = {"config": EXPERIMENTS["Exp1"]}
    preset = replace(PRESET, learning_rate=1e-3)
    Trainer(data, preset, tmp_path / "whole", **exp1).run()
    trainer = Trainer(data, preset, tmp_path / "killed", **exp1)
    with pytest.raises(KeyboardInterrupt):
        trainer.run(Bar(4))  # the first epoch has its weights, its row and its checkpoint
    with monkeypatch.context() as patch:
        killed = "best.json" if where == "between weights and card" else "checkpoint.pt"
        real = Path.replace

        def replace_until_killed(self, target):
            if Path(target).name == killed:
                raise Killed
            return real(self, target)

        patch.setattr(Path, "replace", replace_until_killed)
        with pytest.raises(Killed):
            Trainer(data, preset, tmp_path / "killed", **exp1).run()
    assert load_weights(tmp_path / "killed" / "best.pt").card["step"] == 6
    Trainer(data, preset, tmp_path / "killed", **exp1).run()
    for name in ("log.csv", "best.json"):
        assert (tmp_path / "killed" / name).read_text() == (tmp_path / "whole" / name).read_text()
