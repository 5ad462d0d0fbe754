"""Tables and charts of made-up measurements."""

import csv

import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.evaluation.charts import AXES, INNERMOST, draw_bars, draw_radar, normalised
from LCDFusionLib.evaluation.comparison import Measured
from LCDFusionLib.evaluation.table import COLUMNS, is_copy, tabulate, write_csv, write_markdown, write_values
from LCDFusionLib.metrics import METRICS, PER_SOURCE

NOTHING = np.zeros((2, 2), dtype=np.float32)


def measured():
    """Three methods and a copy on two pairs; every metric of a method is its number, the second pair 0.2 higher."""
    numbers = {"good": 0.8, "poor": 0.2, "as-good": 0.8, "anatomy-only": 0.95}
    rows = []
    for k, pair in enumerate(("p", "q")):
        for method, number in numbers.items():
            values = dict.fromkeys((*METRICS, *PER_SOURCE), number + 0.2 * k)
            if method == "anatomy-only":
                values["SCD"] = float("nan")
            if method == "poor" and pair == "q":
                values["VIF"] = float("nan")
            if method == "poor" and pair == "q":
                values["SCD"] = float("nan")
            rows.append(Measured(pair, method, values, NOTHING, (0.0, 0.0) if method == "anatomy-only" else (90.0, 20.0)))
    return rows


@pytest.fixture
def table():
    return tabulate(measured())


def test_every_metric_has_its_column():
    assert set(COLUMNS) == {*METRICS, *PER_SOURCE}


def test_mean_deviation_and_rank(table):
    cell = table.cells["good"]["QABF"]
    assert cell.mean == pytest.approx(0.9)
    assert cell.deviation == pytest.approx(0.1)
    assert [table.cells[name]["QABF"].rank for name in ("good", "poor", "as-good")] == [1, 3, 1]
    assert table.pairs == 2


def test_copy_is_not_ranked_and_takes_no_rank_from_others(table):
    assert table.copies == {"anatomy-only": 2}
    assert all(table.cells["anatomy-only"][metric].rank is None for metric in COLUMNS)
    assert table.cells["anatomy-only"]["QABF"].mean > table.cells["good"]["QABF"].mean


def test_what_one_source_keeps_is_not_ranked(table):
    assert all(table.cells["good"][metric].rank is None for metric in PER_SOURCE)


@pytest.mark.parametrize(
    ("beyond", "copied"),
    [
        ([(0, 0), (90, 20), (90, 20)], True),  # one pair handed back
        ([(2, 1), (90, 20), (90, 20)], True),  # and disguised by a gray level or two
        ([(3, 1), (90, 20), (90, 20)], False),  # a faint uptake under a bright anatomy, as the maximum has it
        ([(40, 0.5), (12, 1.5), (90, 20)], True),  # a source made darker, on most pairs
    ],
)
def test_copy_is_known_by_its_images_and_not_by_its_name(beyond, copied):
    assert is_copy(beyond) == copied


def test_network_that_saw_the_pairs_is_not_ranked_and_takes_no_rank_from_others():
    table = tabulate(measured(), seen=["good"])
    assert table.seen == ("good",)
    assert all(cell.rank is None for cell in table.cells["good"].values())
    assert [table.cells[name]["QABF"].rank for name in ("as-good", "poor")] == [1, 2]


def test_undefined_values_are_left_out_and_counted(table):
    assert table.cells["poor"]["VIF"].mean == pytest.approx(0.2)
    assert table.cells["poor"]["VIF"].pairs == 1
    assert table.cells["poor"]["VIF"].rank is None, "a mean over fewer pairs is not compared"
    assert table.cells["good"]["VIF"].rank == 1


def test_undefined_scd_counts_as_nothing():
    """A method that hands back a source where it would score badly must not gain by it."""
    table = tabulate(measured())
    assert table.cells["poor"]["SCD"].mean == pytest.approx(0.1)
    assert table.cells["poor"]["SCD"].pairs == 1
    assert table.cells["poor"]["SCD"].rank == 3
    assert table.cells["anatomy-only"]["SCD"].mean == 0


def test_files_say_the_same(table, tmp_path):
    write_values(measured(), tmp_path / "values.csv")
    write_csv(table, tmp_path / "table.csv")
    write_markdown(table, tmp_path / "table.md", title="made up")
    with (tmp_path / "values.csv").open() as lines:
        values = list(csv.DictReader(lines))
    assert len(values) == 8
    assert values[1]["method"] == "poor"
    assert float(values[1]["VIF_function"]) == 0.2
    assert [row["SCD"] for row in values if row["method"] == "anatomy-only"] == ["", ""]
    with (tmp_path / "table.csv").open() as lines:
        rows = {row["method"]: row for row in csv.DictReader(lines)}
    assert rows["good"]["QABF_rank"] == "1"
    assert rows["anatomy-only"]["QABF_rank"] == ""
    assert float(rows["good"]["QABF_mean"]) == pytest.approx(0.9)
    text = (tmp_path / "table.md").read_text()
    lines = {line.split("|")[1].strip(): line.split("|")[2:] for line in text.splitlines() if line.startswith("| ")}
    assert lines["good"][COLUMNS.index("QABF")].strip() == "0.900 ± 0.100 (1)"
    assert lines["poor"][COLUMNS.index("SCD")].strip() == "0.100 ± 0.100\\* (3)"
    assert lines["*anatomy-only*"][COLUMNS.index("SCD")].strip() == "0.000 ± 0.000\\*"
    assert "SCD counts as 0 there" in text
    assert "Not ranked: anatomy-only (2 of 2 pairs)" in text


def test_axes_of_the_radar_reach_from_the_least_to_the_highest():
    radii = normalised(np.array([[1.0, 5, np.nan], [3, 5, 2], [2, 5, 4]]))
    assert radii[:, 0] == pytest.approx([INNERMOST, 1, (1 + INNERMOST) / 2])
    assert radii[:, 1] == pytest.approx([1, 1, 1])
    assert np.isnan(radii[0, 2])
    assert radii[1:, 2] == pytest.approx([INNERMOST, 1])


@pytest.mark.parametrize("draw", [draw_bars, draw_radar])
def test_charts_show_a_method_in_its_colour(table, tmp_path, draw):
    """A picture with the highlighted method's red in it, and without any where nothing is highlighted."""
    for highlighted in (["good"], []):
        draw(table, tmp_path / "chart.png", title="made up", highlighted=highlighted)
        picture = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "chart.png")))[..., :3].astype(int)
        assert min(picture.shape[:2]) > 400
        red = (np.abs(picture - [0xD6, 0x27, 0x28]).max(axis=-1) < 12).sum()
        assert (red > 200) == bool(highlighted)


def test_radar_goes_all_the_way_round(table, tmp_path):
    draw_radar(table, tmp_path / "radar.png", title="made up", highlighted=["good"])
    picture = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "radar.png")))[..., :3].astype(int)
    red = np.abs(picture - [0xD6, 0x27, 0x28]).max(axis=-1) < 12
    middle, centre = int(0.53 * red.shape[0]), int(0.38 * red.shape[1])
    for half in (red[:middle], red[middle:]):
        assert half[:, :centre].sum() > 200
        assert half[:, centre : int(0.66 * red.shape[1])].sum() > 200


def test_radar_has_the_eight_metrics_and_what_is_kept_of_each_source():
    assert set(AXES) >= {*METRICS, "VIF_anatomy", "VIF_function", "SCD_function"}


@pytest.mark.parametrize("draw", [draw_bars, draw_radar])
def test_charts_stand_what_is_undefined_everywhere(tmp_path, draw):
    rows = [Measured("p", name, dict.fromkeys(COLUMNS, float("nan")), NOTHING) for name in ("a", "b")]
    draw(tabulate(rows), tmp_path / "chart.png", title="nothing")
    assert (tmp_path / "chart.png").stat().st_size > 10_000


@pytest.mark.parametrize("draw", [draw_bars, draw_radar])
def test_charts_stand_a_table_without_a_ranked_method(tmp_path, draw):
    draw(tabulate([row for row in measured() if row.method == "anatomy-only"]), tmp_path / "chart.png", title="a copy alone")
    assert (tmp_path / "chart.png").stat().st_size > 5_000
