"""The overview picture: five slices, each as anatomy, function, blend, fused colour and fused gray, with their metrics."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from LCDFusionLib import DISCLAIMER
from LCDFusionLib.errors import one_line
from LCDFusionLib.fusion import FusionPair, FusionResult
from LCDFusionLib.fusion.pair import MUCH_ON_WHITE
from LCDFusionLib.fusion.readouts import readout_rows
from LCDFusionLib.images.color import COLOR_TABLES, blend, colorize

SLICES = 5
TITLES = ("anatomy", "function", "blend 50/50", "fused, colour", "fused, gray")

_WIDTH, _TEXT_HEIGHT, _TITLE_HEIGHT, _NOTICE_HEIGHT, _GAP = 253, 245, 62, 28, 4  # pixels of the picture; the text is 16 lines
_LINE = 15
_WHITE, _YELLOW, _RED = "white", "#ffd75f", "#ff8787"
_FONT = Path(__file__).resolve().parents[1] / "page" / "fonts" / "DejaVuSans.ttf"


def write_overview(pair: FusionPair, result: FusionResult, file: Path, *, title: str) -> list[int]:
    """Draw the picture to `file` (PNG); returns the slices shown.

    Slices lie as a radiologist expects them (patient's right on the left, front or head on top), with the true ratio of pixel sizes.
    """
    shown = slices_to_show(result.heat)
    table = COLOR_TABLES[pair.settings.color_table]
    lay, letters, aspect = display_orientation(pair.anatomy.direction, pair.anatomy.spacing)
    rows, columns = lay(pair.anatomy.array[0]).shape
    # As high as the slices are in their columns, but never lower than the metrics beside them.
    height = round(np.clip(_WIDTH * aspect * rows / columns, _TEXT_HEIGHT, 2 * _WIDTH))
    scale = min((_WIDTH - _GAP) / columns, (height - _GAP) / (aspect * rows))
    size = max(1, round(scale * columns)), max(1, round(scale * aspect * rows))
    canvas = Image.new("RGB", (_WIDTH * (len(TITLES) + 1), _TITLE_HEIGHT + height * len(shown) + _NOTICE_HEIGHT))
    draw = ImageDraw.Draw(canvas)
    draw.text((12, 20), one_line(title), _WHITE, _font(15), anchor="lm")
    draw.text((12, canvas.height - _NOTICE_HEIGHT / 2), DISCLAIMER, _RED, _font(12), anchor="lm")
    for column, name in enumerate(TITLES):
        draw.text(((column + 0.5) * _WIDTH, _TITLE_HEIGHT - 10), name, _WHITE, _font(15), anchor="mm")
    for row, k in enumerate(shown):
        top = _TITLE_HEIGHT + row * height
        anatomy, function = pair.anatomy_slices[[k]], pair.function_slices[[k]]
        colored = pair.function_slices.unwindowed([k]) if pair.function.is_color else colorize(function, table)
        mixed = blend(anatomy, colored, table)
        for column, picture in enumerate((anatomy[0], colored[0], mixed[0], result.color.array[k], result.gray.array[k])):
            place = column * _WIDTH + (_WIDTH - size[0]) // 2, top + (height - size[1]) // 2
            canvas.paste(_image(lay(picture)).resize(size, Image.Resampling.BILINEAR), place)
            if column == 0 and pair.anatomy.in_patient_space:
                for at, letter in zip(((8, size[1] / 2), (size[0] / 2, 10)), letters, strict=True):
                    _on_image(draw, (place[0] + at[0], place[1] + at[1]), letter, 13)
        if pair.uptake_on([k]).on_white > MUCH_ON_WHITE:
            _on_image(draw, ((len(TITLES) - 0.5) * _WIDTH, top + height - 14), "uptake on white: read the colour", 11)
        _write_metrics(draw, (len(TITLES) * _WIDTH + 10, top + (height - 16 * _LINE) / 2), k, result)
    canvas.save(file, format="PNG", compress_level=2)  # a third of the time of the usual 6, a tenth larger
    return shown


def slices_to_show(heat: Sequence[float]) -> list[int]:
    """Up to five slices from a tenth to nine tenths of the stack, the one nearest to the hottest (`FusionResult.heat`) moved onto it."""
    count = len(heat)
    if count <= SLICES:
        return list(range(count))
    shown = ((count - 1) * np.arange(1, 10, 2) + 5) // 10  # in tenths, rounded
    hottest = int(np.argmax(heat))
    shown[int(np.abs(shown - hottest).argmin())] = hottest
    return sorted({int(k) for k in shown})


def display_orientation(direction: NDArray[np.float64], spacing: NDArray[np.float64]):  # type: ignore[no-untyped-def]
    """How a slice of this volume is laid on the screen.

    Args:
        direction: 3x3, columns i, j, k in LPS.
        spacing: of i, j, k in mm.

    Returns:
        A function that turns a stored slice (J, I, ...) into the picture; the letters of its left and top edge; how many times as high as
        wide its pixels are.
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


def _write_metrics(draw: ImageDraw.ImageDraw, corner: tuple[float, float], k: int, result: FusionResult) -> None:
    x, y = corner
    draw.text((x, y), f"slice {k + 1} of {len(result.metrics)}, gray images", _WHITE, _font(12))
    lines = [("", "fused", "blend"), *readout_rows(result.metrics[k], result.blend_metrics[k], sources=True)]
    for number, words in enumerate(lines, start=1):
        for word, right, anchor in zip(words, (0, 165, 220), ("la", "ra", "ra"), strict=True):
            draw.text((x + right, y + number * _LINE), word, _WHITE, _font(12), anchor=anchor)


def _on_image(draw: ImageDraw.ImageDraw, center: tuple[float, float], text: str, size: int) -> None:
    """Legible on white anatomy, too."""
    draw.text(center, text, _YELLOW, _font(size), anchor="mm", stroke_width=2, stroke_fill="black")


def _image(picture: NDArray) -> Image.Image:
    """Of gray in [0, 1], or of colours in bytes."""
    if picture.ndim == 2:
        picture = np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(picture))


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(_FONT, size)
