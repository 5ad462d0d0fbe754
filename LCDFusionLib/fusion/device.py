"""The machine's fastest device that torch can use."""

from __future__ import annotations

import functools

import torch

from LCDFusionLib.errors import InputError

from .settings import DeviceChoice

NETWORK_BYTES, SLICE_BYTES = 3000, 300
"""Memory a pixel: of the network, which takes one slice after another, and of each slice of a batch, mostly its metrics. On a CPU 1970
and 155 were measured; a GPU's libraries take more."""

USABLE = 0.8
"""Part of the free memory that is counted on: the display, and what else runs there, may want some of it."""

MOST_SLICES = 16
"""More at a time are no faster: the network takes them one by one, and the first result comes later."""


def choose_device(choice: DeviceChoice = "auto") -> torch.device:
    """CUDA, then MPS, then the CPU; or the one asked for.

    Raises:
        InputError: the device asked for cannot be used on this machine.
    """
    usable = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if choice == "auto":
        return torch.device(next(name for name, is_usable in usable.items() if is_usable))
    if not usable[choice]:
        raise InputError(
            f"Device '{choice}' cannot be used on this machine; choose one of auto, {', '.join(n for n, u in usable.items() if u)}."
        )
    return torch.device(choice)


@functools.cache  # a GPU that broke down cannot be asked again
def _cuda_in_words(device: torch.device) -> str:
    properties = torch.cuda.get_device_properties(device)
    return f"CUDA ({properties.name}, {properties.total_memory / 2**30:.0f} GiB)"


def device_in_words(device: torch.device) -> str:
    """For reports and the screen: "CUDA (NVIDIA RTX A4000, 16 GiB)", "CPU (8 threads)"."""
    if device.type == "cuda":
        return _cuda_in_words(device)
    threads = torch.get_num_threads()
    return f"CPU ({threads} thread{'s' if threads > 1 else ''})" if device.type == "cpu" else "MPS (Apple GPU)"


def slices_at_a_time(device: torch.device, pixels: int, *, free: int | None = None) -> int:
    """How many slices of so many pixels fit in a device's free memory, 1 to `MOST_SLICES`; 1 for the CPU.

    Args:
        device: of torch.
        pixels: of one slice.
        free: bytes; None asks an NVIDIA GPU. Others do not tell: they get few.
    """
    if device.type == "cpu":
        return 1
    if free is None:
        if device.type != "cuda":
            return min(4, MOST_SLICES)
        try:
            # What torch holds and does not use counts as taken there, and is free for us.
            free = torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        except RuntimeError:
            return 1  # full, or broken: fusing says so, where another device can take over
    left = free * USABLE - pixels * NETWORK_BYTES
    return int(min(max(left // (pixels * SLICE_BYTES), 1), MOST_SLICES))


def is_out_of_memory(error: BaseException) -> bool:
    """True if `error` says that a device has no memory left (CUDA has a class for it, MPS and the CPU only words)."""
    return isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in ("out of memory", "can't allocate memory", "ALLOC_FAILED"))
    )
