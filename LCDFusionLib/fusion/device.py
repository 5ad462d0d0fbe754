"""The machine's fastest device that torch can use."""

from __future__ import annotations

import torch

from LCDFusionLib.errors import InputError

from .settings import DeviceChoice


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


def device_in_words(device: torch.device) -> str:
    """For reports and the screen: "CUDA (NVIDIA RTX A4000, 16 GiB)", "CPU (8 threads)"."""
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        return f"CUDA ({properties.name}, {properties.total_memory / 2**30:.0f} GiB)"
    threads = torch.get_num_threads()
    return f"CPU ({threads} thread{'s' if threads > 1 else ''})" if device.type == "cpu" else "MPS (Apple GPU)"


def is_out_of_memory(error: BaseException) -> bool:
    """True if `error` says that a device has no memory left (CUDA has a class for it, MPS and the CPU only words)."""
    return isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in ("out of memory", "can't allocate memory"))
    )
