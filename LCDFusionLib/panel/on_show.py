"""The key of everything on the screen: which pair, where its volumes lie, with which settings, in which slice, from which side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from LCDFusionLib.mrml.made_with import MadeWith

T = TypeVar("T")


@dataclass(frozen=True)
class OnShow:
    """What is on show. The panel makes it anew at each update; whatever stands on the screen says which parts of it it belongs to.

    Attributes:
        pair: MRML IDs of anatomy and function; None where no pair is on show.
        transforms: where both lie in the world, and which voxels they hold.
        settings: what a fusion would be made with now; None where none can be.
        slice: K of the anatomy's slice; None in another plane.
        prior: MRML IDs of a prior study, and where it and the anatomy lie; None where none is chosen.
        angle: of the turning projection, in degrees.
    """

    pair: tuple[str, str] | None = None
    transforms: tuple[object, ...] = ()
    settings: MadeWith | None = None
    slice: int | None = None
    prior: tuple[object, ...] | None = None
    angle: float = 0.0


class Belongs(Generic[T]):
    """Something that was made while one key was on show, and goes when a part of the key that it depends on is another.

    Example:
        >>> said = Belongs("Registered", key, "pair")
        >>> said.on(key), said.on(key_of_another_pair)
        ('Registered', None)
    """

    def __init__(self, what: T, key: OnShow, *parts: str) -> None:
        self._what, self._key, self._parts = what, key, parts

    def on(self, now: OnShow) -> T | None:
        """What it is, while it belongs to what is on show; else None."""
        return self._what if all(getattr(self._key, part) == getattr(now, part) for part in self._parts) else None
