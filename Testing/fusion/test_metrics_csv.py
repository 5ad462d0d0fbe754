"""The table of metrics: every cell, against numpy."""

import csv
import math
from dataclasses import replace

import numpy as np
import pytest

from LCDFusionLib.fusion.fused_volume import FusionResult
from LCDFusionLib.fusion.metrics_csv import write_metrics_csv
from LCDFusionLib.images.volume import Modality, Place, Unit, Volume, geometry_matrix

SLICES, ROWS, COLUMNS = 3, 5, 8
VALUES = {"VIF": [0.5, math.nan, 0.25], "SCD": [math.nan] * 3, "IE": [6.0, 7.0, 5.5]}
OF_BLEND = {"VIF": [0.125, 0.5, 1.0], "SCD": [1.0, math.nan, math.nan], "IE": [1.0, 1.0, 1.0]}
SPACING, ORIGIN = np.array([1.5, 2.0, 3.0]), np.array([-10.0, 20.0, 100.0])
TURNED = np.array([[0.0, -1.0, 0.0], [0.6, 0.0, -0.8], [0.8, 0.0, 0.6]])


@pytest.fixture
def result():
    gray = Volume(
        np.zeros((SLICES, ROWS, COLUMNS), np.float32), geometry_matrix(SPACING, TURNED, ORIGIN), Modality.OTHER, Unit.RELATIVE, "fused"
    )
    rows, blend_rows = ([{name: column[k] for name, column in table.items()} for k in range(SLICES)] for table in (VALUES, OF_BLEND))
    return FusionResult(gray, gray, rows, blend_rows, "ct-pet", "0", "CPU", 1.0)


def table(result, file, **options):
    write_metrics_csv(result, file, **options)
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_a_row_a_slice_then_mean_and_deviation_of_what_is_defined(result, tmp_path):
    *rows, mean, deviation = table(result, tmp_path / "metrics.csv", image_numbers=[7, 9, 8], first=4)
    assert list(mean) == ["slice", "image", "x_mm", "y_mm", "z_mm", "VIF", "SCD", "IE", "blend_VIF", "blend_SCD", "blend_IE"]
    assert [(row["slice"], row["image"]) for row in (*rows, mean, deviation)] == [
        *(("4", "7"), ("5", "9"), ("6", "8")),
        *(("mean", ""), ("SD", "")),
    ]
    for prefix, values in (("", VALUES), ("blend_", OF_BLEND)):
        for name, column in values.items():
            assert [row[prefix + name] for row in rows] == ["" if math.isnan(value) else f"{value:.6f}" for value in column]
            defined = [value for value in column if not math.isnan(value)]
            expected = (np.mean(defined), np.std(defined)) if defined else (math.nan, math.nan)
            found = [float(row[prefix + name] or "nan") for row in (mean, deviation)]
            assert found == pytest.approx(expected, abs=1e-6, nan_ok=True)
    assert {mean[f"{axis}_mm"] + deviation[f"{axis}_mm"] for axis in "xyz"} == {""}


def test_a_slice_lies_where_its_middle_does(result, tmp_path):
    for k, row in enumerate(table(result, tmp_path / "metrics.csv")[:SLICES]):
        middle = ORIGIN + TURNED @ (SPACING * [3.5, 2, k])  # of eight columns and five rows
        assert [float(row[f"{axis}_mm"]) for axis in "xyz"] == pytest.approx(middle, abs=1e-3)
        assert (row["slice"], row["image"]) == (str(k + 1), "")


def test_a_picture_has_no_place(result, tmp_path):
    picture = replace(result, gray=replace(result.gray, place=Place.PICTURE))
    for row in table(picture, tmp_path / "metrics.csv"):
        assert {row[f"{axis}_mm"] for axis in "xyz"} == {""}


def test_a_single_slice_is_its_own_mean(result, tmp_path):
    gray = result.gray.with_array(result.gray.array[:1])
    row, mean, deviation = table(
        replace(result, gray=gray, metrics=result.metrics[:1], blend_metrics=result.blend_metrics[:1]), tmp_path / "a"
    )
    assert (row["VIF"], mean["VIF"], deviation["VIF"]) == ("0.500000", "0.500000", "0.000000")
