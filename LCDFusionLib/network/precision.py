"""Mixed precision: which parts of the network stay in float32 when the convolutions run in half precision (autocast)."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

HALF = (torch.bfloat16, torch.float16)


def at_least_float32(x: Tensor) -> Tensor:
    """A half-precision tensor as float32; any other as it is."""
    return x.float() if x.dtype in HALF else x


def fine(dtype: torch.dtype) -> torch.dtype:
    """What the layers next to an image compute in, where the others do in `dtype`: the 8 bits of bfloat16 are too few there."""
    return torch.float32 if dtype == torch.bfloat16 else dtype


def processor_has_bfloat16() -> bool:
    """Whether the CPU multiplies in bfloat16 itself (avx512_bf16), and so twice as fast as in float32; where not, it is slower.

    False where PyTorch cannot tell (before 2.5).
    """
    tells = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return torch.backends.mkldnn.is_available() and tells()


def full_precision(x: Tensor) -> AbstractContextManager:
    """A context without autocast if `x` comes out of it; otherwise one that changes nothing."""
    return torch.autocast(x.device.type, enabled=False) if x.dtype in HALF else nullcontext()
