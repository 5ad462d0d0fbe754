"""The colour of the function image: the one place where fused colour is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.window import BT601_LUMA

CHROMA_LIMIT = 0.5
"""Largest chroma, max(R, G, B) - min(R, G, B) on [0, 1], that a fused pixel takes from the function.

Chroma and the room for luma are one sum: a pixel of chroma c lies in the RGB cube only for luma in an interval of width 1 - c. With half
for each, the anatomy keeps at least half of its contrast in the hottest lesion; a 50/50 blend leaves it half everywhere.
"""


@dataclass(frozen=True, eq=False)
class ColorTable:
    """A lookup table for uptake.

    Attributes:
        name: the key in `COLOR_TABLES`.
        rgb: (256, 3) uint8, from no uptake to the upper end of the range.
    """

    name: str
    rgb: NDArray[np.uint8]


def _through(name: str, *stops: tuple[float, tuple[int, int, int]]) -> ColorTable:
    """A table that is linear in R, G, B between stops (position in [0, 1], colour)."""
    places, colors = zip(*stops, strict=True)
    channels = [np.interp(np.linspace(0, 1, 256), places, channel) for channel in zip(*colors, strict=True)]
    return ColorTable(name, np.rint(np.stack(channels, axis=1)).astype(np.uint8))


def _hot_iron() -> ColorTable:
    step = np.arange(256)
    channels = np.stack([2 * step, 2 * (step - 128), 4 * (step - 191)], axis=1).clip(0, 255)
    channels[255] = 255
    return ColorTable("hot-iron", channels.astype(np.uint8))


_TABLES = (
    # Made for fusion. Lightness and chroma rise with uptake, and hue goes from violet through crimson to orange-red, so hotter never looks
    # colder; muscle and blood (up to a fifth of the range) stay nearly gray; the hottest is a full colour, where other hot scales end in
    # white and vanish on white anatomy.
    _through(
        "ember",
        (0.00, (0, 0, 0)),
        (0.10, (24, 23, 27)),
        (0.20, (50, 42, 55)),
        (0.35, (94, 38, 84)),
        (0.50, (144, 32, 84)),
        (0.75, (200, 30, 44)),
        (1.00, (250, 46, 5)),
    ),
    # DICOM well-known palette Hot Iron, PS3.6 B.1.1.
    _hot_iron(),
    # How PET is mostly read by itself; without chroma, so a fused image stays gray.
    _through("inverse-gray", (0.0, (255, 255, 255)), (1.0, (0, 0, 0))),
    # The habit in brain PET. Its lightness is not monotonic in uptake.
    _through(
        "rainbow",
        (0.00, (0, 0, 0)),
        (0.15, (0, 0, 255)),
        (0.40, (0, 255, 255)),
        (0.60, (0, 255, 0)),
        (0.80, (255, 255, 0)),
        (1.00, (255, 0, 0)),
    ),
)
COLOR_TABLES: dict[str, ColorTable] = {table.name: table for table in _TABLES}
DEFAULT_COLOR_TABLE = "ember"


def colorize(function01: NDArray, table: ColorTable | str = DEFAULT_COLOR_TABLE) -> NDArray[np.uint8]:
    """Uptake in [0, 1], any shape, through a colour table: uint8 RGB, shape (..., 3)."""
    return _table(table).rgb[_entry(function01)]


def blend(
    anatomy01: NDArray, function: NDArray, table: ColorTable | str = DEFAULT_COLOR_TABLE, *, opacity: float = 0.5
) -> NDArray[np.uint8]:
    """What viewers show: the coloured function laid over the gray anatomy.

    Args:
        anatomy01: (K, J, I) in [0, 1].
        function: (K, J, I) in [0, 1], coloured through `table`; or (K, J, I, 3) uint8, which brings its own colour.
        table: colour table, or its name.
        opacity: of the function, in [0, 1].

    Returns:
        (K, J, I, 3) uint8 RGB.

    Raises:
        InputError: opacity outside [0, 1], or an unknown table.
    """
    if not 0 <= opacity <= 1:
        raise InputError(f"The opacity must lie between 0 and 1, not {opacity:g}.")
    rgb = np.empty((*anatomy01.shape, 3), dtype=np.uint8)
    is_color = function.ndim > anatomy01.ndim
    for k in range(len(rgb)):  # slice by slice: in floating point a whole CT would be gigabytes
        layer = function[k] if is_color else colorize(function[k], table)
        rgb[k] = _to_uint8((1 - opacity) * anatomy01[k, ..., np.newaxis] + opacity / 255 * layer.astype(np.float32))
    return rgb


def fused_color(fused01: NDArray, function01: NDArray, table: ColorTable | str = DEFAULT_COLOR_TABLE) -> NDArray[np.uint8]:
    """Colour image of a scalar function: luminance from the fused image, chroma from the function's own values.

    Chroma added to a white pixel would leave the RGB cube, and clipping it there is how a lesion fades on white anatomy. So the fused
    luminance is mapped, linearly, into the interval of luma in which the pixel's chroma fits. Without uptake the interval is all of
    [0, 1], and gray stays as it is; a hot lesion keeps its colour on black and on white, and the anatomy's edges run through it.

    Args:
        fused01: (K, J, I) in [0, 1], the fused image.
        function01: (K, J, I) in [0, 1], the uptake on the same grid.
        table: colour table, or its name.

    Returns:
        (K, J, I, 3) uint8 RGB.
    """
    chroma, darkest, room = _gamut(_table(table).rgb)
    rgb = np.empty((*fused01.shape, 3), dtype=np.uint8)
    for k in range(len(rgb)):
        entry = _entry(function01[k])
        rgb[k] = _to_uint8((darkest[entry] + fused01[k] * room[entry])[..., np.newaxis] + chroma[entry])
    return rgb


def fused_color_from_rgb(fused01: NDArray, function_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour image of a function that brings its own colour, (K, J, I, 3) uint8: as `fused_color`, with the chroma of that image."""
    rgb = np.empty(function_rgb.shape, dtype=np.uint8)
    for k in range(len(rgb)):
        chroma, darkest, room = _gamut(function_rgb[k])
        rgb[k] = _to_uint8((darkest + fused01[k] * room)[..., np.newaxis] + chroma)
    return rgb


def _gamut(color: NDArray[np.uint8]) -> tuple[NDArray, NDArray, NDArray]:
    """Of (..., 3) RGB: chroma (..., 3) up to CHROMA_LIMIT, the lowest luma (...) where the RGB cube holds it, and the room above that."""
    rgb = color.astype(np.float32) / 255
    chroma = rgb - (rgb @ BT601_LUMA)[..., np.newaxis]  # R - Y, G - Y, B - Y: has no luma of its own
    chroma *= (CHROMA_LIMIT / np.maximum(rgb.max(axis=-1) - rgb.min(axis=-1), CHROMA_LIMIT))[..., np.newaxis]
    darkest = -chroma.min(axis=-1)
    return chroma, darkest, 1 - chroma.max(axis=-1) - darkest


def _entry(function01: NDArray) -> NDArray[np.uint8]:
    return _to_uint8(np.asarray(function01, dtype=np.float32))


def _to_uint8(array01: NDArray) -> NDArray[np.uint8]:
    return np.rint(array01 * 255).clip(0, 255).astype(np.uint8)


def _table(table: ColorTable | str) -> ColorTable:
    if isinstance(table, ColorTable):
        return table
    if table not in COLOR_TABLES:
        raise InputError(f"There is no colour table '{table}': choose one of {', '.join(COLOR_TABLES)}.")
    return COLOR_TABLES[table]
