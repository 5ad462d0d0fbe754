"""A sheet of pictures: some pairs, and what each method makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.training.pairs import Image, SlicePair

from .comparison import Measured
from .pair_sets import evenly

ROWS = 5
CELL = 1.75  # inches
NOTES = {"Q": "QABF", "Vf": "VIF_function", "Sf": "SCD_function"}


def pairs_to_show(pairs: Sequence[SlicePair]) -> list[SlicePair]:
    """Up to five, evenly chosen."""
    return [pairs[i] for i in evenly(len(pairs), min(ROWS, len(pairs)))]


def draw_sheet(
    pairs: Sequence[SlicePair], fused: Mapping[tuple[str, str], Measured], methods: Sequence[str], file: Path, *, title: str
) -> None:
    """Rows are pairs; columns are anatomy, function and each method, with QABF and what is left of the function below.

    Args:
        pairs: the rows.
        fused: by (pair, method).
        methods: the columns after the sources.
        file: PNG.
        title: above all.
    """
    columns = 2 + len(methods)
    width, height = CELL * columns + 0.35, CELL * len(pairs) + 0.95
    figure = Figure(figsize=(width, height), facecolor="black")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(pairs), columns, squeeze=False)
    figure.subplots_adjust(left=0.35 / width, right=1, top=1 - 0.62 / height, bottom=0.28 / height, wspace=0.03, hspace=0.03)
    for row, pair in enumerate(pairs):
        for column, (name, image, note) in enumerate(_cells(pair, fused, methods)):
            ax = axes[row, column]
            ax.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="bilinear")
            ax.axis("off")
            if row == 0:
                ax.set_title(name, color="white", fontsize=9)
            if note:
                box = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "pad": 1}
                ax.text(0.02, 0.02, note, color="#ffd75f", fontsize=6.5, transform=ax.transAxes, va="bottom", bbox=box)
        axes[row, 0].text(
            -0.06, 0.5, pair.name, color="white", fontsize=7.5, rotation=90, va="center", ha="right", transform=axes[row, 0].transAxes
        )
    figure.text(0.1 / width, 1 - 0.2 / height, title, color="white", fontsize=11, va="center", parse_math=False)
    figure.text(
        0.1 / width, 0.13 / height, f"Q: QABF, Vf: VIF_function, Sf: SCD_function. {DISCLAIMER}", color="#ff8787", fontsize=7.5, va="center"
    )
    figure.savefig(file, dpi=110, facecolor="black", format="png")


def _cells(pair: SlicePair, fused: Mapping[tuple[str, str], Measured], methods: Sequence[str]) -> list[tuple[str, Image, str]]:
    cells = [("anatomy", pair.anatomy, ""), ("function", pair.function, "")]
    for method in methods:
        measured = fused[pair.name, method]
        numbers = ((short, measured.values[name]) for short, name in NOTES.items())
        note = "  ".join(f"{short} {value:.2f}" if np.isfinite(value) else f"{short} -" for short, value in numbers)
        cells.append((method, measured.fused, note))
    return cells
