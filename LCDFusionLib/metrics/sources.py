"""What a metric of two sources says: of both together, and of each alone."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class BySource(NamedTuple):
    """A metric of both sources beside what it says of each, every one of shape (B,).

    The figure for both can be won by copying one source and throwing the other away; the figures of each source show it.
    """

    both: Tensor
    anatomy: Tensor
    function: Tensor


def share(part: Tensor, whole: Tensor) -> Tensor:
    """`part / whole`; NaN, with a gradient of zero, where `whole` is 0 and nothing can be said."""
    exists = whole > 0
    return torch.where(exists, part / torch.where(exists, whole, 1.0), torch.nan)
