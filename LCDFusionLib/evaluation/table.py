"""What was measured, as tables: mean, standard deviation and rank of each method."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.metrics import METRICS

from .comparison import Measured

# What a metric says of each source stands at its side: a copy of one source wins the sum, not these.
COLUMNS = (
    "QABF",
    "QABF_anatomy",
    "QABF_function",
    "VIF",
    "VIF_anatomy",
    "VIF_function",
    "SCD",
    "SCD_anatomy",
    "SCD_function",
    "IE",
    "AG",
    "SD",
    "SF",
    "EI",
)

SCD = ("SCD", "SCD_anatomy", "SCD_function")
"""Where undefined, because the fused image equals a source, they count as 0: the other source is missing. So nothing is won by a copy."""

COPY, COPY_REST = 2.0, 3.0
"""Gray levels: a method is a copy if on any pair no pixel differs by more than the first from a source, or if on most pairs the RMS of what
it has beyond a linear function of one source, where the other shows something, is no more than the second: nobody sees that."""


class Cell(NamedTuple):
    """A method on a metric.

    Attributes:
        mean: over the pairs where the metric is defined, SCD over all of them; NaN where it never is.
        deviation: population standard deviation over the same.
        rank: 1 is the highest mean; equal means share a rank. None: not ranked, as a copy, a network that saw the pairs, a column of one
            source, or a mean over fewer pairs than others have.
        pairs: how many pairs it is defined on.
    """

    mean: float
    deviation: float
    rank: int | None
    pairs: int


@dataclass(frozen=True)
class Table:
    """Methods by metrics.

    Attributes:
        methods: in the order in which they were given.
        copies: those that are no fusion, whatever their names (see `COPY`), with the number of pairs of which they hand back one source
            (RMS); not ranked.
        seen: those that were trained or validated on patients or series among the pairs; not ranked.
        cells: by method, then by metric.
        pairs: how many there are.
    """

    methods: tuple[str, ...]
    copies: dict[str, int]
    seen: tuple[str, ...]
    cells: dict[str, dict[str, Cell]]
    pairs: int


def tabulate(measured: Sequence[Measured], *, seen: Collection[str] = ()) -> Table:
    """Means, standard deviations and ranks; ranks of the eight metrics only, never of copies or of methods that have `seen` the pairs."""
    methods = tuple(dict.fromkeys(row.method for row in measured))
    values = {
        name: {column: np.array([row.values[column] for row in measured if row.method == name]) for column in COLUMNS} for name in methods
    }
    statistics = {name: {column: _statistics(values[name][column], zero=column in SCD) for column in COLUMNS} for name in methods}
    beyond = {name: [row.beyond for row in measured if row.method == name] for name in methods}
    copies = {name: sum(rms <= COPY_REST for _, rms in each) for name, each in beyond.items() if is_copy(each)}
    cells: dict[str, dict[str, Cell]] = {name: {} for name in methods}
    for column in COLUMNS:
        ranked = {name: statistics[name][column] for name in methods if name not in (*copies, *seen) and column in METRICS}
        most = max((count for *_, count in ranked.values()), default=0)
        means = {name: mean for name, (mean, _, count) in ranked.items() if column in SCD or count == most > 0}
        for name in methods:
            mean, deviation, count = statistics[name][column]
            rank = 1 + sum(other > mean for other in means.values()) if name in means else None
            cells[name][column] = Cell(mean, deviation, rank, count)
    return Table(methods, copies, tuple(name for name in methods if name in seen), cells, len({row.pair for row in measured}))


def is_copy(beyond: Sequence[tuple[float, float]]) -> bool:
    """Whether a method with these `Measured.beyond` hands back one source, whatever its name (see `COPY`)."""
    largest, rms = np.array(beyond).T
    return bool(largest.min() <= COPY or np.median(rms) <= COPY_REST)


def _statistics(values: NDArray, *, zero: bool) -> tuple[float, float, int]:
    """Mean, SD and number of defined values; `zero`: the others count as 0."""
    defined = values[np.isfinite(values)]
    if zero:
        filled = np.nan_to_num(values, nan=0.0)
        return float(filled.mean()), float(filled.std()), int(defined.size)
    if defined.size == 0:
        return float("nan"), float("nan"), 0
    return float(defined.mean()), float(defined.std()), int(defined.size)


def write_values(measured: Sequence[Measured], file: Path) -> None:
    """A row for each pair and method; an undefined value is left empty."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["pair", "method", *COLUMNS])
        for row in measured:
            writer.writerow([row.pair, row.method, *(_number(row.values[column]) for column in COLUMNS)])


def write_csv(table: Table, file: Path) -> None:
    """A row for each method: mean, SD, number of pairs, and the rank of the eight metrics."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        header = ["method"]
        for column in COLUMNS:
            header += [f"{column}_mean", f"{column}_SD", f"{column}_pairs"] + ([f"{column}_rank"] if column in METRICS else [])
        writer.writerow(header)
        for name in table.methods:
            row = [name]
            for column in COLUMNS:
                cell = table.cells[name][column]
                row += [_number(cell.mean), _number(cell.deviation), str(cell.pairs)]
                if column in METRICS:
                    row.append("" if cell.rank is None else str(cell.rank))
            writer.writerow(row)


def write_markdown(table: Table, file: Path, *, title: str, remarks: Sequence[str] = ()) -> None:
    """The table for people: mean ± SD, and the rank in brackets; `remarks`, a sentence each, below."""
    lines = [f"# {title}", "", f"{table.pairs} pairs; mean ± standard deviation over them, and the rank in brackets. Higher is better.", ""]
    lines.append("| method | " + " | ".join(COLUMNS) + " |")
    lines.append("|---|" + "---|" * len(COLUMNS))
    for name in table.methods:
        marked = f"*{name}*" if name in table.copies else f"{name}\\*" if name in table.seen else name
        cells = [_text(table.cells[name][column], table.pairs) for column in COLUMNS]
        lines.append(f"| {marked} | " + " | ".join(cells) + " |")
    lines.append("")
    if table.copies:
        lines.append(
            f"*Not ranked: {', '.join(f'{name} ({count} of {table.pairs} pairs)' for name, count in table.copies.items())}.* These hand "
            f"back one source with the other thrown away (equal to it within {COPY:g} gray levels on any pair, or a linear function of it "
            f"within {COPY_REST:g} RMS, where the other shows something, on most); what they score is a warning against reading QABF and "
            "VIF without the columns of each source."
        )
        lines.append("")
    for remark in remarks:
        lines += [remark, ""]
    lines.append(
        "QABF_anatomy, VIF_function and so on say what is kept of each source; SCD_function is corr(fused - anatomy, function). "
        'IE, AG, SD, SF and EI know no source and also reward noise and overshoot. "-": undefined. \\* after a value: undefined on some '
        "pairs, which are left out of the mean; SCD counts as 0 there, for the fused image equals a source. Images were rounded to 8 bits "
        "before they were measured."
    )
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _text(cell: Cell, pairs: int) -> str:
    if not np.isfinite(cell.mean):
        return "-"
    digits = 3 if abs(cell.mean) < 2 else 2
    star = "" if cell.pairs == pairs else "\\*"
    rank = "" if cell.rank is None else f" ({cell.rank})"
    return f"{cell.mean:.{digits}f} ± {cell.deviation:.{digits}f}{star}{rank}"


def _number(value: float) -> str:
    return f"{value:.6f}" if np.isfinite(value) else ""
