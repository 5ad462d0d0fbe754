"""The table as pictures: bars, and a radar chart as in the paper's figures 5, 7, 9, 11, 13 and 15."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from .table import COLUMNS, Table

AXES = ("QABF", "VIF", "VIF_anatomy", "VIF_function", "SCD", "SCD_function", "IE", "AG", "SD", "SF", "EI")
INNERMOST = 0.15  # radius of the least of all, so that it can still be told apart
COLORS = ("#4477aa", "#66ccee", "#228833", "#e0c040", "#aa3377", "#5c4033", "#44aa99", "#882255", "#ddaa77", "#332288")
HIGHLIGHT = ("#d62728", "#ff7f0e", "#e377c2", "#8c2d04")
WARNING = "#b0b0b0"


def method_colors(table: Table, highlighted: Collection[str]) -> dict[str, str]:
    """A colour for each method: reds for `highlighted` (our weights), gray for copies of one source."""
    colors, plain, strong = {}, 0, 0
    for name in table.methods:
        if name in table.copies:
            colors[name] = WARNING
        elif name in highlighted:
            colors[name], strong = HIGHLIGHT[strong % len(HIGHLIGHT)], strong + 1
        else:
            colors[name], plain = COLORS[plain % len(COLORS)], plain + 1
    return colors


def draw_bars(table: Table, file: Path, *, title: str, highlighted: Collection[str] = ()) -> None:
    """A panel for each metric: bars are means, whiskers standard deviations; what is not ranked is hatched, copies gray."""
    colors = method_colors(table, highlighted)
    rows, columns = 3, 5
    height = rows * (0.24 * len(table.methods) + 0.75) + 0.6
    figure = Figure(figsize=(3.1 * columns, height), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, metric in zip(panels, COLUMNS, strict=False):
        for place, name in enumerate(table.methods):
            cell = table.cells[name][metric]
            if np.isfinite(cell.mean):
                hatch = "///" if name in (*table.copies, *table.seen) else None
                panel.barh(place, cell.mean, xerr=cell.deviation, color=colors[name], hatch=hatch, edgecolor="white", ecolor="#555555")
                if cell.rank == 1:
                    panel.text(0.02, place, "1st", va="center", fontsize=7, color="white", transform=panel.get_yaxis_transform())
            else:
                panel.text(0.02, place, "undefined", va="center", fontsize=7, color="#777777", transform=panel.get_yaxis_transform())
        panel.set_title(metric, fontsize=10, fontweight="bold" if "_" not in metric else "normal")
        panel.set_yticks(range(len(table.methods)), table.methods, fontsize=7)
        panel.set_ylim(len(table.methods) - 0.5, -0.5)
        panel.tick_params(axis="x", labelsize=7)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in panels[len(COLUMNS) :]:
        panel.axis("off")
        panel.text(
            0,
            0.95,
            "Mean and standard deviation\nover the pairs; higher is better.\n"
            "Hatched: not ranked, as one source\nalone (gray) or trained on these.\n"
            "IE, AG, SD, SF, EI also reward\nnoise and overshoot.",
            va="top",
            fontsize=8.5,
            transform=panel.transAxes,
        )
    figure.suptitle(f"{title} ({table.pairs} pairs)", fontsize=12)
    figure.savefig(file, dpi=110, format="png")


def draw_radar(table: Table, file: Path, *, title: str, highlighted: Collection[str] = ()) -> None:
    """A line for each ranked method; every axis reaches from the least mean of all methods to the highest."""
    colors = method_colors(table, highlighted)
    methods = [name for name in table.methods if name not in (*table.copies, *table.seen)]
    means = np.array([[table.cells[name][metric].mean for metric in AXES] for name in methods]).reshape(-1, len(AXES))
    radii = normalised(means)
    angles = (np.pi / 2 - np.linspace(0, 2 * np.pi, len(AXES), endpoint=False)) % (2 * np.pi)  # clockwise from above
    figure = Figure(figsize=(10.5, 7.6))
    FigureCanvasAgg(figure)
    ax = figure.add_axes((0.1, 0.12, 0.56, 0.7), polar=True)
    for name, radius in zip(methods, radii, strict=True):
        strong = name in highlighted
        ax.plot(
            np.append(angles, angles[0]),
            np.append(radius, radius[0]),
            color=colors[name],
            label=name,
            linewidth=2.6 if strong else 1.3,
            marker="o" if strong else ".",
            markersize=5,
            zorder=3 if strong else 2,
        )
        if strong:
            ax.fill(angles, np.nan_to_num(radius), color=colors[name], alpha=0.08)
    ax.set_xlim(0, 2 * np.pi)
    ax.set_ylim(0, 1.02)
    ax.set_yticks(np.linspace(INNERMOST, 1, 4), [""] * 4)
    labels = [f"{metric}\n{_range(column)}" for metric, column in zip(AXES, means.T, strict=True)]
    ax.set_xticks(angles, labels, fontsize=9)
    ax.tick_params(axis="x", pad=20)
    if methods:
        figure.legend(loc="center right", frameon=False, fontsize=9.5, bbox_to_anchor=(0.985, 0.5))
    figure.suptitle(f"{title} ({table.pairs} pairs)", fontsize=12)
    figure.text(
        0.01, 0.015, "Each axis: from the least mean (inner ring) to the highest (outer ring) of these methods, as written.", fontsize=8
    )
    figure.savefig(file, dpi=110, format="png")


def normalised(means: np.ndarray) -> np.ndarray:
    """Radii (methods, metrics): the least of each metric at INNERMOST, the highest at 1; 1 where all are equal, NaN where undefined."""
    low = np.array([np.nanmin(column) if np.isfinite(column).any() else np.nan for column in means.T])
    high = np.array([np.nanmax(column) if np.isfinite(column).any() else np.nan for column in means.T])
    spread = np.where(high > low, high - low, 1.0)
    share = np.where(high > low, (means - low) / spread, np.where(np.isfinite(means), 1.0, np.nan))
    return INNERMOST + (1 - INNERMOST) * share


def _range(column: np.ndarray) -> str:
    column = column[np.isfinite(column)]
    if column.size == 0:
        return "undefined"
    digits = 2 if abs(column).max() < 10 else 1
    return f"{column.min():.{digits}f} to {column.max():.{digits}f}"
