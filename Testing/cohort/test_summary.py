"""The table and the page of a cohort."""

import csv

import numpy as np
import pytest

from LCDFusionLib.cohort import Job, Outcome, write_summary

METRICS = [10.0, 11.0, 9.0, 10.5, 9.5, 30.0]


@pytest.fixture
def written(tmp_path):
    jobs = [Job(patient_id=f"P{n}", patient_name="<b>Ann</b>", anatomy=f"ct{n}", function=f"pet{n}") for n in range(8)]
    outcomes = [
        Outcome(job.key, "fused", metrics={"QABF": value}, blend_metrics={"QABF": 1.0}, slices=4)
        for job, value in zip(jobs, METRICS, strict=False)
    ]
    outcomes += [Outcome(jobs[6].key, "failed", "The PET is damaged."), Outcome(jobs[7].key, "left out", "no PET")]
    line = write_summary(jobs, outcomes, tmp_path)
    with (tmp_path / "summary.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return line, rows, (tmp_path / "index.html").read_text(encoding="utf-8")


def test_the_table_has_means_and_who_stands_apart(written):
    line, rows, _ = written
    assert line == "6 fused, 1 failed, 1 left out"
    assert [row["status"] for row in rows[:8]] == ["fused"] * 6 + ["failed", "left out"]
    assert float(rows[8]["QABF"]) == pytest.approx(np.mean(METRICS), abs=1e-4)
    assert float(rows[9]["QABF"]) == pytest.approx(np.std(METRICS, ddof=1), abs=1e-4)
    assert [row["stands apart in"] for row in rows[:6]] == ["", "", "", "", "", "QABF"]
    assert rows[6]["reason"] == "The PET is damaged."


def test_the_page_escapes_what_comes_from_headers(written):
    *_, page = written
    assert "<b>Ann</b>" not in page
    assert "&lt;b&gt;Ann" in page
    assert "not for diagnostic use" in page
    assert "The PET is damaged." in page
