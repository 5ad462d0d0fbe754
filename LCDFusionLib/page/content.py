"""What stands on a page to keep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""(height, width, 3) in RGB, or (height, width) in gray."""


@dataclass(frozen=True, eq=False)
class Figure:
    """Pictures that stand beside each other, and what is said of them.

    Attributes:
        caption: one line, or several.
        pictures: each with its title.
        part: of the page's width that they take together, 0 to 1.
    """

    caption: str
    pictures: tuple[tuple[str, Picture], ...]
    part: float = 1.0


@dataclass(frozen=True, eq=False)
class Page:
    """A page, as long as it takes. Whoever makes it has left out what must not stand there.

    Attributes:
        patient: whose it is, and of which day; stands on every sheet.
        written: when it was made; "" where no date may stand on it.
        study: what the study says of itself, in a line; "" for nothing.
        warnings: what nobody may overlook, in sentences.
        figures: the projection and the slices.
        columns: of the table of regions.
        rows: of the table, a text for each column.
        remarks: under the table.
        settings: each with its name.
    """

    patient: str
    written: str = ""
    study: str = ""
    warnings: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    remarks: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
