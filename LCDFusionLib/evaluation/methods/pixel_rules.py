"""Rules that look at one pixel at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LCDFusionLib.training.samples import Image


@dataclass(frozen=True)
class Average:
    """The 50/50 average: a gray blend."""

    name: str = "average"

    def fuse(self, anatomy01: Image, function01: Image) -> Image:
        """See `Method.fuse`."""
        return np.asarray((anatomy01 + function01) / 2, dtype=np.float32)


@dataclass(frozen=True)
class Maximum:
    """The brighter of both."""

    name: str = "maximum"

    def fuse(self, anatomy01: Image, function01: Image) -> Image:
        """See `Method.fuse`."""
        return np.maximum(anatomy01, function01)
