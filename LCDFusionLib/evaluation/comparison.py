"""Methods run over pairs and measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from LCDFusionLib.errors import InputError
from LCDFusionLib.metrics import evaluate
from LCDFusionLib.training.samples import Image, SlicePair

from .methods import FusedFolder, Method
from .pair_sets import gray_levels, round_to_8_bit

SHOWS = 0.2
"""Part of its range from which a source shows something: SUV 2 of 10 is above muscle and blood."""


@dataclass(frozen=True, eq=False)
class Measured:
    """One method on one pair.

    Attributes:
        pair: its name.
        method: its name.
        values: `METRICS` and `PER_SOURCE`; NaN where undefined.
        fused: (H, W) in [0, 1], rounded to 8 bits.
        beyond: what it has beyond the source that it is most like: the largest difference, and the RMS of what is left of it, where the
            other source shows something, when a multiple of that source and a constant are taken out; gray levels.
    """

    pair: str
    method: str
    values: dict[str, float]
    fused: Image
    beyond: tuple[float, float] = (255.0, 255.0)


def compare(pairs: Sequence[SlicePair], methods: Sequence[Method | FusedFolder]) -> Iterator[Measured]:
    """Every method on every pair, pair by pair; the metrics in float64 on gray values 0..255.

    Raises:
        InputError: a method cannot fuse a pair.
    """
    for pair in pairs:
        anatomy, function = (_tensor(image) for image in (pair.anatomy, pair.function))
        for method in methods:
            fused = round_to_8_bit(fuse(method, pair))
            values = {name: value.item() for name, value in evaluate(_tensor(fused), anatomy, function).items()}
            each = [beyond(fused, *sources) for sources in ((pair.anatomy, pair.function), (pair.function, pair.anatomy))]
            yield Measured(pair.name, method.name, values, fused, (min(most for most, _ in each), min(rms for _, rms in each)))


def beyond(fused: Image, source: Image, other: Image) -> tuple[float, float]:
    """What a fused image has beyond one source, in gray levels (see `Measured.beyond`).

    The rest is looked at where the other source shows something (SHOWS): a small lesion is few pixels of an image that is else the anatomy.
    """
    f, s = gray_levels(fused), gray_levels(source)
    of_source, common = np.cov(s.ravel(), f.ravel(), bias=True)[0]
    slope = common / of_source if of_source > 0 else 0.0
    rest = f - f.mean() - slope * (s - s.mean())
    shows = other > SHOWS
    return float(np.abs(f - s).max()), float(np.sqrt(np.square(rest[shows] if shows.any() else rest).mean()))


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
