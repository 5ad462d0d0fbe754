"""Measures beyond the eight metrics: what a reader of the images would suffer from, method by method and case by case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.images.color import fused_color
from LCDFusionLib.training.samples import Image, SlicePair

from .color_pictures import PICTURES
from .comparison import fuse
from .methods import FusedFolder, Method
from .pair_sets import evenly, round_to_8_bit


class Case(Protocol):
    """A few pairs that are judged together: slices through a lesion, neighbours in a volume, the same slice with uptake added."""

    @property
    def name(self) -> str:
        """As tables call it."""

    @property
    def pairs(self) -> tuple[SlicePair, ...]:
        """What is fused: 8-bit images of equal size."""

    @property
    def outline(self) -> NDArray[np.bool_] | None:
        """(H, W) to draw on the picture of pair `shown`, or None."""

    @property
    def shown(self) -> int:
        """Which pair is drawn."""

    def measure(self, fused: Image) -> dict[str, float]:
        """Values by name of the measure, of the fused pairs (K, H, W); NaN where undefined."""


@runtime_checkable
class ColorCase(Case, Protocol):
    """A case of which colour pictures are judged, too."""

    def measure_color(self, rgb: NDArray[np.uint8]) -> dict[str, float]:
        """Values by name of the colour measure, of pictures (K, H, W, 3); NaN where undefined."""


@dataclass(frozen=True)
class Measure:
    """What one number means.

    Attributes:
        name: key in the values.
        says: for people.
        target: at least this is wanted (at most, if `lower_is_better`); None: none.
        lower_is_better: True for faults.
        together_with: the target counts as reached only where that measure's is, too.
    """

    name: str
    says: str
    target: float | None = None
    lower_is_better: bool = False
    together_with: Measure | None = None

    def reached(self, values: NDArray) -> NDArray[np.bool_]:
        """Where the target is reached."""
        if self.target is None:
            return np.zeros(values.shape, dtype=bool)
        return values <= self.target if self.lower_is_better else values >= self.target

    def worst(self, values: NDArray) -> float:
        """The worst of all that are defined."""
        values = values[np.isfinite(values)]
        if values.size == 0:
            return float("nan")
        return float(values.max() if self.lower_is_better else values.min())


@dataclass(frozen=True)
class Check:
    """Cases and how they are judged.

    Attributes:
        name: as the command line and the output folder call it.
        title: in words.
        cases: what is judged.
        measures: what `Case.measure` gives, those to be drawn and tabulated.
        weights: the shipped weights made for these images.
        notes: what is written on the pictures: a short name, and the value's.
        color_notes: the same for the pictures in colour; empty: there are none.
        color_measures: of colour pictures, those made of fused images and others (`PICTURES`); empty: they are not judged.
    """

    name: str
    title: str
    cases: tuple[Case, ...]
    measures: tuple[Measure, ...]
    weights: tuple[str, ...]
    notes: Mapping[str, str]
    color_notes: Mapping[str, str] = field(default_factory=dict)
    color_measures: tuple[Measure, ...] = ()

    @property
    def pairs(self) -> tuple[SlicePair, ...]:
        """Of all cases."""
        return tuple(pair for case in self.cases for pair in case.pairs)

    def __len__(self) -> int:
        return len(self.cases)

    def at_most(self, count: int | None) -> Check:
        """The same with at most `count` cases, evenly chosen."""
        if count is None or count >= len(self):
            return self
        return replace(self, cases=tuple(self.cases[i] for i in evenly(len(self), count)))


@dataclass(frozen=True, eq=False)
class Judged:
    """One method on one case.

    Attributes:
        case: what was judged.
        method: its name.
        values: by measure.
        fused: the pair shown, (H, W).
        color: values of the colour picture, by colour measure.
    """

    case: Case
    method: str
    values: dict[str, float]
    fused: Image
    color: dict[str, float] = field(default_factory=dict)


def judge(check: Check, methods: Sequence[Method | FusedFolder]) -> Iterator[Judged]:
    """Every method on every case, fused images rounded to 8 bits.

    Raises:
        InputError: a method cannot fuse a pair.
    """
    for case in check.cases:
        for method in methods:
            fused = np.stack([round_to_8_bit(fuse(method, pair)) for pair in case.pairs])
            color = case.measure_color(fused_color(fused, _function(case))) if isinstance(case, ColorCase) else {}
            yield Judged(case, method.name, case.measure(fused), fused[case.shown], color)


def judge_pictures(check: Check) -> Iterator[Judged]:
    """Every one of `PICTURES` on every case that judges colour; they have no gray image, and no values of one."""
    for case in check.cases:
        if isinstance(case, ColorCase):
            anatomy, function = np.stack([pair.anatomy for pair in case.pairs]), _function(case)
            for name, paint in PICTURES.items():
                yield Judged(case, name, {}, anatomy[case.shown], case.measure_color(paint(anatomy, function)))


def _function(case: Case) -> Image:
    return np.stack([pair.function for pair in case.pairs])
