"""Colour pictures without a fused image, to compare with: what Slicer's users have, and our colours over the plain anatomy.

The control points are those of the PET colour nodes that come with Slicer, on 0 to 255; a test compares them with the nodes themselves.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.images.color import ColorTable, anatomy_color, blend

Stops = tuple[tuple[float, tuple[float, float, float]], ...]

PET_HEAT: Stops = (
    (0, (0, 0, 0)),
    (35, (0.36, 0, 0)),
    (38, (0.5, 0, 0)),
    (50, (0.7, 0.1, 0)),
    (70, (0.7, 0.5, 0)),
    (87, (1, 1, 0)),
    (255, (1, 1, 1)),
)
PET_RAINBOW2: Stops = (
    (0, (0, 0, 0)),
    (32, (0.251, 0, 0.502)),
    (64, (0, 0, 1)),
    (96, (0, 1, 0)),
    (160, (1, 1, 0)),
    (192, (1, 0.753, 0)),
    (255, (1, 0.012, 0)),
)

Paint = Callable[[NDArray, NDArray], NDArray[np.uint8]]
"""(K, H, W) anatomy and function in [0, 1] to (K, H, W, 3) RGB."""


def table_through(name: str, stops: Stops) -> ColorTable:
    """256 entries, linear in R, G, B between the stops."""
    places, colors = zip(*stops, strict=True)
    channels = [np.interp(np.arange(256), places, channel) for channel in zip(*colors, strict=True)]
    return ColorTable(name, np.rint(255 * np.stack(channels, axis=1)).astype(np.uint8))


def blended(stops: Stops, name: str) -> Paint:
    """The 50/50 blend through a table."""
    table = table_through(name, stops)
    return lambda anatomy, function: blend(anatomy, function, table)


PICTURES: dict[str, Paint] = {
    "anatomy-colour": anatomy_color,
    "blend": blend,
    "blend-ember": lambda anatomy, function: blend(anatomy, function, "ember"),
    "pet-heat": blended(PET_HEAT, "pet-heat"),
    "pet-rainbow2": blended(PET_RAINBOW2, "pet-rainbow2"),
}
"""By name, as tables call them: our colours over the plain anatomy, then 50/50 blends."""
