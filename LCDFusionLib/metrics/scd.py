"""Sum of the correlations of differences."""

from __future__ import annotations

import torch
from torch import Tensor

from .gradients import mean_where
from .sources import BySource


def sum_of_correlations_of_differences(fused: Tensor, anatomy: Tensor, function: Tensor, measured: Tensor | None = None) -> BySource:
    """What the fused image has beyond one source, correlated with the other source (SCD), -2 to 2.

    Of the anatomy: corr(fused - function, anatomy). Of the function: corr(fused - anatomy, function), how much of the function the fused
    image carries beyond the anatomy. Of both: the sum.

    Source: Aslantas and Bendes, AEU International Journal of Electronics and Communications 69 (2015) 1890.

    Args:
        fused: shape (B, 1, H, W), 0..255.
        anatomy: the same shape.
        function: the same shape.
        measured: True where a pixel counts; None: everywhere.

    Returns:
        Three of shape (B,). NaN where a correlation is undefined: a constant source, or a fused image that equals one.
    """
    return CorrelationsOfDifferences(anatomy, function, measured).of(fused)


class CorrelationsOfDifferences:
    """Two sources, for any number of images that were fused of them; arguments as above."""

    def __init__(self, anatomy: Tensor, function: Tensor, measured: Tensor | None = None) -> None:
        self._sources, self._measured = (anatomy, function), measured
        self._centred = [_centred(source, measured) for source in self._sources]

    def of(self, fused: Tensor) -> BySource:
        """The correlations with this one."""
        of_anatomy, of_function = (
            _correlation(_centred(fused - other, self._measured), centred, self._measured)
            for other, centred in zip(self._sources[::-1], self._centred, strict=True)
        )
        return BySource(of_anatomy + of_function, of_anatomy, of_function)


def _centred(image: Tensor, measured: Tensor | None) -> tuple[Tensor, Tensor]:
    """Less its mean, and the variance."""
    centred = image - mean_where(image, measured)[:, None, None, None]
    return centred, mean_where(centred.square(), measured)


def _correlation(first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor], measured: Tensor | None) -> Tensor:
    """Pearson's correlation over each image; NaN where one varies by no more than the rounding of gray values up to 255."""
    (x, x_variance), (y, y_variance) = first, second
    rounding = 8 * 255 * torch.finfo(x.dtype).eps
    varies = (x_variance > rounding**2) & (y_variance > rounding**2)
    x_variance, y_variance = (torch.where(varies, variance, 1.0) for variance in (x_variance, y_variance))
    return torch.where(varies, mean_where(x * y, measured) / (x_variance.sqrt() * y_variance.sqrt()), torch.nan)
