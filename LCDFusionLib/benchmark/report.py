"""What was measured, as a table, a CSV and a picture."""

from __future__ import annotations

import csv
import math
from dataclasses import asdict
from pathlib import Path

from .growth import STEPS, Growth
from .peers import PeerTime
from .speed import Measured, Throughput


def table(results: list[Measured], throughput: list[Throughput], growth: list[Growth]) -> str:
    """All that was measured, as Markdown."""
    head = (
        "size",
        "batch",
        "T",
        "form",
        "precision",
        "s an image",
        "direct / this",
        "GMAC",
        "of the direct",
        "share of 3x3 rate",
        "peak MiB",
    )
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for result in results:
        case, direct = result.case, _direct(results, result)
        cells = (
            f"{case.size}x{case.size}",
            case.batch,
            case.correlation_size,
            case.form,
            case.precision,
            f"{result.seconds:.3f}",
            f"{direct.seconds / result.seconds:.2f}",
            f"{result.multiply_accumulates / 1e9:.1f}",
            f"{result.multiply_accumulates / direct.multiply_accumulates:.2f}",
            f"{result.share:.0%}",
            f"{result.peak_mebibytes:.0f}",
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += [
        "",
        "| stack, metrics and all | precision | slices at a time | first result, s | slices a second after it |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {t.slices} of {t.size}x{t.size} | {t.precision} | {t.batch} | {t.seconds_to_first:.2f} | {t.slices_per_second:.3g} |"
        for t in throughput
    ]
    if growth:
        columns = ("slices, metrics and all", *(f"{step}, s" for step in STEPS), "ms a slice", "does not grow", "worker's peak MiB")
        lines += ["", f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
        for g in growth:
            steps = " | ".join(f"{g.seconds[step]:.2f}" for step in STEPS)
            rest = f"{1000 * g.seconds['slices'] / g.slices:.1f} | {g.fixed_part:.1%} | {g.worker_mebibytes:.0f}"
            lines.append(f"| {g.slices} of {g.edge}x{g.edge} | {steps} | {rest} |")
    return "\n".join(lines) + "\n"


def peer_table(times: list[PeerTime]) -> str:
    """Other networks beside ours, as Markdown."""
    lines = ["", "| size | network | s an image | ours / this |", "|---|---|---|---|"]
    lines += [f"| {t.size}x{t.size} | {t.name} | {t.seconds:.3f} | {t.ours:.2f} |" for t in times]
    return "\n".join(lines) + "\n"


def _direct(results: list[Measured], result: Measured) -> Measured:
    """The direct form that was measured in the same rounds."""
    case = result.case
    wanted = ("direct", case.size, case.batch, case.correlation_size)
    return next(r for r in results if (r.case.form, r.case.size, r.case.batch, r.case.correlation_size) == wanted)


def write_rows(results: list[Measured], path: Path) -> None:
    """A CSV with a row a case."""
    rows = [{**asdict(result.case), **{name: value for name, value in asdict(result).items() if name != "case"}} for result in results]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def draw(results: list[Measured], growth: list[Growth], path: Path) -> None:
    """Bars of time and of memory for each case; time and memory over slices."""
    from matplotlib.figure import Figure

    panels = 3 if growth else 2
    figure = Figure(figsize=(5 * panels, 0.6 + 0.32 * len(results) + 1), layout="constrained")
    axes = figure.subplots(1, panels)
    several = len({r.case.batch for r in results}) > 1
    labels = [
        f"{r.case.form} {r.case.size}, T {r.case.correlation_size}"
        + (f", batch {r.case.batch}" if several else "")
        + (f", {r.case.precision}" if r.case.precision != "float32" else "")
        for r in results
    ]
    colors = [{"direct": "#8a8f94", "rewritten": "#5b9bd5", "prepared": "#e8793a", "recorded": "#b0410e"}[r.case.form] for r in results]
    places = range(len(results))
    for axis, values, title in (
        (axes[0], [r.seconds for r in results], "seconds an image"),
        (axes[1], [r.peak_mebibytes for r in results], "peak memory above torch, MiB"),
    ):
        bars = axis.barh(places, values, color=colors)
        axis.bar_label(bars, fmt="%.3g", padding=2, fontsize=8)
        axis.set_yticks(places, labels if axis is axes[0] else [""] * len(results))
        axis.invert_yaxis()
        axis.set_title(title)
        axis.margins(x=0.15)
    if growth:
        slices = [g.slices for g in growth]
        axes[2].plot(slices, [g.total for g in growth], "o-", color="#e8793a")
        axes[2].set(
            xlabel=f"slices of {growth[0].edge}x{growth[0].edge}",
            ylabel="seconds",
            title="time (line) and worker's memory (dashed)",
            xlim=(0, None),
            ylim=(0, None),
        )
        known = [g for g in growth if math.isfinite(g.worker_mebibytes)]
        if known:  # not every system tells
            memory = axes[2].twinx()
            memory.plot([g.slices for g in known], [g.worker_mebibytes for g in known], "s--", color="#5b9bd5")
            memory.set(ylabel="peak MiB of the worker", ylim=(0, 1.3 * max(g.worker_mebibytes for g in known)))
    figure.savefig(path, dpi=120)
