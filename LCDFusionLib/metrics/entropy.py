"""Information entropy of the gray levels."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def information_entropy(image: Tensor, measured: Tensor | None = None) -> Tensor:
    """Shannon entropy of the histogram of 256 gray levels (IE, also EN), in bits: 0 for a constant image, 8 for equal use of all levels.

    Gray values are rounded to the nearest level, halves up: rounding halves to even would leave every other level of an average of two
    8-bit images empty. What lies outside 0..255 counts as 0 or 255. It has no gradient.

    Args:
        image: shape (B, 1, H, W), 0..255.
        measured: True where a pixel counts; None: everywhere.

    Returns:
        Shape (B,); NaN for an image with NaN in it, or of which nothing counts.
    """
    batch = image.shape[0]
    levels = (image.detach().flatten(1) + 0.5).floor().clamp(0, 255)
    first_bin = 256 * torch.arange(batch, device=image.device)
    bins = (levels.nan_to_num().long() + first_bin[:, None]).flatten()
    ones = torch.ones_like(bins) if measured is None else measured.flatten().long()
    # Not bincount, which on a GPU waits for all that was handed to it before.
    counts = torch.zeros(256 * batch, dtype=torch.long, device=image.device).scatter_add_(0, bins, ones).view(batch, 256)
    of = levels.shape[1] if measured is None else ones.view(batch, -1).sum(1, keepdim=True)
    entropy = torch.special.entr(counts.to(image.dtype) / of).sum(1) / math.log(2)
    return torch.where(levels.isnan().any(1), torch.nan, entropy)
