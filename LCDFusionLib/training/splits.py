"""Parting pairs into training, validation and test: at random as the paper does, or by patient and series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from LCDFusionLib.errors import InputError

from .samples import SlicePair

SHARES = (0.74, 0.10, 0.16)
"""The paper's shares of training, validation and test."""
SEED = 42
PARTS = ("training", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Pairs of the three parts."""

    training: list[SlicePair]
    validation: list[SlicePair]
    test: list[SlicePair]


@dataclass(frozen=True)
class Leak:
    """Test pairs that training all but saw.

    Attributes:
        same_group: those of a patient or series of which training has other slices.
        next_slice: those whose next or previous slice of the series is in training.
    """

    same_group: int
    next_slice: int


def split_pairs(pairs: Sequence[SlicePair], by: Literal["random", "group"], *, seed: int = SEED) -> Split:
    """Part the pairs 74/10/16.

    "random" shuffles the pairs, whatever patient they are from: the paper's split, in which neighbours of a test slice are trained on.
    "group" never cuts a patient or series: in random order, each goes where most pairs are still missing, so that the shares are met as
    nearly as the sizes of the groups allow; no part stays empty.

    Raises:
        InputError: fewer than three groups.
    """
    random = np.random.default_rng(seed)
    if by == "random":
        order = [pairs[n] for n in random.permutation(len(pairs))]
        first, second = round(SHARES[0] * len(pairs)), round((SHARES[0] + SHARES[1]) * len(pairs))
        return Split(order[:first], order[first:second], order[second:])
    groups = sorted({pair.group for pair in pairs})
    if len(groups) < len(PARTS):
        raise InputError(f"A split by patient or series needs at least {len(PARTS)} of them, got {', '.join(groups)}: add the others.")
    sizes = Counter(pair.group for pair in pairs)
    missing = np.array(SHARES) * len(pairs)
    part_of: dict[str, int] = {}
    for left, n in zip(range(len(groups), 0, -1), random.permutation(len(groups)), strict=True):
        empty = [part for part in range(len(PARTS)) if part not in part_of.values()]
        choice = empty if left <= len(empty) else range(len(PARTS))
        part = max(choice, key=lambda part: missing[part])
        part_of[groups[n]] = part
        missing[part] -= sizes[groups[n]]
    return Split(*([pair for pair in pairs if part_of[pair.group] == part] for part in range(len(PARTS))))


def leak(split: Split, pairs: Sequence[SlicePair]) -> Leak:
    """What of the test set has its like in training.

    Args:
        split: of these pairs.
        pairs: all of them, the slices of a group in their order.
    """
    place: dict[str, tuple[str, int]] = {}
    count: Counter[str] = Counter()
    for pair in pairs:
        place[pair.name] = (pair.group, count[pair.group])
        count[pair.group] += 1
    trained = {place[pair.name] for pair in split.training}
    groups = {group for group, _ in trained}
    tested = [place[pair.name] for pair in split.test]
    return Leak(
        sum(group in groups for group, _ in tested),
        sum((group, k - 1) in trained or (group, k + 1) in trained for group, k in tested),
    )


def both_splits_in_words(pairs: Sequence[SlicePair], *, seed: int = SEED) -> str:
    """The random split and the one by group side by side: pairs and groups in each part, and how far the test set leaks."""
    lines = [f"{'':24}{'random':>22}{'by patient/series':>22}"]
    splits = [split_pairs(pairs, "random", seed=seed), split_pairs(pairs, "group", seed=seed)]
    for part in PARTS:
        cells = []
        for split in splits:
            groups = {pair.group for pair in getattr(split, part)}
            cells.append(f"{len(getattr(split, part))} pairs, {len(groups)} group{'s' if len(groups) > 1 else ''}")
        lines.append(f"{part:24}{cells[0]:>22}{cells[1]:>22}")
    leaks = [leak(split, pairs) for split in splits]
    for title, name in (("test, series trained", "same_group"), ("test, neighbour trained", "next_slice")):
        cells = [f"{getattr(x, name)} of {len(split.test)}" for x, split in zip(leaks, splits, strict=True)]
        lines.append(f"{title:24}{cells[0]:>22}{cells[1]:>22}")
    return "\n".join(lines)
