"""`lcdfusion evaluate`, end to end on two small pairs."""

import csv
import os
import signal
import time

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.cli.main import main
from Testing.cli.conftest import place  # noqa: F401 - fixture
from Testing.evaluation.conftest import write

FILES = {"values.csv", "table.csv", "table.md", "bars.png", "radar.png", "sheet.png"}


def test_end_to_end(place, pairs_folder, weights):  # noqa: F811
    theirs = place.folder / "theirs"
    for name in ("one", "two"):
        anatomy = sitk.GetArrayFromImage(sitk.ReadImage(str(pairs_folder / "anatomy" / f"{name}.png")))
        write(np.asarray(anatomy // 2 + 10, dtype=np.uint8), theirs / f"{name}.png")
    arguments = ["--methods", "maximum,anatomy-only", "--fused", f"CDDFuse={theirs}", "--weights", weights, "--images"]
    result = place.run("evaluate", pairs_folder, *arguments, "-o", place.out)
    assert result.returncode == 0, result.stderr
    folder = place.out / "pairs"
    assert {file.name for file in folder.iterdir()} == FILES | {"images"}
    with (folder / "table.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert [row["method"] for row in rows] == ["maximum", "CDDFuse", "plain", "anatomy-only"]
    assert all(row["QABF_pairs"] == "2" for row in rows)
    with (folder / "values.csv").open() as lines:
        assert len(list(csv.DictReader(lines))) == 8
    for file in ("bars.png", "radar.png", "sheet.png"):
        assert sitk.GetArrayFromImage(sitk.ReadImage(str(folder / file))).std() > 10
    images = {str(file.relative_to(folder / "images")) for file in (folder / "images").rglob("*.png")}
    assert images == {
        f"{m}/{p}.png" for m in ("anatomy", "function", "maximum", "CDDFuse", "plain", "anatomy-only") for p in ("one", "two")
    }
    assert str(folder / "sheet.png") in result.stdout

    again = place.run(
        "evaluate", folder / "images", *arguments[:2], "--fused", f"Max={folder / 'images' / 'maximum'}", "-o", place.folder / "b"
    )
    assert again.returncode == 0, again.stderr
    with (place.folder / "b" / "images" / "table.csv").open() as lines:
        ours, theirs_again, _ = csv.DictReader(lines)
    assert {k: v for k, v in ours.items() if k != "method"} == {k: v for k, v in theirs_again.items() if k != "method"}


def test_a_check_end_to_end(tmp_path, capsys, shared_data):
    out = tmp_path / "out"
    command = ["evaluate", "flicker-mr", "--data", str(shared_data), "--methods", "average,function-only", "--images", "-o", str(out)]
    assert main(command) == 0
    folder = out / "flicker-mr"
    assert {file.name for file in folder.iterdir()} == {"cases.csv", "table.md", "dots.png", "sheet.png", "images"}
    with (folder / "cases.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 6
    assert all(0 < float(row["flicker"]) <= 1.01 for row in rows), "neither a copy nor an average changes more than the sources"
    assert len(list((folder / "images" / "anatomy").iterdir())) == 24
    assert "sheet.png" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--methods", "magic"], "There is no method 'magic'"),
        (["--methods", "anatomy-only", "--pairs", "0"], "--pairs must be at least 1"),
        (["--methods", ""], "There is no method to evaluate"),
        (["--methods", "maximum", "--fused", "nonsense"], "NAME=FOLDER"),
        (["--methods", "maximum", "--fused", "../up=."], "cannot be called '../up'"),
        (["--methods", "maximum", "--fused", "function=."], "cannot be called 'function'"),
        (["--methods", "maximum", "--fused", "maximum=."], "is missing: every pair needs"),
        (["--methods", "maximum", "--fused", "X=nowhere"], "There is no folder 'nowhere'"),
        (["--methods", "maximum", "--weights", "nothing"], "There are no weights 'nothing'"),
        (["--methods", "maximum", "--weights", "../up=ct-pet"], "cannot be called '../up'"),
        (["--methods", "maximum", "--weights", "ct-pet", "--weights", "ct-pet=mr-pet"], "Two methods are called 'ct-pet'"),
        (["mr-pet", "--methods", "maximum"], "--data"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(tmp_path, capsys, pairs_folder, arguments, says):
    before = sorted(tmp_path.iterdir())
    assert main(["evaluate", str(pairs_folder), *arguments, "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_earlier_result_is_kept_unless_told_otherwise(tmp_path, capsys, pairs_folder):
    command = ["evaluate", str(pairs_folder), "--methods", "average", "-o", str(tmp_path / "out")]
    assert main(command) == 0
    before = (tmp_path / "out" / "pairs" / "table.csv").stat().st_mtime_ns
    assert main(command) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / "out" / "pairs" / "table.csv").stat().st_mtime_ns == before
    assert main([*command, "--overwrite"]) == 0
    assert (tmp_path / "out" / "pairs" / "table.csv").stat().st_mtime_ns != before


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_leaves_nothing(place, pairs_folder):  # noqa: F811
    """LatLRR on both pairs, thirty copies of each, would take minutes."""
    for source in ("anatomy", "function"):
        for name in ("one", "two"):
            picture = (pairs_folder / source / f"{name}.png").read_bytes()
            for copy in range(30):
                (pairs_folder / source / f"{name}{copy}.png").write_bytes(picture)
    process = place.start("evaluate", pairs_folder, "--methods", "latlrr", "-o", place.out, "--images")
    started = time.monotonic()
    while not any(place.folder.glob(".part-*-out/pairs/images/latlrr/*.png")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < started + 120
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.endswith("lcdfusion: interrupted; nothing half-written is left.\n")
    assert not place.out.exists()
    assert not any(place.folder.glob(".out*"))
