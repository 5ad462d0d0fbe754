"""The curves of a training run as a picture."""

from __future__ import annotations

import csv
from pathlib import Path

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError

PANELS = {
    "loss": ("train_loss", "validation_loss"),
    "kept of the sources": ("validation_QABF", "validation_VIF_anatomy", "validation_VIF_function"),
    "SCD": ("validation_SCD", "validation_SCD_function"),
}


def read_log(log: Path) -> list[dict[str, str]]:
    """The rows of `log.csv`, of which every cell is a number, or empty.

    Raises:
        InputError: one is not.
    """
    try:
        with log.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        for row in rows:
            int(row["step"])
            [float(value) for value in row.values() if value]
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise InputError(f"The log '{log}' is damaged: delete it, or choose another folder with -o.") from error
    return rows


def plot_curves(log: Path, file: Path) -> None:
    """Draw the columns of `log.csv` over the steps: loss, and what validation says of either source."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = read_log(log)
    steps = [int(row["step"]) for row in rows]
    figure = Figure(figsize=(13, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    for ax, (title, columns) in zip(figure.subplots(1, len(PANELS)), PANELS.items(), strict=True):
        for column in columns:
            ax.plot(steps, [float(row[column]) for row in rows], label=column.removeprefix("validation_"), marker=".")
        ax.set(title=title, xlabel="step")
        ax.legend()
        ax.grid(alpha=0.3)
    with atomic_file(file) as beside:
        figure.savefig(beside, dpi=90, format="png")
