"""What a running fusion tells its host."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .fused_volume import FusionResult


@dataclass(frozen=True)
class Machine:
    """What the worker process can compute with, known once it has loaded torch.

    Attributes:
        torch: version; None where it cannot be loaded.
        device: the one that "auto" takes, in words; None without torch.
        problem: why torch cannot be loaded; None where it can.
    """

    torch: str | None
    device: str | None
    problem: str | None


@dataclass(frozen=True)
class Started:
    """The worker took the job up: weights are loaded, the first slice comes next.

    Attributes:
        total: slices to fuse.
        device: where it runs, in words.
        weights_name: "ct-pet", "mr-pet" or the file's stem.
        weights_sha256: of the weights file.
    """

    total: int
    device: str
    weights_name: str
    weights_sha256: str


@dataclass(frozen=True, eq=False)
class SlicePreviewed:
    """The first slice at half its resolution, to be shown until it is fused; never kept, measured or exported.

    Attributes:
        index: of the slice, k.
        gray: float32 (J, I) in [0, 1], brought back to the slice's own size.
        color: uint8 (J, I, 3).
    """

    index: int
    gray: NDArray[np.float32]
    color: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class SliceFused:
    """One slice is done and can be shown.

    Attributes:
        index: of the slice, k.
        done: slices done so far, this one included.
        total: slices to fuse.
        seconds_left: estimate; None until it can be made.
        metrics: of the fused slice; NaN where undefined.
        blend_metrics: of the 50/50 average.
        gray: fused luminance, float32 (J, I) in [0, 1].
        color: uint8 (J, I, 3).
    """

    index: int
    done: int
    total: int
    seconds_left: float | None
    metrics: dict[str, float]
    blend_metrics: dict[str, float]
    gray: NDArray[np.float32]
    color: NDArray[np.uint8]


@dataclass(frozen=True)
class Note:
    """Something the user should know while it goes on, in one sentence: a GPU out of memory, the CPU taken instead."""

    text: str


@dataclass(frozen=True, eq=False)
class Finished:
    """All slices are done; the last event."""

    result: FusionResult


@dataclass(frozen=True)
class Cancelled:
    """The host cancelled; the last event.

    Attributes:
        done: slices that were reported before.
    """

    done: int


Event = Started | SlicePreviewed | SliceFused | Note | Finished | Cancelled
