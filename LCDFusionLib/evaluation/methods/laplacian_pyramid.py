"""Laplacian pyramid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.training.samples import Image

from .filters import BINOMIAL, smooth


@dataclass(frozen=True)
class LaplacianPyramid:
    """On every level the stronger detail; of the rest, the brighter.

    Source: Burt and Adelson, IEEE Transactions on Communications 31 (1983) 532.

    Attributes:
        levels: of detail.
    """

    name: str = "laplacian-pyramid"
    levels: int = 4

    def fuse(self, anatomy01: Image, function01: Image) -> Image:
        """See `Method.fuse`."""
        anatomy, function = (self.pyramid(image.astype(np.float64)) for image in (anatomy01, function01))
        details = [np.where(np.abs(a) >= np.abs(f), a, f) for a, f in zip(anatomy[:-1], function[:-1], strict=True)]
        fused = self.image([*details, np.maximum(anatomy[-1], function[-1])])
        return fused.clip(0, 1).astype(np.float32)

    def pyramid(self, image: NDArray) -> list[NDArray]:
        """Details from fine to coarse, then the rest; fewer levels where the image has become too small."""
        levels: list[NDArray] = []
        while len(levels) < self.levels and min(image.shape) > 2:
            smaller = smooth(image, BINOMIAL)[::2, ::2]
            levels.append(image - _expand(smaller, image.shape))
            image = smaller
        return [*levels, image]

    def image(self, pyramid: list[NDArray]) -> NDArray:
        """The image of a pyramid."""
        image = pyramid[-1]
        for detail in reversed(pyramid[:-1]):
            image = detail + _expand(image, detail.shape)
        return image


def _expand(image: NDArray, shape: tuple[int, ...]) -> NDArray:
    """Twice the rows and columns, smoothed."""
    filled, weight = np.zeros(shape), np.zeros(shape)
    filled[::2, ::2], weight[::2, ::2] = image, 1
    return smooth(filled, BINOMIAL) / smooth(weight, BINOMIAL)  # the sum of the weights is 1/4, and not quite so at the border
