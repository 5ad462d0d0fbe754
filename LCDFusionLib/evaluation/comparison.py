"""Methods run over pairs and measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from LCDFusionLib.errors import InputError
from LCDFusionLib.metrics import evaluate
from LCDFusionLib.training.pairs import Image, SlicePair

from .methods import FusedFolder, Method
from .pair_sets import gray_levels, round_to_8_bit


@dataclass(frozen=True, eq=False)
class Measured:
    """One method on one pair.

    Attributes:
        pair: its name.
        method: its name.
        values: `METRICS` and `PER_SOURCE`; NaN where undefined.
        fused: (H, W) in [0, 1], rounded to 8 bits.
    """

    pair: str
    method: str
    values: dict[str, float]
    fused: Image


def compare(pairs: Sequence[SlicePair], methods: Sequence[Method | FusedFolder]) -> Iterator[Measured]:
    """Every method on every pair, pair by pair; the metrics in float64 on gray values 0..255.

    Raises:
        InputError: a method cannot fuse a pair.
    """
    for pair in pairs:
        anatomy, function = (_tensor(image) for image in (pair.anatomy, pair.function))
        for method in methods:
            fused = round_to_8_bit(fuse(method, pair))
            values = evaluate(_tensor(fused), anatomy, function)
            yield Measured(pair.name, method.name, {name: value.item() for name, value in values.items()}, fused)


def fuse(method: Method | FusedFolder, pair: SlicePair) -> Image:
    """The fused image of one pair, (H, W) in [0, 1].

    Raises:
        InputError: the pair is too small, or the fused image is no image of its size in [0, 1].
    """
    if isinstance(method, FusedFolder):
        return method.fused(pair)
    if min(pair.anatomy.shape) < 16:
        raise InputError(f"The pair '{pair.name}' has {pair.anatomy.shape[1]}x{pair.anatomy.shape[0]} pixels; at least 16x16 are needed.")
    fused = method.fuse(pair.anatomy, pair.function)
    if fused.shape != pair.anatomy.shape or not np.isfinite(fused).all():
        raise InputError(f"The method '{method.name}' gave no image of pair '{pair.name}': leave it out with --methods.")
    return fused


def _tensor(image01: Image) -> torch.Tensor:
    return torch.from_numpy(gray_levels(image01))[None, None]
