"""One metric over all slices as a small SVG: fused against blend. Where the slice on show is, the page marks itself."""

from __future__ import annotations

import math
from collections.abc import Sequence

WIDTH, HEIGHT = 300, 96
_TOP, _BOTTOM = 6, 6
FUSED, BLEND = "#f0502d", "#5a9fd9"


def metric_plot(fused: Sequence[float], blend: Sequence[float]) -> dict[str, str]:
    """The picture and its scale; slices lie side by side over the whole width, NaN is not drawn.

    Returns:
        "svg", and "low" and "high", the values at the bottom and at the top.
    """
    known = [value for value in (*fused, *blend) if math.isfinite(value)]
    if not known:
        return {}
    low, high = min(known), max(known)
    lines = [_line(values, color, low, high) for values, color in ((blend, BLEND), (fused, FUSED))]
    svg = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{"".join(lines)}</svg>'
    return {"svg": svg, "low": f"{low:.3g}", "high": f"{high:.3g}"}


def place_of(row: int, rows: int) -> float:
    """Where slice number `row` of the table lies, 0 at the left edge of the picture to 1 at the right."""
    return (row + 0.5) / max(rows, 1)


def row_at(place: float, rows: int) -> int:
    """The other way round."""
    return min(max(math.floor(place * rows), 0), rows - 1)


def _line(values: Sequence[float], color: str, low: float, high: float) -> str:
    runs: list[list[str]] = [[]]
    for row, value in enumerate(values):
        if not math.isfinite(value):
            runs.append([])
            continue
        x = WIDTH * place_of(row, len(values))
        y = HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * ((value - low) / (high - low) if high > low else 0.5)
        runs[-1].append(f"{x:.1f},{y:.1f}")
    style = f'fill="none" stroke="{color}" stroke-width="1.6" stroke-linecap="round" vector-effect="non-scaling-stroke"'
    # A slice alone between gaps is a line without length, which a round cap makes a dot.
    return "".join(f'<polyline {style} points="{" ".join(run if len(run) > 1 else run * 2)}"/>' for run in runs if run)
