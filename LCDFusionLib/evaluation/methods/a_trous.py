"""Undecimated wavelet transform ("à trous", starlet)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.training.samples import Image

from .filters import BINOMIAL, smooth


@dataclass(frozen=True)
class ATrous:
    """On every scale the stronger detail; of the rest, the average.

    The simplest of the shift-invariant transforms. NSCT, the paper's baseline, parts each scale into directions as well; its rules (larger
    absolute value of the details, mean of the base) are the same.

    Source: Starck and Murtagh, Astronomical Image and Data Analysis (2006), chapter 2: B3 spline.

    Attributes:
        scales: of detail.
    """

    name: str = "a-trous"
    scales: int = 4

    def fuse(self, anatomy01: Image, function01: Image) -> Image:
        """See `Method.fuse`."""
        anatomy, function = (self.transform(image.astype(np.float64)) for image in (anatomy01, function01))
        details = np.where(np.abs(anatomy[:-1]) >= np.abs(function[:-1]), anatomy[:-1], function[:-1])
        fused = details.sum(axis=0) + (anatomy[-1] + function[-1]) / 2
        return fused.clip(0, 1).astype(np.float32)

    def transform(self, image: NDArray) -> NDArray:
        """(scales + 1, H, W): details from fine to coarse, then the rest; their sum is the image."""
        planes = []
        for scale in range(self.scales):
            smoother = smooth(image, BINOMIAL, step=2**scale)
            planes.append(image - smoother)
            image = smoother
        return np.stack([*planes, image])
