"""How a person can look at a pair: arrangement, plane, looks, comparison; their words and order, the same in every host."""

from __future__ import annotations

from enum import Enum


class Choice(Enum):
    """A choice with words for people: its value goes into settings and saved scenes, its `label` onto the screen.

    The first member is the default.
    """

    _value_: str
    _label: str

    def __new__(cls, value: str, label: str) -> Choice:
        """A member is written as value and label."""
        member = object.__new__(cls)
        member._value_, member._label = value, label
        return member

    def label(self) -> str:
        """What stands on the screen."""
        return self._label


class Arrangement(Choice):
    """Views on the screen, `layouts.py`."""

    READING = "reading", "Reading"
    SIDE_BY_SIDE = "side by side", "Side by side"
    FOUR_UP = "four-up", "Four-up"
    ONE_VIEW = "one view", "One view"
    THREE_PLANES = "three planes", "Three planes"
    COMPARE = "compare", "Compare"


class Orientation(Choice):
    """Plane of the linked views; where it is that of the anatomy's slices, exactly in their plane."""

    AXIAL = "Axial", "Axial"
    CORONAL = "Coronal", "Coronal"
    SAGITTAL = "Sagittal", "Sagittal"


class FusedLook(Choice):
    """The fused image in colour or in gray."""

    COLOR = "color", "Colour"
    GRAY = "gray", "Gray"


class FunctionLook(Choice):
    """The function in its own view and the projection: as PET is read, on dark, or in the colours that the fused image has."""

    INVERSE_GRAY = "inverse-gray", "Inverse gray"
    GRAY = "gray", "Gray on black"
    COLOR = "color", "Colour"


class Comparison(Choice):
    """How the fused view compares with the classic blend."""

    NONE = "none", "Off"
    FLICKER = "flicker", "Flicker"
    SPLIT = "split", "Split"
