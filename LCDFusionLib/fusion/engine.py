"""The network run over the slices of a volume pair. The worker calls this; so may anything else in its own process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from LCDFusionLib.metrics import evaluate
from LCDFusionLib.network import LCDFusionNet, prepare

from .device import device_in_words, is_out_of_memory

PREVIEW_FROM = 384
"""Rows and columns from which a slice takes a CPU so long that a preview is worth its time, a quarter of the slice's."""


class Slices(Protocol):
    """A stack (K, J, I), in memory or not, that gives slices by their indices."""

    def __getitem__(self, index: list[int], /) -> NDArray:
        """The slices, (B, J, I)."""


@dataclass(frozen=True, eq=False)
class FusedSlices:
    """One batch of fused slices.

    Attributes:
        indices: k of each slice.
        gray: float32 (B, J, I) in [0, 1].
        metrics: one row a slice.
        blend_metrics: the same for the 50/50 average.
    """

    indices: list[int]
    gray: NDArray[np.float32]
    metrics: list[dict[str, float]]
    blend_metrics: list[dict[str, float]]


class Backend(Protocol):
    """Something that fuses a stack of slices."""

    batch_size: int

    def __call__(self, indices: list[int], anatomy: NDArray[np.float32], function: NDArray[np.float32]) -> FusedSlices:
        """Fuse slices `indices`, given as (B, J, I) in [0, 1]; RuntimeError when the device cannot."""

    def __str__(self) -> str:
        """The device, in words."""


class NetworkBackend:
    """A network on a device.

    Args:
        network: with its weights, in evaluation mode; moved to the device when used.
        device: where it runs.
        batch_size: slices at a time on a GPU. The CPU always takes one: convolutions round differently from one batch size to the next, and
            the CPU's result is to be the same bit for bit, whatever was chosen.
        allow_tf32: let an NVIDIA GPU round convolutions to 10 bits, which costs decimals of the fused image.
    """

    def __init__(self, network: LCDFusionNet, device: torch.device, *, batch_size: int = 1, allow_tf32: bool = False) -> None:
        self.device = device
        self.batch_size = 1 if device.type == "cpu" else batch_size
        self._allow_tf32 = allow_tf32
        self._network = prepare(network)

    def __str__(self) -> str:
        return device_in_words(self.device)

    def __call__(self, indices: list[int], anatomy: NDArray[np.float32], function: NDArray[np.float32]) -> FusedSlices:
        """Fuse slices `indices`, given as (B, J, I) in [0, 1], and measure them."""
        # Here and not at once: a GPU that is full already says so in this call, where another can take over.
        # channels_last is the order in which the convolutions are fastest.
        self._network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        # torch.tensor copies into aligned memory: rounding cannot depend on where a slice lay.
        with (
            torch.inference_mode(),
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=self._allow_tf32),
        ):
            a, f = (torch.tensor(stack, device=self.device).unsqueeze(1) for stack in (anatomy, function))
            fused = self._network(a, f)
            gray = fused.squeeze(1).cpu().numpy()
            return FusedSlices(indices, gray, _rows(fused, a, f), _rows((a + f) / 2, a, f))

    def preview(self, anatomy: NDArray[np.float32], function: NDArray[np.float32]) -> NDArray[np.float32]:
        """Slices (B, J, I) fused at half the resolution and brought back to their own: to be shown until they are fused, never measured."""
        self._network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        with torch.inference_mode():
            both = torch.stack([torch.tensor(stack, device=self.device) for stack in (anatomy, function)])
            half = F.avg_pool2d(both, 2, ceil_mode=True).unsqueeze(2)  # (2, B, 1, J / 2, I / 2)
            fused = F.interpolate(self._network(*half), anatomy.shape[1:], mode="bilinear", align_corners=False)
            return fused.squeeze(1).cpu().numpy()


def _rows(fused: Tensor, anatomy: Tensor, function: Tensor) -> list[dict[str, float]]:
    """Metrics of each image of the batch, all three as the 8-bit gray images that are shown."""
    precise = torch.float32 if fused.device.type == "mps" else torch.float64  # MPS knows no float64
    # Halves up, as the reference values have it: torch.round takes them to the even neighbour; averages of 8-bit images are full of them.
    images = (torch.floor(255 * image.to(precise) + 0.5) for image in (fused, anatomy, function))
    values = {name: value.tolist() for name, value in evaluate(*images).items()}
    return [{name: value[n] for name, value in values.items()} for n in range(len(fused))]


def fuse_slices(
    anatomy: Slices,
    function: Slices,
    *,
    order: Sequence[int],
    backends: Iterable[Backend],
    note: Callable[[str], None] = lambda text: None,
) -> Iterator[FusedSlices]:
    """Fuse slices in `order`, batch by batch.

    A device that runs out of memory gets half the batch; one that cannot do a single slice, or fails in another way, is left for the next.

    Args:
        anatomy: (K, J, I) in [0, 1]; an array, or a `SliceFile`.
        function: like `anatomy`.
        order: slice indices, each once.
        backends: the first does the work, the others stand in for it. Each is made only when it is needed, so they may share a network.
        note: gets a sentence for the user whenever that happens.

    Raises:
        RuntimeError: the last backend failed too.
    """
    waiting = iter(backends)
    backend = next(waiting)
    batch_size = backend.batch_size
    start = 0
    while start < len(order):
        indices = list(order[start : start + batch_size])
        try:
            fused = backend(indices, anatomy[indices], function[indices])
        except (RuntimeError, MemoryError) as error:
            failed = str(backend)
            if is_out_of_memory(error) and len(indices) > 1:
                batch_size = len(indices) // 2
                note(f"{failed} ran out of memory with {len(indices)} slices at a time; it goes on with {batch_size}.")
            else:
                why = "ran out of memory" if is_out_of_memory(error) else f"failed ({str(error).partition(chr(10))[0]})"
                following = next(waiting, None)
                if following is None:
                    raise
                backend, batch_size = following, following.batch_size
                note(f"{failed} {why}; {backend} takes over.")
        else:
            yield fused
            start += len(indices)
            continue
        torch.cuda.empty_cache()  # here, where the error and the tensors its traceback held are gone; does nothing without CUDA
