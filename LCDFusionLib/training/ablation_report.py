"""The ablation as tables like the paper's Tables 5 to 9, one bar chart and one sheet of pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.network import LCDFusionNet, RewrittenNet
from LCDFusionLib.network.operations import PAPER_SIZE, count_operations

from .ablation import VARIANTS, measure_ablation
from .measure import COLUMNS, write_rows
from .samples import SlicePair

LABELS = {
    "Exp1": "Exp1 plain encoder, addition",
    "Exp2": "Exp2 + two dense encoders",
    "Exp3": "Exp3 + CMFEM",
    "Exp4": "Exp4 + LCFM at the last layer",
    "Exp5": "Exp5 whole network (T = 16)",
    "T8": "whole network, T = 8",
    "T32": "whole network, T = 32",
}
PAPER_COST = {"T8": (515.9, 84.63), "Exp5": (556.8, 94.75), "T32": (720.4, 135.24)}
"""Thousands of parameters and 10^9 multiply-accumulates of the paper's Table 8."""
CHARTED = ("QABF", "VIF_anatomy", "VIF_function", "SCD")

Means = dict[str, dict[str, dict[str, float]]]
"""Data set, variant, metric."""


def write_report(folder: Path, held_out: dict[str, list[SlicePair]]) -> list[Path]:
    """Measure a finished ablation; write `ablation.csv`, `cost.csv`, `ablation.md`, `ablation.png` and `sheet.png` to its folder.

    Args:
        folder: of the ablation, each variant with its fused images.
        held_out: the pairs that were fused, by data set.

    Returns:
        The files written.
    """
    measure_ablation(folder, held_out)
    means = read_means(folder)
    costs = cost_rows()
    write_rows([{"data_set": s, "variant": v, **row} for s, rows in means.items() for v, row in rows.items()], folder / "ablation.csv")
    write_rows(costs, folder / "cost.csv")
    (folder / "ablation.md").write_text(markdown_tables(means, costs, {name: len(pairs) for name, pairs in held_out.items()}), "utf-8")
    draw_chart(means, folder / "ablation.png")
    draw_sheet(folder, held_out, folder / "sheet.png")
    return [folder / name for name in ("ablation.csv", "cost.csv", "ablation.md", "ablation.png", "sheet.png")]


def read_means(folder: Path) -> Means:
    """Mean of each metric over the pairs for which it is defined."""
    means: Means = {}
    for variant in VARIANTS:
        with (folder / variant / "metrics.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        for data_set in dict.fromkeys(row["data_set"] for row in rows):
            values = np.array([[float(row[name]) for name in COLUMNS] for row in rows if row["data_set"] == data_set])
            means.setdefault(data_set, {})[variant] = dict(zip(COLUMNS, np.nanmean(values, axis=0).tolist(), strict=True))
    return means


def cost_rows() -> list[dict[str, object]]:
    """Parameters and multiply-accumulates of every variant for one pair of the paper's size, counted on a forward pass."""
    rows: list[dict[str, object]] = []
    for name, config in VARIANTS.items():
        network = LCDFusionNet(config)
        direct, rewritten = count_operations(network), count_operations(RewrittenNet(network))
        rows.append(
            {
                "variant": name,
                "parameters": direct.parameters,
                "convolutions": direct.convolutions,
                "correlation": direct.products,
                "rewritten": rewritten.multiply_accumulates,
            }
        )
    return rows


def markdown_tables(means: Means, costs: list[dict[str, object]], counts: dict[str, int]) -> str:
    """One table a data set (the best of each column, of all variants, is bold), and one of the cost."""
    parts = []
    for data_set, rows in means.items():
        best = {name: max(rows[variant][name] for variant in rows) for name in COLUMNS}
        parts.append(f"### {data_set}, mean of {counts[data_set]} pairs\n")
        parts.append(_line(["variant", *COLUMNS]) + _line(["---"] * (len(COLUMNS) + 1)))
        for variant, row in rows.items():
            cells = [f"{row[name]:.{_decimals(name)}f}" for name in COLUMNS]
            parts[-1] += _line(
                [LABELS[variant], *(f"**{cell}**" if row[n] == best[n] else cell for n, cell in zip(COLUMNS, cells, strict=True))]
            )
    parts.append(f"### Size and cost, one pair of {PAPER_SIZE[0]}x{PAPER_SIZE[1]}\n")
    heads = [
        "variant",
        "parameters",
        "G in convolutions",
        "G in the correlation",
        "G after the exact rewrite",
        "paper: K parameters",
        "paper: G",
    ]
    table = _line(heads) + _line(["---"] * len(heads))
    for cost in costs:
        giga = [f"{int(str(cost[name])) / 1e9:.2f}" for name in ("convolutions", "correlation", "rewritten")]
        paper = [f"{value:g}" for value in PAPER_COST.get(str(cost["variant"]), ())] or ["", ""]
        table += _line([LABELS[str(cost["variant"])], f"{cost['parameters']:,}", *giga, *paper])
    parts.append(table)
    return "\n".join(parts)


def draw_chart(means: Means, file: Path) -> None:
    """Bars of the metrics that see both sources, one panel each, grouped by data set."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 8), layout="constrained")
    FigureCanvasAgg(figure)
    width = 0.8 / len(VARIANTS)
    for ax, name in zip(figure.subplots(2, 2).flat, CHARTED, strict=True):
        for n, variant in enumerate(VARIANTS):
            at = np.arange(len(means)) + (n - (len(VARIANTS) - 1) / 2) * width
            ax.bar(at, [rows[variant][name] for rows in means.values()], width, label=LABELS[variant], color=f"C{n}")
        ax.set_xticks(range(len(means)), list(means), fontsize=8)
        ax.set_title(name)
        ax.grid(axis="y", alpha=0.3)
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    _save(figure, file)


def draw_sheet(folder: Path, held_out: dict[str, list[SlicePair]], file: Path) -> None:
    """One pair of each data set (the one with the hottest uptake): anatomy, function, then every variant's fused image."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    fused = {variant: np.load(folder / variant / "fused.npz") for variant in VARIANTS}
    figure = Figure(figsize=(2 * (len(VARIANTS) + 2), 2.15 * len(held_out)), facecolor="black", layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(held_out), len(VARIANTS) + 2, squeeze=False)
    for row, (data_set, pairs) in zip(axes, held_out.items(), strict=True):
        pair = max(pairs, key=lambda pair: np.percentile(pair.function, 99))  # a single noisy pixel is no uptake
        pictures = {"anatomy": pair.anatomy, "function": pair.function}
        pictures |= {name: fused[name][f"{data_set}: {pair.name}"] for name in VARIANTS}
        for ax, (name, picture) in zip(row, pictures.items(), strict=True):
            ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            if ax in axes[0]:
                ax.set_title("Exp5 (T16)" if name == "Exp5" else name, color="white", fontsize=10)
        row[0].set_ylabel(f"{data_set}\n{pair.name}", color="white", fontsize=8)
    figure.supxlabel(DISCLAIMER, color="#ff8787", fontsize=9)
    _save(figure, file)


def _save(figure, file: Path) -> None:  # type: ignore[no-untyped-def]
    with atomic_file(file) as beside:
        figure.savefig(beside, dpi=100, facecolor=figure.get_facecolor(), format="png")


def _decimals(metric: str) -> int:
    return 1 if metric in ("AG", "SD", "SF", "EI") else 2 if metric == "IE" else 3


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
