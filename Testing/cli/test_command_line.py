"""The command itself: its names, what it loads, and `demo`."""

import argparse
import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points

import pytest
from matplotlib.image import imread

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.cli import command
from LCDFusionLib.cli.main import COMMANDS
from LCDFusionLib.dicom import read_folder
from LCDFusionLib.images.volume import Modality, Unit
from Testing.kept_phantoms import head


def test_names_of_the_command(place):
    assert place.run("--version").stdout == f"lcdfusion {__version__}\n"
    (script,) = entry_points(group="console_scripts", name="lcdfusion")
    assert script.load() is command
    shown = place.run("--help").stdout
    assert DISCLAIMER in shown
    assert all(name in shown for name in ("fuse", "demo", "train", "ablate"))
    for name in ("fuse", "demo", "train", "ablate"):
        assert place.run(name, "--help").returncode == 0


def test_the_host_does_not_load_torch():
    """Only the worker does: a slip in a path is told at once, not after seconds."""
    code = "import sys; from LCDFusionLib.cli import fuse, demo, train, main; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0


def test_help_loads_none_of_the_large_libraries():
    """It is what a new user asks first, and it has nothing to read, compute or show."""
    code = (
        "import sys\nfrom LCDFusionLib.cli import main\ntry:\n main(['--help'])\nexcept SystemExit:\n pass\n"
        "sys.exit(' '.join({'numpy', 'SimpleITK', 'pydicom', 'torch', 'matplotlib', 'vtk', 'aiohttp'} & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=120, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_each_command_says_of_itself_what_the_list_of_them_says():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for name in COMMANDS:
        import_module(f"LCDFusionLib.cli.{name}").add_parser(commands)
    assert {action.dest: action.help for action in commands._choices_actions} == COMMANDS


def test_verbose_says_what_is_done_and_names_nobody(place, study, weights):
    result = place.run("fuse", study / "CT", study / "PT", "-o", place.out, "--weights", weights, "--verbose")
    assert result.returncode == 0
    lines = result.stderr.splitlines()
    stages = ("read", "prepare", "fuse", "write")
    assert [stage for line in lines for stage in stages if f": {stage}: " in line and line.endswith(" s")] == list(stages)
    assert any("LCDFusionLib.fusion.client: fusing on CPU" in line and "plain" in line for line in lines)
    ours = "\n".join(line for line in lines if " LCDFusionLib." in line)
    assert "Anna" not in ours
    assert "P-17" not in ours


def test_verbose_says_where_an_error_came_from(place, study):
    loud = place.run("fuse", study / "CT", study / "CT", "-o", place.out, "-v")
    quiet = place.run("fuse", study / "CT", study / "CT", "-o", place.out)
    assert loud.returncode == quiet.returncode == 2
    assert "Traceback" in loud.stderr
    assert "check_not_the_same" in loud.stderr
    assert loud.stderr.endswith(quiet.stderr)
    assert quiet.stderr.count("\n") == 1


def test_demo_of_the_head(place, weights):
    result = place.run("demo", "--case", "head", "--weights", weights, "-o", place.out)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert place.is_clean()
    assert f"Look at the pictures:\n  {place.out / 'head' / 'overview.png'}\n" in result.stdout
    assert DISCLAIMER in result.stdout
    assert "high-grade glioma in the left frontal lobe, SUV 10.5, at x 31 y -28 z 55 mm" in result.stdout
    assert sorted(path.name for path in place.out.iterdir()) == ["head", "head_study"]

    truth = head()
    study = place.out / "head_study"
    (mr, _), (pet, source) = read_folder(study / "MR"), read_folder(study / "PT")
    assert (mr.modality, pet.modality, pet.unit) == (Modality.MR, Modality.PET, Unit.SUVBW)
    assert mr.same_grid(truth.anatomy)
    assert abs(pet.array - truth.function.array).max() < 0.01
    assert source.series.patient_id == "LCDFUSION-HEAD"
    for kind in ("color", "gray"):
        assert len(list((place.out / "head" / f"dicom_{kind}").iterdir())) == truth.anatomy.shape[0]
    assert imread(place.out / "head" / "overview.png").max() > 0.5
    report = json.loads((place.out / "head" / "report.json").read_text())
    assert report["overlap"] == pytest.approx(1.0)
    assert report["slices"] == truth.anatomy.shape[0]


def test_demo_never_replaces_what_is_not_its_own(place, weights):
    (place.out / "head").mkdir(parents=True)
    (place.out / "head" / "thesis.txt").write_text("mine")
    before = place.listing()
    result = place.run("demo", "--weights", weights, "-o", place.out)
    assert result.returncode == 2
    assert "holds other things ('thesis.txt')" in result.stderr
    assert place.listing() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--data", "nowhere"), "training data are not complete"),
        (("--data", "nowhere", "--steps", "0"), "--steps must be above 0"),
        (("--data", "nowhere", "--learning-rate", "nan"), "--learning-rate must be above 0"),
    ],
)
def test_training_with_bad_input(place, options, words):
    result = place.run("train", "ct-pet", "-o", place.out, *options)
    assert result.returncode == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert not place.out.exists()
