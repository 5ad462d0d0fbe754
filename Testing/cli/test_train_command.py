"""`lcdfusion train` and `lcdfusion ablate` in a terminal, on an atlas of a few small slices."""

import csv
import json
import signal

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.cli.train import PAPER_KINDS
from LCDFusionLib.network import load_weights
from LCDFusionLib.training.experiments import EXPERIMENTS

SIZE = 44


@pytest.fixture
def atlas(tmp_path):
    """Three series of six slices, anatomy gray and function in colour; returns the folder for --data."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    for kind in ("MRI", "PET"):
        (tmp_path / "data" / "brain-atlas" / "PET-MRI" / kind).mkdir(parents=True)
    for series in (25, 30, 41):
        for k in range(6):
            anatomy = 120 + 100 * np.sin(columns / (2 + k)) * np.cos(rows / series)
            heat = 255 * np.exp(-((rows - 5 * k) ** 2 + (columns - 20) ** 2) / 200)
            for kind, image in (("MRI", anatomy), ("PET", np.stack([heat, heat / 2, 0 * heat], axis=-1))):
                file = tmp_path / "data" / "brain-atlas" / "PET-MRI" / kind / f"{series}{k:03}.png"
                sitk.WriteImage(sitk.GetImageFromArray(image.astype(np.uint8), isVector=image.ndim == 3), str(file))
    return tmp_path / "data"


def card(folder):
    return json.loads((folder / "best.json").read_text())


def test_names_of_the_experiments():
    assert PAPER_KINDS == EXPERIMENTS


def test_papers_protocol_from_data_to_card(place, atlas):
    arguments = ("train", "atlas-pet-mri", "--data", atlas, "-o", place.out, "--split", "group", "--alpha", "5", "--device", "cpu")
    result = place.run(*arguments, "--steps", "2")
    assert result.returncode == 0, result.stderr
    assert "13 pairs, 3 groups" in result.stdout, "the random split"
    assert "6 pairs, 1 group\n" in result.stdout, "the split by series, beside it"
    assert "best weights" in result.stdout
    written = card(place.out)
    assert written["preset"]["loss"]["gradient"] == 5
    assert len(written["never_seen"]) == len(written["validated_on"]) == len(written["trained_on"]) == 1
    assert {*written["never_seen"], *written["validated_on"], *written["trained_on"]} == {"PET-MRI/25", "PET-MRI/30", "PET-MRI/41"}
    with (place.out / "test.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == written["test"]["pairs"] == 6
    assert {row["pair"].rsplit("/", 1)[0] for row in rows} == {"PET-MRI"}
    assert {f"PET-MRI/{row['pair'].rsplit('/', 1)[1][:2]}" for row in rows} == set(written["never_seen"])
    mean = np.mean([float(row["QABF"]) for row in rows])
    assert written["test"]["QABF"] == pytest.approx(mean)
    assert f"QABF {mean:.3f}" in result.stdout
    assert load_weights(place.out / "best.pt").card == written
    assert any("Whole Brain Atlas" in text and "free for research" in text for text in written["data"])
    assert written["seed"] == 42
    assert set(written["versions"]) == {"lcdfusion", "torch", "python"}


def test_ctrl_c_keeps_the_finished_steps_and_says_how_to_go_on(place, atlas):
    arguments = ("train", "atlas-pet-mri", "--data", atlas, "-o", place.out, "--device", "cpu", "--steps", "12")
    place.environment["PYTHONUNBUFFERED"] = "1"
    process = place.start(*arguments)
    for line in process.stdout:
        if "s a step" in line:  # some steps are done
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "The same command goes on from there." in errors
    other = place.run(*arguments, "--seed", "1")
    assert other.returncode == 2
    assert "differs in seed, data: give the options that it was begun with" in other.stderr
    again = place.run(*arguments)
    assert again.returncode == 0, again.stderr
    assert int(again.stdout.split("from step ")[1].split()[0]) >= 5
    assert not list(place.out.glob("*part*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("train", "ct-pet", "--preset", "paper"), "takes whole slices"),
        (("train", "ct-pet", "--alpha", "5"), "use it with --preset paper"),
        (("train", "atlas-pet-mri", "--alpha", "-1"), "--alpha must be above 0"),
        (("train", "atlas-spect-mri"), "training data are not complete"),
        (("train", "ct-pet", "--seed", "-1"), "--seed must be from 0"),
        (("train", "ct-pet", "--start-from", "nothing.pt"), "no weights 'nothing.pt'"),
        (("ablate", "--seed", "-1"), "--seed must be from 0"),
        (("ablate", "--crop", "40"), "--crop must be at least 41"),
        (("ablate",), "training data are not complete"),
    ],
)
def test_bad_input_is_one_sentence(place, arguments, words):
    command, *rest = arguments
    result = place.run(command, *rest, "--data", "nowhere", "-o", place.out)
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert not place.out.exists()
