"""Whole slices in batches: each training pair once an epoch, in an order that the seed and the epoch alone decide."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from LCDFusionLib.errors import InputError

from .samples import Image, SlicePair, VolumePair


class WholeSlices:
    """The paper's way through its training pairs: whole, not augmented, shuffled anew each epoch.

    Args:
        sources: groups of slice pairs of one shape; their shares are of no matter, as every pair comes once.
        batch_size: pairs a step; the last step of an epoch takes what is left.
        seed: of the order.

    Raises:
        ValueError: there are no slice pairs, or volumes among them.
        InputError: slices of different shapes.
    """

    def __init__(self, sources: Sequence[tuple[float, Sequence[SlicePair] | Sequence[VolumePair]]], batch_size: int, *, seed: int) -> None:
        self.pairs = [pair for _, pairs in sources for pair in pairs if isinstance(pair, SlicePair)]
        if not self.pairs or len(self.pairs) < sum(len(pairs) for _, pairs in sources):
            raise ValueError("this protocol takes whole slices, not volumes of which slices are windowed anew")
        shapes = {pair.anatomy.shape for pair in self.pairs}
        if len(shapes) > 1:
            sizes = ", ".join(f"{width}x{height}" for height, width in sorted(shapes))
            raise InputError(f"The slices have different sizes ({sizes}), but the paper's protocol takes one: take out what differs.")
        self.batch_size, self.seed = batch_size, seed
        self.steps_per_epoch = -(-len(self.pairs) // batch_size)

    def batch(self, step: int) -> tuple[Image, Image]:
        """Anatomy and function of a step, each (count, 1, H, W); the same for the same step, whatever came before."""
        epoch, within = divmod(step, self.steps_per_epoch)
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.pairs))
        chosen = [self.pairs[n] for n in order[within * self.batch_size : (within + 1) * self.batch_size]]
        return np.stack([pair.anatomy for pair in chosen])[:, None], np.stack([pair.function for pair in chosen])[:, None]
