"""The overview picture: five slices, each as anatomy, function, blend, fused colour and fused gray, with their metrics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.fusion import FusionPair, FusionResult
from LCDFusionLib.fusion.pair import MUCH_ON_WHITE
from LCDFusionLib.fusion.readouts import readout_rows
from LCDFusionLib.images.color import COLOR_TABLES, blend, colorize
from LCDFusionLib.images.mapped import slices_of

SLICES = 5
PICTURE_WIDTH, TEXT_HEIGHT, TITLE_HEIGHT, NOTICE_HEIGHT = 2.53, 2.45, 0.62, 0.28  # inches; the text is 16 lines
TITLES = ("anatomy", "function", "blend 50/50", "fused, colour", "fused, gray")


def write_overview(pair: FusionPair, result: FusionResult, file: Path, *, title: str) -> list[int]:
    """Draw the picture to `file` (PNG); returns the slices shown.

    Slices lie as a radiologist expects them (patient's right on the left, front or head on top), with the true ratio of pixel sizes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patheffects import withStroke

    shown = slices_to_show(pair.function01)
    table = COLOR_TABLES[pair.settings.color_table]
    lay, letters, aspect = display_orientation(pair.anatomy.direction, pair.anatomy.spacing)
    rows, columns = lay(pair.anatomy01[0]).shape
    # As high as the slices are in their columns, but never lower than the metrics beside them.
    height = float(np.clip(PICTURE_WIDTH * aspect * rows / columns, TEXT_HEIGHT, 2 * PICTURE_WIDTH))
    width, height = PICTURE_WIDTH * (len(TITLES) + 1), height * len(shown) + TITLE_HEIGHT + NOTICE_HEIGHT
    figure = Figure(figsize=(width, height), facecolor="black")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(shown), len(TITLES) + 1, squeeze=False)
    figure.subplots_adjust(left=0.005, right=0.995, top=1 - TITLE_HEIGHT / height, bottom=NOTICE_HEIGHT / height, wspace=0.02, hspace=0.02)
    own_colors = pair.resampled.volume.array if pair.function.is_color else None
    for row, k in enumerate(shown):
        anatomy, function = pair.anatomy01[k : k + 1], pair.function01[k : k + 1]
        colored = colorize(function, table) if own_colors is None else own_colors[k : k + 1]
        mixed = blend(anatomy, colored, table)
        pictures = (anatomy[0], colored[0], mixed[0], result.color.array[k], result.gray.array[k])
        for column, (picture, name) in enumerate(zip(pictures, TITLES, strict=True)):
            ax = axes[row, column]
            ax.imshow(lay(picture), cmap="gray", vmin=0, vmax=1, aspect=aspect, interpolation="bilinear")
            ax.axis("off")
            if row == 0:
                ax.set_title(name, color="white", fontsize=11)
        for (x, y), letter in zip(((0.02, 0.5), (0.5, 0.96)), letters if pair.anatomy.in_patient_space else "  ", strict=True):
            text = axes[row, 0].text(x, y, letter, color="#ffd75f", fontsize=9, ha="center", va="center", transform=axes[row, 0].transAxes)
            text.set_path_effects([withStroke(linewidth=2, foreground="black")])  # legible on white anatomy
        if pair.uptake_on_white(k) > MUCH_ON_WHITE:
            ax = axes[row, len(TITLES) - 1]
            text = ax.text(0.5, 0.03, "uptake on white: read the colour", color="#ffd75f", fontsize=8, ha="center", transform=ax.transAxes)
            text.set_path_effects([withStroke(linewidth=2, foreground="black")])
        _write_metrics(axes[row, len(TITLES)], k, result)
    figure.text(0.008, 1 - 0.2 / height, title, color="white", fontsize=11, va="center", parse_math=False)
    figure.text(0.008, NOTICE_HEIGHT / 2 / height, DISCLAIMER, color="#ff8787", fontsize=9, va="center")
    figure.savefig(file, dpi=100, facecolor="black", format="png")
    return shown


def slices_to_show(function01: NDArray[np.float32]) -> list[int]:
    """Up to five slices from a tenth to nine tenths of the stack, the one nearest to the hottest uptake moved onto it."""
    count = len(function01)
    if count <= SLICES:
        return list(range(count))
    shown = ((count - 1) * np.arange(1, 10, 2) + 5) // 10  # in tenths, rounded
    # The mean of the hottest hundredth: a single noisy voxel is no uptake.
    top = max(1, function01[0].size // 100)
    heat = np.array([np.partition(slice_, -top, axis=None)[-top:].mean() for slice_ in slices_of(function01)])
    shown[int(np.abs(shown - heat.argmax()).argmin())] = int(heat.argmax())
    return sorted({int(k) for k in shown})


def display_orientation(direction: NDArray[np.float64], spacing: NDArray[np.float64]):  # type: ignore[no-untyped-def]
    """How a slice of this volume is laid on the screen.

    Args:
        direction: 3x3, columns i, j, k in LPS.
        spacing: of i, j, k in mm.

    Returns:
        A function that turns a stored slice (J, I, ...) into the picture; the letters of its left and top edge; matplotlib's aspect.
    """
    normal = int(np.abs(direction[:, 2]).argmax())
    # Patient axes (L, P, S) that point to the right and downwards on the screen, with their sign.
    right, down = {2: ((0, 1), (1, 1)), 1: ((0, 1), (2, -1)), 0: ((1, 1), (2, -1))}[normal]
    turned = abs(direction[right[0], 0]) < abs(direction[right[0], 1])
    column_axis, row_axis = (1, 0) if turned else (0, 1)
    flip_columns = direction[right[0], column_axis] * right[1] < 0
    flip_rows = direction[down[0], row_axis] * down[1] < 0

    def lay(picture: NDArray) -> NDArray:
        picture = picture.swapaxes(0, 1) if turned else picture
        return picture[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]

    letters = ("RAI"[right[0]], "RAI"[down[0]] if down[1] > 0 else "LPS"[down[0]])
    return lay, letters, spacing[row_axis] / spacing[column_axis]


def _write_metrics(ax, k: int, result: FusionResult) -> None:  # type: ignore[no-untyped-def]
    ax.axis("off")
    lines = [f"slice {k + 1} of {len(result.metrics)}, gray images", f"{'':14}{'fused':>7}{'blend':>7}"]
    rows = readout_rows(result.metrics[k], result.blend_metrics[k], sources=True)
    lines += [f"{label:14}{fused:>7}{plain:>7}" for label, fused, plain in rows]
    ax.text(0.02, 0.5, "\n".join(lines), color="white", fontsize=8.5, family="monospace", va="center", transform=ax.transAxes)
