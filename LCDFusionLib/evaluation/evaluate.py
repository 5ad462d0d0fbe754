"""One set or check evaluated, and everything written about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from .charts import draw_bars, draw_radar
from .checks import Check, judge, judge_pictures
from .comparison import Measured, compare
from .judgement import draw_cases, draw_dots, write_cases, write_colors, write_summary
from .methods import WARNINGS, FusedFolder, Method, Network
from .pair_sets import PairSet
from .png import write_png
from .remarks import remarks, seen
from .sheet import Picture, Row, draw_sheet, note, rows_to_show
from .table import tabulate, write_csv, write_markdown, write_values

NOTES = {"Q": "QABF", "Vf": "VIF_function", "Sf": "SCD_function"}
LEGEND = "Q: QABF, Vf: VIF_function, Sf: SCD_function."


def evaluate(
    what: PairSet | Check, methods: Sequence[Method | FusedFolder], folder: Path, *, done: Callable[[], object], images: bool = False
) -> None:
    """Methods on pairs or on a check: tables, charts and sheets, into `folder`.

    Args:
        what: a set of pairs gets the metrics' tables, a check its own.
        methods: at least one.
        folder: is there already.
        done: called after each method on each pair or case.
        images: write them all as PNG, too (of a check, all sources and the fused image that is drawn).
    """
    if images:
        for pair in what.pairs:
            write_png(pair.anatomy, folder / "images" / "anatomy" / f"{pair.name}.png")
            write_png(pair.function, folder / "images" / "function" / f"{pair.name}.png")
    if isinstance(what, PairSet):
        _evaluate_set(what, methods, folder, done, images)
    else:
        _evaluate_check(what, methods, folder, done, images)


def _evaluate_set(pairs: PairSet, methods: Sequence[Method | FusedFolder], folder: Path, done: Callable[[], object], images: bool) -> None:
    measured = []
    for row in compare(pairs.pairs, methods):
        measured.append(row)
        if images:
            write_png(row.fused, folder / "images" / row.method / f"{row.pair}.png")
        done()
    table, ours = tabulate(measured, seen=seen(pairs, methods)), _ours(methods)
    write_values(measured, folder / "values.csv")
    write_csv(table, folder / "table.csv")
    write_markdown(table, folder / "table.md", title=pairs.title, remarks=remarks(pairs, methods))
    draw_bars(table, folder / "bars.png", title=pairs.title, highlighted=ours)
    draw_radar(table, folder / "radar.png", title=pairs.title, highlighted=ours)
    draw_sheet(_rows(pairs, measured), folder / "sheet.png", title=pairs.title, legend=LEGEND)


def _evaluate_check(check: Check, methods: Sequence[Method | FusedFolder], folder: Path, done: Callable[[], object], images: bool) -> None:
    judged = []
    for row in judge(check, methods):
        judged.append(row)
        if images:
            write_png(row.fused, folder / "images" / row.method / f"{row.case.pairs[row.case.shown].name}.png")
        done()
    write_cases(judged, folder / "cases.csv")
    pictures = list(judge_pictures(check)) if check.color_measures else []
    if pictures:
        write_colors([*judged, *pictures], folder / "colors.csv")
    write_summary(check, judged, folder / "table.md", remarks=remarks(check, methods), pictures=pictures)
    draw_dots(check, judged, folder / "dots.png", warnings=WARNINGS, highlighted=_ours(methods))
    draw_cases(check, judged, folder / "sheet.png")
    if check.color_notes:
        draw_cases(check, judged, folder / "colors.png", color=True)


def _rows(pairs: PairSet, measured: Sequence[Measured]) -> list[Row]:
    rows = []
    for pair in (pairs.pairs[index] for index in rows_to_show(len(pairs.pairs))):
        sources = [Picture("anatomy", pair.anatomy), Picture("function", pair.function)]
        fused = [Picture(row.method, row.fused, note(row.values, NOTES)) for row in measured if row.pair == pair.name]
        rows.append(Row(pair.name, sources + fused))
    return rows


def _ours(methods: Sequence[Method | FusedFolder]) -> list[str]:
    return [method.name for method in methods if isinstance(method, Network)]
