"""How fusion metrics are shown: which, in which order, with how many digits. Every host uses this and nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Readout:
    """One metric as people see it.

    Attributes:
        key: its name in `LCDFusionLib.metrics`, and its column in tables.
        label: what is written before the number.
        digits: decimals.
        meaning: one sentence for a tooltip.
    """

    key: str
    label: str
    digits: int
    meaning: str


# Those with a reference first: the other five reward noise and overshoot as well as detail.
READOUTS = (
    Readout("QABF", "QAB/F", 3, "Edges of anatomy and function that the fused image keeps: 0 none, 1 all."),
    Readout("VIF", "VIF", 3, "Visual information of anatomy and function that the fused image keeps, summed over both."),
    Readout("SCD", "SCD", 3, "Correlation of what each source adds with that source, summed over both: at most 2."),
    Readout("IE", "IE", 2, "Information entropy of the grey levels, in bits."),
    Readout("AG", "AG", 2, "Average gradient: sharpness, and noise."),
    Readout("SD", "SD", 1, "Standard deviation of the grey levels: contrast."),
    Readout("SF", "SF", 1, "Spatial frequency: detail, and noise."),
    Readout("EI", "EI", 1, "Edge intensity: mean Sobel magnitude."),
)
_WITH_SOURCES = 3
SOURCE_READOUTS = tuple(
    Readout(f"{readout.key}_{source}", f"{readout.label} {source}", readout.digits, f"{readout.label} of the {source} image alone.")
    for readout in READOUTS[:_WITH_SOURCES]
    for source in ("anatomy", "function")
)
BLEND_SUFFIX = "_blend"


def metric_columns() -> list[str]:
    """Column names of a metrics table after the slice: the fused image's metrics, then the 50/50 blend's."""
    keys = [readout.key for readout in READOUTS + SOURCE_READOUTS]
    return keys + [key + BLEND_SUFFIX for key in keys]


def format_value(readout: Readout, metrics: Mapping[str, float]) -> str:
    """The number with its digits, or '-' where there is none."""
    value = metrics.get(readout.key, math.nan)
    return f"{value:.{readout.digits}f}" if math.isfinite(value) else "-"


def readout_rows(
    metrics: Mapping[str, float], blend: Mapping[str, float], *, sources: bool = False, brief: bool = False
) -> list[tuple[str, str, str]]:
    """(label, fused, blend) a metric, as text.

    Args:
        metrics: of the fused image.
        blend: of the blend.
        sources: also what is kept of each source alone.
        brief: only the metrics that compare with both sources.
    """
    readouts = READOUTS[:_WITH_SOURCES] if brief else READOUTS
    return [
        (readout.label, format_value(readout, metrics), format_value(readout, blend))
        for readout in readouts + (SOURCE_READOUTS if sources else ())
    ]


def readout_table(metrics: Mapping[str, float], blend: Mapping[str, float]) -> list[tuple[str, str, str, str, str]]:
    """(label, fused, blend, kept of the anatomy, kept of the function) a metric, as text; the last two only where there are sources."""
    by_source = {(readout.key.rpartition("_")[0], readout.key.rpartition("_")[2]): readout for readout in SOURCE_READOUTS}
    rows = []
    for readout in READOUTS:
        sources = [by_source.get((readout.key, source)) for source in ("anatomy", "function")]
        anatomy, function = (format_value(source, metrics) if source else "" for source in sources)
        rows.append((readout.label, format_value(readout, metrics), format_value(readout, blend), anatomy, function))
    return rows


def readout_text(title: str, metrics: Mapping[str, float], blend: Mapping[str, float], *, brief: bool = False, alone: bool = False) -> str:
    """A title and the rows below it, as lines for a fixed-width font.

    Args:
        title: the first line.
        metrics: of the fused image.
        blend: of the blend.
        brief: as in `readout_rows`.
        alone: without the blend.
    """
    if not any(math.isfinite(value) for value in metrics.values()):
        return f"{title}\nnot fused yet"
    rows = readout_rows(metrics, blend, brief=brief)
    if alone:
        return "\n".join([title, *(f"{label:<5}{fused:>7}" for label, fused, _ in rows)])
    return "\n".join([title, f"{'':<5}{'fused':>7}{'blend':>7}", *(f"{label:<5}{fused:>7}{beside:>7}" for label, fused, beside in rows)])
