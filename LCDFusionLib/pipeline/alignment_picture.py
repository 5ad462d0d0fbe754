"""A picture to judge a registration by: three slices, before and after, as checkerboard and with the function's contour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.deformation import Deformation
from LCDFusionLib.images.resample import resample_onto
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.images.window import Window, anatomy_window, function_range, normalise

from .overview import display_orientation

_TILES = 8  # of a checkerboard's longer side


def write_alignment_picture(
    anatomy: Volume, before: Volume, after: Volume, file: Path, *, title: str, deformation: Deformation | None = None
) -> None:
    """Draw to `file` (PNG).

    Args:
        anatomy: the fixed volume.
        before: the function where it lay; where it does not meet the anatomy its tiles stay black.
        after: the function where it was brought to.
        file: the picture.
        title: written above.
        deformation: through which `after` is read.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    fixed01 = normalise(anatomy, anatomy_window(anatomy))
    uptake = function_range(after)
    functions = [("before", _onto(anatomy, before, uptake, None)), ("after", _onto(anatomy, after, uptake, deformation))]
    shown = [round((len(fixed01) - 1) * part) for part in (0.25, 0.5, 0.75)] if len(fixed01) > 3 else list(range(len(fixed01)))
    lay, _, aspect = display_orientation(anatomy.direction, anatomy.spacing)
    rows, columns = lay(fixed01[0]).shape
    top = 0.35 + 0.17 * (title.count("\n") + 1)  # inches, for the title and the columns' own
    height = 3.0 * float(np.clip(aspect * rows / columns, 0.3, 2)) * len(shown) + top + 0.3
    figure = Figure(figsize=(12.0, height), facecolor="black")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(shown), 4, squeeze=False)
    figure.subplots_adjust(left=0.005, right=0.995, top=1 - top / height, bottom=0.3 / height, wspace=0.02, hspace=0.02)
    for row, k in enumerate(shown):
        for column, (name, function01) in enumerate(functions):
            function = np.sqrt(function01[k])  # faint tissue shows how the body lies
            board, contour = axes[row, column], axes[row, column + 2]
            board.imshow(lay(checkerboard(fixed01[k], function)), cmap="gray", vmin=0, vmax=1, aspect=aspect)
            contour.imshow(lay(fixed01[k]), cmap="gray", vmin=0, vmax=1, aspect=aspect)
            if function.max() > 0.3:
                contour.contour(lay(function), levels=[0.15, 0.5], colors=["#4dd2ff", "#ffae42"], linewidths=0.8)
            for ax, kind in ((board, "checkerboard"), (contour, "contours of uptake")):
                ax.axis("off")
                if row == 0:
                    ax.set_title(f"{kind}, {name}", color="white", fontsize=10)
    figure.text(0.008, 1 - 0.04 / height, title, color="white", fontsize=9, va="top", parse_math=False)
    figure.text(0.008, 0.14 / height, DISCLAIMER, color="#ff8787", fontsize=9, va="center")
    figure.savefig(file, dpi=100, facecolor="black", format="png")


def checkerboard(first: NDArray, second: NDArray) -> NDArray:
    """Tiles of two slices (J, I) by turns."""
    side = max(1, max(first.shape) // _TILES)
    j, i = np.indices(first.shape)
    return np.where((j // side + i // side) % 2 == 0, first, second)


def _onto(anatomy: Volume, function: Volume, uptake: Window, deformation: Deformation | None) -> NDArray[np.float32]:
    try:
        return normalise(resample_onto(function, anatomy, deformation).volume, uptake)
    except InputError:  # they do not meet
        return np.zeros(anatomy.shape, np.float32)
