"""`lcdfusion benchmark`: every form and precision is measured, and the table says what the picture shows."""

import csv

import pytest
from PIL import Image

from LCDFusionLib.cli import main


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark") / "result"
    sizes = ["--sizes", "128", "--correlation-sizes", "16", "--rounds", "1", "--slices", "2", "4", "--slice-size", "32"]
    assert main(["benchmark", *sizes, "--precisions", "bfloat16", "--device", "cpu", "-o", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def rows(output):
    with (output / "benchmark.csv").open(newline="") as file:
        return {(row["form"], row["precision"]): row for row in csv.DictReader(file)}


def test_every_form_is_measured(rows):
    assert set(rows) == {("direct", "float32"), ("rewritten", "float32"), ("prepared", "float32"), ("prepared", "bfloat16")}
    assert all(float(row["seconds"]) > 0 for row in rows.values())


def test_prepared_form_needs_less_work_and_memory(rows):
    direct, prepared = rows["direct", "float32"], rows["prepared", "float32"]
    assert int(prepared["multiply_accumulates"]) <= 0.62 * int(direct["multiply_accumulates"])
    assert float(prepared["peak_mebibytes"]) < 0.5 * float(direct["peak_mebibytes"])


def test_table_and_picture(output):
    table = (output / "table.md").read_text()
    assert "| 128x128 | 1 | 16 | prepared | bfloat16 |" in table
    growth = [line.split(" | ") for line in table.splitlines() if " of 32x32 | " in line]
    assert [cells[0] for cells in growth] == ["| 2 of 32x32", "| 4 of 32x32"]
    steps, part = [float(cell) for cell in growth[1][1:6]], float(growth[1][7].rstrip("%")) / 100
    assert part == pytest.approx((steps[0] + steps[2]) / sum(steps), abs=0.005), "what does not grow: the process begins, and the job"
    assert "| 4 of 128x128 | float32 | 1 |" in table, "the stack from NumPy to NumPy"
    assert Image.open(output / "benchmark.png").size[0] > 1000


def test_wrong_numbers_are_refused(capsys, tmp_path):
    assert main(["benchmark", "--sizes", "8", "-o", str(tmp_path)]) == 2
    assert "--sizes must be 16 or more" in capsys.readouterr().err
    assert main(["benchmark", "--slice-size", "8", "-o", str(tmp_path)]) == 2
    assert "--slice-size must be 16 or more" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
