"""Does more uptake ever make the fused image darker? Spots of uptake are added, and before and after are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.training.samples import Image, SlicePair

from .checks import Check, Measure
from .pair_sets import pair_set, round_to_8_bit

SIZES = (2.0, 4.0, 8.0)
"""Standard deviation of the spots in pixels."""

DISC = 4.0
"""Discs with a hard edge, too, their radius 2 sigma: a halo is worst round them."""

STRENGTHS = (0.1, 0.4)
"""Of the range shown: SUV 1 and 4 where that ends at 10."""

MEASURES = (
    Measure("darkest", "worst change of one pixel inside a spot, gray levels of 255", -2.0),
    Measure("darkest_permille", "0.1 percentile of the change inside the spots, gray levels", -2.0),
    Measure("gain", "change inside the spots / uptake added, mean"),
    Measure("halo", "darkening of all else within 4 sigma, worst pixel, gray levels", 2.0, lower_is_better=True),
    Measure("halo_permille", "darkening of all else within 4 sigma, 99.9th percentile, gray levels", 2.0, lower_is_better=True),
)

NOTES = {"darkest 0.1 %": "darkest_permille", "halo": "halo_permille"}


@dataclass(frozen=True, eq=False)
class AddedUptakeCase:
    """One slice without and with spots all over it, on every kind of tissue and on air.

    Attributes:
        name: of the slice.
        pairs: the slice as it is; then one with spots for each size and strength, and one with discs for each strength.
        spots: their sigma in pixels and their strength, in the order of `pairs[1:]`.
    """

    name: str
    pairs: tuple[SlicePair, ...]
    spots: tuple[tuple[float, float], ...]
    shown: int = len(SIZES) * len(STRENGTHS)
    outline: None = None

    def measure(self, fused: Image) -> dict[str, float]:
        """See `MEASURES`. Inside: where more than half of a spot's strength was added. Halo: all else within 4 sigma of its centre."""
        before = self.pairs[0].function
        inside, round_them, gains = [], [], []
        for pair, after, (sigma, strength) in zip(self.pairs[1:], fused[1:], self.spots, strict=True):
            added = pair.function - before
            change = np.rint(255 * (after - fused[0]))
            there = added > strength / 2
            distance = distance_to_spots(before.shape, sigma) / sigma
            inside.append(change[there])
            round_them.append(change[(distance < 4) & ~there])
            if there.any():
                gains.append(change[there].mean() / (255 * added[there].mean()))
        changes, halo = np.concatenate(inside), 0 - np.concatenate(round_them)
        if changes.size == 0:  # the function is at its upper end all over
            return dict.fromkeys((measure.name for measure in MEASURES), float("nan"))
        return {
            "darkest": float(changes.min()),
            "darkest_permille": float(np.percentile(changes, 0.1)),
            "gain": float(np.mean(gains)),
            "halo": float(halo.max()) + 0.0,
            "halo_permille": float(np.percentile(halo, 99.9)) + 0.0,
        }


def distance_to_spots(shape: tuple[int, ...], sigma: float) -> NDArray[np.float64]:
    """(H, W) distance in pixels from the nearest centre of a spot: they lie on a grid, 8 sigma apart, but at least 16 pixels."""
    spacing = max(8 * sigma, 16.0)
    rows, columns = (np.abs((np.arange(size) + 0.5) % spacing - spacing / 2) for size in shape)
    return np.hypot(rows[:, None], columns[None, :])


def with_spots(pair: SlicePair, sigma: float, strength: float, *, hard: bool = False) -> SlicePair:
    """The same pair with Gaussian spots of uptake, or with `hard` discs of 2 sigma, as far as the range goes."""
    distance = distance_to_spots(pair.function.shape, sigma) / sigma
    spots = strength * (distance <= 2 if hard else np.exp(-0.5 * distance**2))
    hotter = round_to_8_bit((pair.function + spots).clip(0, 1).astype(np.float32))
    return replace(pair, function=hotter, name=f"{pair.name}_{'discs' if hard else 'spots'}_{sigma:g}_{strength:g}")


def added_uptake_case(pair: SlicePair, *, name: str) -> AddedUptakeCase:
    """All sizes and strengths of spots, and discs, on one pair."""
    spots = tuple((sigma, strength) for sigma in SIZES for strength in STRENGTHS)
    discs = tuple((DISC, strength) for strength in STRENGTHS)
    hotter = (*(with_spots(pair, *spot) for spot in spots), *(with_spots(pair, *disc, hard=True) for disc in discs))
    return AddedUptakeCase(name, (pair, *hotter), (*spots, *discs))


def added_uptake_check(name: str, data: Path | None) -> Check:
    """`added-uptake-ct` (mediastinal and lung window) or `added-uptake-mr` (sarcoma patients and the brain's recovered uptake).

    Raises:
        InputError: the images are missing.
    """
    sets: Sequence[str] = ("ct-pet-mediastinum", "ct-pet-lung") if name.endswith("ct") else ("mr-pet", "pet-mri-scalar")
    cases = []
    for each in sets:
        for pair in pair_set(each, data).at_most(3).pairs:
            cases.append(added_uptake_case(replace(pair, name=f"{each}_{pair.name}"), name=f"{pair.name} ({each})"))
    title = f"Uptake added to {'PET/CT' if name.endswith('ct') else 'PET/MR'}: is anything darker for it?"
    return Check(name, title, tuple(cases), MEASURES, ("ct-pet" if name.endswith("ct") else "mr-pet",), NOTES)
