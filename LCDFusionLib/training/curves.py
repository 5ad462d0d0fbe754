"""The curves of a training run as a picture."""

from __future__ import annotations

import csv
from pathlib import Path

from LCDFusionLib.atomic import atomic_file

PANELS = {
    "loss": ("train_loss", "validation_loss"),
    "kept of the sources": ("validation_QABF", "validation_VIF_anatomy", "validation_VIF_function"),
    "SCD": ("validation_SCD", "validation_SCD_function"),
}


def plot_curves(log: Path, file: Path) -> None:
    """Draw the columns of `log.csv` over the steps: loss, and what validation says of either source."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with log.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
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
