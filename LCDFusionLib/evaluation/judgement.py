"""What a check found, as tables and pictures."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from LCDFusionLib.images.color import blend, fused_color
from LCDFusionLib.training.samples import Image

from .charts import HIGHLIGHT, WARNING
from .checks import Check, Judged, Measure
from .sheet import Picture, Row, draw_sheet, note, rows_to_show


def write_cases(judged: Sequence[Judged], file: Path) -> None:
    """A row for each case and method; an undefined value is left empty."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        names = list(judged[0].values)
        writer.writerow(["case", "method", *names])
        for row in judged:
            writer.writerow([row.case.name, row.method, *(f"{row.values[n]:.6f}" if np.isfinite(row.values[n]) else "" for n in names)])


def write_colors(judged: Sequence[Judged], file: Path) -> None:
    """As `write_cases`, of the colour pictures."""
    write_cases([replace(row, values=row.color) for row in judged], file)


def write_summary(
    check: Check, judged: Sequence[Judged], file: Path, *, remarks: Sequence[str] = (), pictures: Sequence[Judged] = ()
) -> None:
    """A Markdown table: of each method and measure the mean, the worst, and in how many cases the target is reached; `remarks` below.

    With `pictures` (see `judge_pictures`) a second one follows, of the colour pictures: those of the methods, then these.
    """
    lines = [f"# {check.title}", "", f"{len(check.cases)} cases. Each cell: mean, worst case, and how many cases reach the target.", ""]
    lines += _table(check.measures, judged)
    for remark in remarks:
        lines += [remark, ""]
    lines += _ceiling(judged)
    if check.color_measures:
        lines += ["", "## In colour", ""]
        lines += _table(check.color_measures, [replace(row, values=row.color) for row in (*judged, *pictures)])
        lines += [
            "*anatomy-colour*: the same colours over the plain anatomy; *blend*, *blend-ember*, *pet-heat*, *pet-rainbow2*: function and "
            "anatomy at 50 % each, through our tables and through those that come with Slicer.",
            "",
        ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _table(measures: Sequence[Measure], judged: Sequence[Judged]) -> list[str]:
    lines = []
    for measure in measures:
        bound = "" if measure.target is None else f" Target: at {'most' if measure.lower_is_better else 'least'} {measure.target:g}"
        if measure.together_with is not None:
            bound += f", and {measure.together_with.name} reaches its own"
        bound += "." if bound else ""
        lines.append(f"- **{measure.name}**: {measure.says}.{bound}")
    lines += ["", "| method | " + " | ".join(measure.name for measure in measures) + " |", "|---|" + "---|" * len(measures)]
    for method in _methods(judged):
        cells = []
        for measure in measures:
            values = _values(judged, method, measure.name)
            defined = values[np.isfinite(values)]
            if defined.size == 0:
                cells.append("-")
                continue
            hits = measure.reached(values)
            if measure.together_with is not None:
                hits &= measure.together_with.reached(_values(judged, method, measure.together_with.name))
            reached = "" if measure.target is None else f"; {int(hits.sum())} of {defined.size}"
            cells.append(f"{defined.mean():.2f}; {measure.worst(defined):.2f}{reached}")
        lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _ceiling(judged: Sequence[Judged]) -> list[str]:
    """What an image that keeps the anatomy cannot reach, for measures that have such a bound."""
    key = "ceiling_contrast_to_structure"
    if key not in judged[0].values:
        return []
    ceilings = {row.case.name: row.values[key] for row in judged}
    low = [name for name, value in ceilings.items() if value < 0.8]
    lines = [
        "An image on [0, 1] has a contrast of at most 1. If it also keeps 0.8 of the anatomy's structures round the lesion, its contrast "
        "over the SD of the surroundings is at most 1 / (0.8 SD of the anatomy there). That may be less than 0.8 of what PET has, which "
        f"shows next to nothing there: in {len(low)} of {len(ceilings)} cases no image has contrast_to_structure >= 0.8 and 0.8 of the "
        "anatomy's structures, too. One that gives up the anatomy can pass the bound.",
        "",
        "| case | PET contrast | PET contrast to noise | PET contrast to structure | ceiling of contrast_to_structure |",
        "|---|---|---|---|---|",
    ]
    seen = {row.case.name: row.values for row in judged}
    for name, values in seen.items():
        cells = [values["pet_contrast"], values["pet_contrast_to_noise"], values["pet_contrast_to_structure"], values[key]]
        lines.append(f"| {name} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")
    return lines


def draw_dots(check: Check, judged: Sequence[Judged], file: Path, *, warnings: Collection[str], highlighted: Collection[str] = ()) -> None:
    """A panel for each measure: a dot a case, a bar at the mean, and the target as a line."""
    methods = _methods(judged)
    columns = min(3 if len(check.measures) < 7 else 4, len(check.measures))
    rows = -(-len(check.measures) // columns)
    figure = Figure(figsize=(4.8 * columns, rows * (0.3 * len(methods) + 1.1) + 0.5), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, measure in zip(panels, check.measures, strict=False):
        for place, method in enumerate(methods):
            values = _values(judged, method, measure.name)
            values = values[np.isfinite(values)]
            color = WARNING if method in warnings else HIGHLIGHT[0] if method in highlighted else "#4477aa"
            spread = place + np.linspace(-0.25, 0.25, values.size) if values.size > 1 else np.array([place] * values.size)
            panel.plot(values, spread, ".", color=color, alpha=0.6, markersize=5)
            if values.size:
                panel.plot([values.mean()] * 2, [place - 0.35, place + 0.35], color=color, linewidth=2.5)
        if measure.target is not None:
            panel.axvline(measure.target, color="#228833", linestyle="--", linewidth=1)
        panel.set_title(measure.name + (" (less is better)" if measure.lower_is_better else ""), fontsize=10, fontweight="bold")
        panel.set_xlabel(measure.says, fontsize=7)
        panel.set_yticks(range(len(methods)), methods, fontsize=8)
        panel.set_ylim(len(methods) - 0.5, -0.5)
        panel.tick_params(axis="x", labelsize=7)
        panel.grid(axis="x", alpha=0.3)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in panels[len(check.measures) :]:
        panel.axis("off")
    figure.suptitle(f"{check.title} ({len(check.cases)} cases; dot: a case, bar: mean, dashed: target)", fontsize=11)
    figure.savefig(file, dpi=110, format="png")


def draw_cases(check: Check, judged: Sequence[Judged], file: Path, *, color: bool = False) -> None:
    """Some cases and what each method makes of them, gray or through the fused colours (beside the 50/50 blend)."""
    by_key = {(row.case.name, row.method): row for row in judged}
    names = check.color_notes if color else check.notes
    rows = []
    for index in rows_to_show(len(check.cases)):
        case = check.cases[index]
        pair = case.pairs[case.shown]
        first = Picture("anatomy", pair.anatomy)
        pictures = [
            first,
            Picture("50/50 blend", _one(blend, pair.anatomy, pair.function)) if color else Picture("function", pair.function),
        ]
        for method in _methods(judged):
            row = by_key[case.name, method]
            image = _one(fused_color, row.fused, pair.function) if color else row.fused
            pictures.append(Picture(method, image, note({**row.values, **row.color}, names)))
        rows.append(Row(case.name, pictures, case.outline))
    legend = ", ".join(f"{short}: {name}" for short, name in names.items()) + "."
    draw_sheet(rows, file, title=check.title, legend=legend)


def _one(paint: Callable[[NDArray, NDArray], NDArray[np.uint8]], image: Image, function: Image) -> NDArray[np.uint8]:
    """A rule for stacks, on one slice."""
    return paint(image[np.newaxis], function[np.newaxis])[0]


def _methods(judged: Sequence[Judged]) -> list[str]:
    return list(dict.fromkeys(row.method for row in judged))


def _values(judged: Sequence[Judged], method: str, name: str) -> NDArray[np.float64]:
    return np.array([row.values[name] for row in judged if row.method == method])
