"""The table of metrics: a row a slice, then mean and standard deviation."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .fused_volume import FusionResult


def write_metrics_csv(result: FusionResult, file: Path, *, image_numbers: Sequence[int] | None = None, first: int = 1) -> None:
    """Write the metrics of the fused slices and, with the prefix `blend_`, of the 50/50 average; an undefined value is left empty.

    Columns: slice (counted from 1 in the anatomy, of which `first` is the first that was fused), image (Instance Number (0020,0013) in the
    anatomy series, where known), the slice's centre in LPS millimetres (not for pictures, which know no place), the metrics.
    """
    names = list(result.metrics[0])
    rows = np.array([[*(m[n] for n in names), *(b[n] for n in names)] for m, b in zip(result.metrics, result.blend_metrics, strict=True)])
    volume = result.gray
    count, height, width = volume.shape
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["slice", "image", "x_mm", "y_mm", "z_mm", *names, *(f"blend_{n}" for n in names)])
        for k in range(count):
            centre = volume.ijk_to_lps @ [(width - 1) / 2, (height - 1) / 2, k, 1]
            place = [f"{x:.3f}" if volume.in_patient_space else "" for x in centre[:3]]
            writer.writerow([first + k, image_numbers[k] if image_numbers else "", *place, *map(_cell, rows[k])])
        for label, values in (("mean", mean_of(rows)), ("SD", deviation_of(rows))):
            writer.writerow([label, "", "", "", "", *map(_cell, values)])


def mean_of(rows: np.ndarray) -> np.ndarray:
    """Mean over slices (axis 0) where defined; NaN where no slice has a value."""
    count = np.isfinite(rows).sum(axis=0)
    return np.where(count, np.nansum(np.where(np.isfinite(rows), rows, 0), axis=0) / np.maximum(count, 1), np.nan)


def deviation_of(rows: np.ndarray) -> np.ndarray:
    """Population standard deviation over slices where defined."""
    return np.sqrt(mean_of((rows - mean_of(rows)) ** 2))


def _cell(value: float) -> str:
    return f"{value:.6f}" if np.isfinite(value) else ""
