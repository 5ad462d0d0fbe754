"""The text of the metrics."""

import math

from LCDFusionLib.fusion.readouts import READOUTS, SOURCE_READOUTS, metric_columns, readout_rows, readout_table, readout_text


def test_every_metric_of_the_library_is_read_out():
    from LCDFusionLib.metrics import METRICS, PER_SOURCE

    assert {readout.key for readout in READOUTS} == set(METRICS)
    assert {readout.key for readout in SOURCE_READOUTS} == set(PER_SOURCE)
    assert len(set(metric_columns())) == 2 * (len(METRICS) + len(PER_SOURCE))


def test_rows_have_digits_that_mean_something():
    rows = readout_rows({"QABF": 0.61249, "SD": 51.26, "VIF": math.nan}, {"QABF": 0.4}, sources=True)
    assert rows[0] == ("QAB/F", "0.612", "0.400")
    assert ("SD", "51.3", "-") in rows
    assert ("VIF", "-", "-") in rows
    assert rows[-1][0] == "SCD function"


def test_text_stands_in_columns():
    metrics = {readout.key: 3.0 for readout in READOUTS}
    lines = readout_text("slice 7/51", metrics, dict.fromkeys(metrics, 123.456)).splitlines()
    assert lines[0] == "slice 7/51"
    assert len(lines) == 10
    assert len({len(line) for line in lines[1:]}) == 1
    assert lines[-1].split() == ["EI", "3.0", "123.5"]


def test_alone_the_fused_image_has_its_metrics_without_the_blends():
    metrics = {readout.key: 3.0 for readout in READOUTS}
    lines = readout_text("slice 7/51", metrics, dict.fromkeys(metrics, 2.0), brief=True, alone=True).splitlines()
    assert [line.split() for line in lines] == [["slice", "7/51"], ["QAB/F", "3.000"], ["VIF", "3.000"], ["SCD", "3.000"]]


def test_a_slice_that_is_not_fused_yet_says_so():
    assert readout_text("slice 1/9", {"VIF": math.nan}, {}).splitlines()[1] == "not fused yet"
    assert "not fused yet" not in readout_text("slice 1/9", {"VIF": math.nan, "IE": 6.0}, {})


def test_all_rows_in_order_with_their_digits():
    values = {readout.key: 1.23456 for readout in READOUTS + SOURCE_READOUTS}
    rows = [
        ("QAB/F", "1.235"),
        ("VIF", "1.235"),
        ("SCD", "1.235"),
        ("IE", "1.23"),
        ("AG", "1.23"),
        ("SD", "1.2"),
        ("SF", "1.2"),
        ("EI", "1.2"),
    ]
    assert [row[:2] for row in readout_rows(values, {})] == rows
    assert readout_rows(values, {}, brief=True) == [(*row, "-") for row in rows[:3]]
    of_sources = [(f"{label} {source}", text) for label, text in rows[:3] for source in ("anatomy", "function")]
    assert [row[:2] for row in readout_rows(values, {}, sources=True)] == rows + of_sources
    assert readout_text("", values, {}, brief=True).splitlines()[2:] == [f"{label:<5}  {text}      -" for label, text in rows[:3]]


def test_the_table_has_what_is_kept_of_each_source_beside_it():
    metrics = {"VIF": 0.5, "VIF_anatomy": 0.375, "IE": 6.0, "SCD_function": 1.5}
    rows = {row[0]: row[1:] for row in readout_table(metrics, {"IE": 5.0})}
    assert list(rows) == [readout.label for readout in READOUTS]
    assert rows["VIF"] == ("0.500", "-", "0.375", "-")
    assert rows["SCD"] == ("-", "-", "-", "1.500")
    assert rows["IE"] == ("6.00", "5.00", "", "")


def test_columns_are_the_fused_images_then_the_blends():
    keys = [readout.key for readout in READOUTS + SOURCE_READOUTS]
    assert metric_columns() == keys + [f"{key}_blend" for key in keys]
