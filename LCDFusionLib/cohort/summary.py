"""What came of a cohort: a table, a page, means, and who stands apart."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError

from .job import Job, Outcome
from .pages import write_page

_APART = 3.5  # modified z-score, Iglewicz and Hoaglin (1993)
_ENOUGH = 5  # studies, before one can stand apart


def write_summary(jobs: Sequence[Job], outcomes: Sequence[Outcome], folder: Path) -> str:
    """Write `summary.csv` and `index.html` into the folder of the results; returns one line that says how it went.

    Metrics are means over a study's slices; below them mean and standard deviation (of a sample) over the studies. A study stands apart in
    a metric where its modified z-score, 0.6745 (x - median) / MAD, is beyond 3.5.

    Args:
        jobs: all of the plan.
        outcomes: one each, in the same order.
        folder: of the results.

    Raises:
        InputError: it cannot be written.
    """
    names = list(next((outcome.metrics for outcome in outcomes if outcome.metrics), {}))
    values = np.array([[_number(outcome.metrics.get(name)) for name in names] for outcome in outcomes]).reshape(len(outcomes), len(names))
    apart = _stands_apart(values)
    cohort = [("mean", _over_studies(values, np.mean)), ("SD", _over_studies(values, lambda column: np.std(column, ddof=1)))]
    counts = Counter(outcome.status for outcome in outcomes)
    line = ", ".join(f"{counts[status]} {status}" for status in ("fused", "kept", "failed", "left out") if counts[status])
    _write_table(folder / "summary.csv", jobs, outcomes, names, values, apart, cohort)
    reasons: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.reason:
            reasons.setdefault(outcome.reason, []).append(outcome.key)
    rows = []
    for k, (job, outcome) in enumerate(zip(jobs, outcomes, strict=True)):
        cells = [(_cell(value), bool(is_apart)) for value, is_apart in zip(values[k], apart[k], strict=True)]
        picture = f"{outcome.key}/overview.png" if outcome.status in ("fused", "kept") else ""
        rows.append({"job": job, "outcome": outcome, "cells": cells, "picture": picture})
    write_page(
        "summary.html",
        folder / "index.html",
        counts=line,
        failures=sorted(reasons.items(), key=lambda item: -len(item[1])),
        metrics=names,
        cohort=[(label, [_cell(value) for value in row]) for label, row in cohort],
        rows=rows,
    )
    return line


def _write_table(
    file: Path,
    jobs: Sequence[Job],
    outcomes: Sequence[Outcome],
    names: Sequence[str],
    values: np.ndarray,
    apart: np.ndarray,
    cohort: Sequence[tuple[str, np.ndarray]],
) -> None:
    head = ["result", "status", "reason", "patient_id", "patient_name", "study_date", "study", "slices", "seconds"]
    try:
        with atomic_file(file) as beside, beside.open("w", newline="", encoding="utf-8-sig", errors="replace") as stream:
            writer = csv.writer(stream)
            writer.writerow([*head, *names, *(f"blend_{name}" for name in names), "stands apart in", "notes"])
            for k, (job, outcome) in enumerate(zip(jobs, outcomes, strict=True)):
                who = (job.patient_id, job.patient_name, job.study_date, job.study)
                blend = [_cell(_number(outcome.blend_metrics.get(name))) for name in names]
                standing = " ".join(name for name, is_apart in zip(names, apart[k], strict=True) if is_apart)
                row = [outcome.key, outcome.status, outcome.reason, *who, outcome.slices or "", outcome.seconds or ""]
                writer.writerow([*row, *map(_cell, values[k]), *blend, standing, " ".join(outcome.notes)])
            for label, row_of in cohort:
                writer.writerow([label, *[""] * (len(head) - 1), *map(_cell, row_of)])
    except OSError as error:
        raise InputError(f"The summary '{file}' cannot be written ({error.strerror}): make room, or choose another folder.") from error


def _over_studies(values: np.ndarray, measure: object) -> np.ndarray:
    assert callable(measure)
    columns = [column[np.isfinite(column)] for column in values.T]
    return np.array([measure(column) if len(column) > 1 else np.nan for column in columns])


def _stands_apart(values: np.ndarray) -> np.ndarray:
    """True where a study is far from the others in a metric; nowhere where they are few or all alike."""
    apart = np.zeros(values.shape, bool)
    for n, column in enumerate(values.T):
        known = column[np.isfinite(column)]
        if len(known) >= _ENOUGH:
            deviation = np.median(np.abs(known - np.median(known)))
            if deviation > 0:
                apart[:, n] = np.abs(0.6745 * (column - np.median(known)) / deviation) > _APART
    return apart


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _cell(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else ""
