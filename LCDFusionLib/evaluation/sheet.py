"""A sheet of pictures: rows are pairs or cases; columns are anatomy, function and what each method makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from LCDFusionLib import DISCLAIMER

from .pair_sets import evenly

ROWS = 5
CELL = 1.75  # inches


@dataclass(frozen=True, eq=False)
class Picture:
    """One cell.

    Attributes:
        column: its heading.
        image: (H, W) in [0, 1], or (H, W, 3) uint8.
        note: small, below.
    """

    column: str
    image: NDArray
    note: str = ""


@dataclass(frozen=True, eq=False)
class Row:
    """One pair or case.

    Attributes:
        name: at the left.
        pictures: the same columns in every row.
        outline: (H, W) to draw the border of, or None.
    """

    name: str
    pictures: list[Picture]
    outline: NDArray[np.bool_] | None = None


def rows_to_show(count: int) -> list[int]:
    """Up to five of `count`, evenly chosen."""
    return evenly(count, min(ROWS, count))


def note(values: Mapping[str, float], names: Mapping[str, str]) -> str:
    """Values in a few letters. `names`: abbreviation to key."""
    numbers = ((short, values[name]) for short, name in names.items())
    return "  ".join(f"{short} {value:.2f}" if np.isfinite(value) else f"{short} -" for short, value in numbers)


def draw_sheet(rows: Sequence[Row], file: Path, *, title: str, legend: str) -> None:
    """Write a PNG; `legend` says what the notes mean."""
    columns = len(rows[0].pictures)
    width, height = CELL * columns + 0.35, CELL * len(rows) + 0.95
    figure = Figure(figsize=(width, height), facecolor="black")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    figure.subplots_adjust(left=0.35 / width, right=1, top=1 - 0.62 / height, bottom=0.28 / height, wspace=0.03, hspace=0.03)
    for place, row in enumerate(rows):
        for ax, picture in zip(axes[place], row.pictures, strict=True):
            ax.imshow(picture.image, cmap="gray", vmin=0, vmax=1, interpolation="bilinear")
            if row.outline is not None and row.outline.any() and not row.outline.all():
                ax.contour(row.outline, levels=[0.5], colors="#40e0ff", linewidths=0.5)
            ax.axis("off")
            if place == 0:
                ax.set_title(picture.column, color="white", fontsize=9)
            if picture.note:
                box = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "pad": 1}
                ax.text(0.02, 0.02, picture.note, color="#ffd75f", fontsize=6.5, transform=ax.transAxes, va="bottom", bbox=box)
        left = axes[place, 0]
        left.text(
            -0.06,
            0.5,
            row.name.replace(" (", "\n("),
            color="white",
            fontsize=7,
            rotation=90,
            va="center",
            ha="right",
            transform=left.transAxes,
        )
    figure.text(0.1 / width, 1 - 0.2 / height, title, color="white", fontsize=11, va="center", parse_math=False)
    figure.text(0.1 / width, 0.13 / height, f"{legend} {DISCLAIMER}", color="#ff8787", fontsize=7.5, va="center", parse_math=False)
    figure.savefig(file, dpi=110, facecolor="black", format="png")
