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
    of_anatomy = _correlation(fused - function, anatomy, measured)
    of_function = _correlation(fused - anatomy, function, measured)
    return BySource(of_anatomy + of_function, of_anatomy, of_function)


def _correlation(x: Tensor, y: Tensor, measured: Tensor | None) -> Tensor:
    """Pearson's correlation over each image; NaN where one varies by no more than the rounding of gray values up to 255."""
    rounding = 8 * 255 * torch.finfo(x.dtype).eps
    x, y = (each - mean_where(each, measured)[:, None, None, None] for each in (x, y))
    variances = torch.stack([mean_where(x.square(), measured), mean_where(y.square(), measured)])
    varies = (variances > rounding**2).all(0)
    x_variance, y_variance = torch.where(varies, variances, 1.0)
    return torch.where(varies, mean_where(x * y, measured) / (x_variance.sqrt() * y_variance.sqrt()), torch.nan)
