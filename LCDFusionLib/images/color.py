"""The colour of the function image: the one place where fused colour is made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.window import BT601_LUMA

DARKEST, BRIGHTEST = 0.3, 0.685
"""Luma between which black and white anatomy lie under a full colour.

A full colour on black or on white does not exist: chroma is room for luma. With less than full colour the range is wider (`_paint`);
without colour it is all of [0, 1], and gray stays as it is.
"""

LIFT = 0.6
"""How far the network lifts black anatomy to the brightest uptake, as it has learnt it; the colour image takes it back (`fused_color`)."""

TOE = 0.1
"""Uptake below which the lift begins slowly: it is LIFT 1.1 u^2 / (u + 0.1)."""


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
    # Made for fusion, and loud: nearly gray up to blood and muscle, coloured from a quarter of the range on. Hue goes one way, from violet
    # through red to amber, so that a lesion differs in hue, too, from what is a little hot all round it; chroma rises; the hottest is a
    # full colour of high lightness, which those who see no red or green see as well.
    _through(
        "blaze",
        (0.00, (0, 0, 0)),
        (0.06, (12, 12, 12)),
        (0.12, (34, 22, 34)),
        (0.20, (60, 16, 80)),
        (0.25, (126, 8, 128)),
        (0.35, (210, 30, 36)),
        (0.50, (244, 92, 6)),
        (0.75, (253, 138, 1)),
        (1.00, (255, 166, 0)),
    ),
    # The default before: quieter, for those who want the anatomy first. Lightness and chroma rise with uptake, and hue goes from violet
    # through crimson to orange-red; muscle and blood (up to a fifth of the range) stay nearly gray; the hottest is a full colour, where
    # other hot scales end in white and vanish on white anatomy.
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
    # For readers who tell no red from green (deuteranopia, protanopia): to them hues are blue or yellow, and magenta that turns to amber
    # passes through gray. This one is yellow all the way, so that chroma rises with uptake for everybody.
    _through(
        "citrine",
        (0.00, (0, 0, 0)),
        (0.12, (24, 22, 18)),
        (0.25, (78, 66, 10)),
        (0.50, (158, 134, 0)),
        (0.75, (214, 184, 0)),
        (1.00, (255, 226, 0)),
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
DEFAULT_COLOR_TABLE = "blaze"


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
    """Colour image of a scalar function: luminance from the fused image, colour from the function's own values.

    Args:
        fused01: (K, J, I) in [0, 1], the fused image.
        function01: (K, J, I) in [0, 1], the uptake on the same grid.
        table: colour table, or its name.

    Returns:
        (K, J, I, 3) uint8 RGB.
    """
    painted = _painted(_table(table))
    rgb = np.empty((*fused01.shape, 3), dtype=np.uint8)
    for k in range(len(rgb)):
        rgb[k] = painted[_entry(function01[k]), _entry(fused01[k])]
    return rgb


@lru_cache(maxsize=1)
def _painted(table: ColorTable) -> NDArray[np.uint8]:
    """Colours (256, 256, 3) by uptake and fused gray: those of one table, which all slices of a fusion share."""
    step = np.arange(256, dtype=np.float32) / 255
    return _to_uint8(_paint(without_lift(step[np.newaxis], step[:, np.newaxis]), table.rgb[:, np.newaxis]))


def fused_color_from_rgb(fused01: NDArray, function_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colour image of a function that brings its own colour, (K, J, I, 3) uint8; its luma is the uptake that the network was given."""
    rgb = np.empty(function_rgb.shape, dtype=np.uint8)
    for k in range(len(rgb)):
        uptake = function_rgb[k].astype(np.float32) @ BT601_LUMA / 255
        rgb[k] = _to_uint8(_paint(without_lift(fused01[k], uptake), function_rgb[k]))
    return rgb


def anatomy_color(anatomy01: NDArray, function01: NDArray, table: ColorTable | str = DEFAULT_COLOR_TABLE) -> NDArray[np.uint8]:
    """The same colouring over the plain anatomy, without a fused image: what a fused one has to be better than."""
    color = _table(table).rgb
    return np.stack([_to_uint8(_paint(a, color[_entry(f)])) for a, f in zip(anatomy01, function01, strict=True)])


def without_lift(fused01: NDArray, function01: NDArray) -> NDArray[np.float32]:
    """The fused gray without the brightness that it has for uptake, on [0, 1].

    In gray, brightness is all that uptake has to say, so the network lifts the anatomy and narrows its range. In colour the hue says it:
    the range that the lift has left is spread again: the anatomy under uptake has its contrast back.
    """
    lift = LIFT * (1 + TOE) * np.square(function01) / (function01 + TOE)
    return np.clip((fused01 - lift) / (1 - lift), 0, 1).astype(np.float32)


def _paint(gray01: NDArray, color: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Gray (...) in the hue and with the chroma of (..., 3) RGB: (..., 3) on [0, 1], whose luma is linear in the gray.

    Chroma added to a white pixel would leave the RGB cube, and clipping it there is how a lesion fades on white anatomy. So a full colour
    runs along the edge of the cube: from black to the pure hue, then towards white, as far as its luma asks; less than full colour is mixed
    with gray of the same luma. The gray's range is narrowed to [DARKEST, BRIGHTEST] as the chroma rises, white first, where a little chroma
    is least seen; black last, so that what is nearly cold does not glow on it.
    """
    rgb = color.astype(np.float32) / 255
    least, chroma = rgb.min(axis=-1, keepdims=True), np.ptp(rgb, axis=-1)[..., np.newaxis]
    hue = (rgb - least) / np.maximum(chroma, 1e-6)
    own = np.maximum(hue @ BT601_LUMA, 1e-6)[..., np.newaxis]  # luma of the pure hue; less than 1
    lowest, highest = DARKEST * chroma**2, 1 - (1 - BRIGHTEST) * chroma * (2 - chroma)
    aim = lowest + (highest - lowest) * np.asarray(gray01, dtype=np.float32)[..., np.newaxis]
    edge = np.where(aim <= own, hue * (aim / own), hue + (1 - hue) * ((aim - own) / (1 - own)))
    return aim + chroma * (edge - aim)


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
