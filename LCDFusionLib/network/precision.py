"""Mixed precision: which parts of the network stay in float32 when the convolutions run in half precision (autocast)."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

HALF = (torch.bfloat16, torch.float16)


def at_least_float32(x: Tensor) -> Tensor:
    """A half-precision tensor as float32; any other as it is."""
    return x.float() if x.dtype in HALF else x


def full_precision(x: Tensor) -> AbstractContextManager:
    """A context without autocast if `x` comes out of it; otherwise one that changes nothing."""
    return torch.autocast(x.device.type, enabled=False) if x.dtype in HALF else nullcontext()
