"""Image fusion with guided filtering (GFF)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LCDFusionLib.training.samples import Image

from .filters import box_mean, gaussian, smooth

BASE_RADIUS = 15  # a 31x31 mean parts base from detail
SALIENCY = gaussian(11, 5.0)


@dataclass(frozen=True)
class GuidedFilter:
    """Base and detail of both images, weighted by who is more salient; the weights follow the edges of their image.

    Source: Li, Kang and Hu, IEEE Transactions on Image Processing 22 (2013) 2864, with its constants.

    Attributes:
        base: radius and regularisation of the filter of the base's weights.
        detail: the same of the detail's.
    """

    name: str = "guided-filter"
    base: tuple[int, float] = (45, 0.3)
    detail: tuple[int, float] = (7, 1e-6)

    def fuse(self, anatomy01: Image, function01: Image) -> Image:
        """See `Method.fuse`."""
        images = np.stack([anatomy01, function01]).astype(np.float64)
        saliency = np.stack([smooth(np.abs(_laplacian(image)), SALIENCY) for image in images])
        most = saliency == saliency.max(axis=0)
        choice = most / most.sum(axis=0)  # where both are as salient, as on black, half of each
        bases = np.stack([box_mean(image, BASE_RADIUS) for image in images])
        fused = np.zeros(anatomy01.shape)
        for layers, (radius, epsilon) in ((bases, self.base), (images - bases, self.detail)):
            weights = np.stack([guided_filter(image, mine, radius, epsilon).clip(0, 1) for image, mine in zip(images, choice, strict=True)])
            total = weights.sum(axis=0)
            weights = np.where(total > 0, weights / np.where(total > 0, total, 1), 0.5)
            fused += (weights * layers).sum(axis=0)
        return fused.clip(0, 1).astype(np.float32)


def guided_filter(guide: NDArray, image: NDArray, radius: int, epsilon: float) -> NDArray:
    """`image` smoothed over windows of 2 radius + 1 pixels, but not across edges of `guide` (He, Sun and Tang 2013). All (H, W)."""
    mean_guide, mean_image = box_mean(guide, radius), box_mean(image, radius)
    variance = box_mean(guide * guide, radius) - mean_guide**2
    covariance = box_mean(guide * image, radius) - mean_guide * mean_image
    slope = covariance / (variance.clip(0) + epsilon)
    offset = mean_image - slope * mean_guide
    return box_mean(slope, radius) * guide + box_mean(offset, radius)


def _laplacian(image: NDArray) -> NDArray:
    return sitk.GetArrayFromImage(sitk.Laplacian(sitk.GetImageFromArray(image)))
