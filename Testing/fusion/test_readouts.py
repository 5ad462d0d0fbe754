"""The text of the metrics."""

import math

from LCDFusionLib.fusion.readouts import READOUTS, SOURCE_READOUTS, metric_columns, readout_rows, readout_text


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
