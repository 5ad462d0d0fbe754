"""The network run over the slices of a volume pair. The worker calls this; so may anything else in its own process."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from LCDFusionLib.metrics import METRICS, PER_SOURCE, evaluate_each
from LCDFusionLib.network import GraphedNet, LCDFusionNet, prepare, processor_has_bfloat16, side_by_side

from .device import device_in_words, is_out_of_memory
from .order import Waiting
from .settings import PrecisionChoice
from .windowed import Slices

NAMES = (*METRICS, *PER_SOURCE)

IN_FLIGHT = 2
"""Batches that a device has: one is worked on while the host looks at the one before."""

PREVIEW_FROM = 384
"""Rows and columns from which a slice takes a CPU so long that a preview is worth its time, a quarter of the slice's."""


@dataclass(frozen=True, eq=False)
class FusedSlices:
    """One batch of fused slices.

    Attributes:
        indices: k of each slice.
        gray: float32 (B, J, I) in [0, 1].
        metrics: one row a slice.
        blend_metrics: the same for the 50/50 average.
        seconds: what the device spent on "network" and "metrics".
        sources: anatomy and function that it was fused of, like `gray`; noted by `fuse_slices`.
    """

    indices: list[int]
    gray: NDArray[np.float32]
    metrics: list[dict[str, float]]
    blend_metrics: list[dict[str, float]]
    seconds: dict[str, float]
    sources: tuple[NDArray[np.float32], ...] = ()


class Backend(Protocol):
    """Something that fuses a stack of slices.

    Attributes:
        batch_size: slices at a time.
        works_ahead: it works on what was begun while the host does something else; else nothing is begun before it is worked on, so that
            the slice that comes next can still be another.
    """

    batch_size: int
    works_ahead: bool

    def begin(
        self, indices: list[int], anatomy: NDArray[np.float32], function: NDArray[np.float32], measured: NDArray[np.bool_] | None = None
    ) -> Callable[[], FusedSlices]:
        """Take slices `indices`, given as (B, J, I) in [0, 1]; what comes back waits for the result. RuntimeError, from either, when the
        device cannot. Where the anatomy was not measured no metric looks; uptake is fused there too."""

    def __str__(self) -> str:
        """The device, in words."""


class NetworkBackend:
    """A network on a device.

    Args:
        network: with its weights, in evaluation mode; moved to the device when used.
        device: where it runs.
        batch_size: slices at a time on a GPU. The CPU always takes one: convolutions round differently from one batch size to the next, and
            the CPU's result is to be the same bit for bit, whatever was chosen.
        precision: of the convolutions: "tf32" and "float16" on an NVIDIA GPU, "bfloat16" on a CPU that has it cost decimals of the fused
            image; float32 where the device has no use for it.
        recorded: record the network's work on an NVIDIA GPU and replay it (`GraphedNet`), rather than hand it over step by step.
        between: called between the steps of a slice on the CPU, some tenths of a second of a large one: here others may go first.
    """

    def __init__(
        self,
        network: LCDFusionNet,
        device: torch.device,
        *,
        batch_size: int = 1,
        precision: PrecisionChoice = "float32",
        recorded: bool = True,
        between: Callable[[], object] = lambda: None,
    ) -> None:
        on_cuda = device.type == "cuda"
        self.device = device
        self.batch_size = 1 if device.type == "cpu" else batch_size
        self.works_ahead = on_cuda
        has_use = on_cuda if precision in ("tf32", "float16") else device.type == "cpu" and processor_has_bfloat16()
        self._precision: PrecisionChoice = precision if has_use else "float32"
        # The order in which convolutions are fastest. Once: of some weights torch makes a new copy each time it is asked for it, and a
        # recorded pass reads them where they were.
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        dtype = {"float16": torch.float16, "bfloat16": torch.bfloat16}.get(self._precision)
        self._between = between if device.type == "cpu" else lambda: None
        is_recorded = on_cuda and recorded
        self._network = GraphedNet(network, dtype=dtype) if is_recorded else prepare(network, dtype=dtype, between=self._between)
        ways = [*([] if self._precision == "float32" else [self._precision]), *(["step by step"] if on_cuda and not recorded else [])]
        self._name = ", ".join([device_in_words(device), *ways])

    def __str__(self) -> str:
        return self._name

    def begin(
        self, indices: list[int], anatomy: NDArray[np.float32], function: NDArray[np.float32], measured: NDArray[np.bool_] | None = None
    ) -> Callable[[], FusedSlices]:
        """Fuse slices `indices`, given as (B, J, I) in [0, 1], and measure them.

        An NVIDIA GPU begins now and works while the host does something else; any other device does it all when the result is asked for.
        """
        if self.device.type != "cuda":
            return lambda: self._result_now(indices, anatomy, function, measured)
        # Pinned memory, or the copies would wait: torch keeps what was pinned and gives it out again when the GPU is done with it.
        clock = _Clock(self.device)
        on_device = self._fuse(anatomy, function, measured, clock, pinned=True)
        on_host = [torch.empty(x.shape, dtype=x.dtype, pin_memory=True).copy_(x, non_blocking=True) for x in on_device]
        done = torch.cuda.Event(blocking=True)  # waited for without keeping a core busy
        done.record()

        def result() -> FusedSlices:
            done.synchronize()
            gray, of_fused, of_blend = on_host
            return _result(indices, gray, of_fused, of_blend, clock.seconds())

        return result

    def _fuse(
        self,
        anatomy: NDArray[np.float32],
        function: NDArray[np.float32],
        measured: NDArray[np.bool_] | None,
        clock: _Clock,
        *,
        pinned: bool = False,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The fused slices (B, J, I), and the metrics of them and of their 50/50 average, (B, 14) each; on the device."""
        # Here and not at once: a GPU that is full already says so in this call, where another can take over.
        self._network.to(self.device)
        with torch.inference_mode(), convolutions(self._precision):
            # A copy in aligned memory either way: rounding cannot depend on where a slice lay.
            stacks = (torch.from_numpy(stack).pin_memory() if pinned else torch.tensor(stack) for stack in (anatomy, function))
            a, f = (stack.to(self.device, non_blocking=pinned).unsqueeze(1) for stack in stacks)
            fused = self._network(a, f)
            where = None if measured is None else torch.from_numpy(measured).to(self.device).unsqueeze(1)
            clock.mark("network")
            self._between()
            of_fused, of_blend = _metrics([fused, (a + f) / 2], a, f, where)
            clock.mark("metrics")
            return fused.squeeze(1), of_fused, of_blend

    def _result_now(
        self, indices: list[int], anatomy: NDArray[np.float32], function: NDArray[np.float32], measured: NDArray[np.bool_] | None
    ) -> FusedSlices:
        clock = _Clock(self.device)
        return _result(indices, *self._fuse(anatomy, function, measured, clock), clock.seconds())

    def preview(self, anatomy: NDArray[np.float32], function: NDArray[np.float32]) -> NDArray[np.float32]:
        """Slices (B, J, I) fused at half the resolution and brought back to their own: to be shown until they are fused, never measured."""
        self._network.to(self.device)
        with torch.inference_mode():
            both = torch.stack([torch.tensor(stack, device=self.device) for stack in (anatomy, function)])
            half = F.avg_pool2d(both, 2, ceil_mode=True).unsqueeze(2)  # (2, B, 1, J / 2, I / 2)
            fused = F.interpolate(self._network(*half), anatomy.shape[1:], mode="bilinear", align_corners=False)
            return fused.squeeze(1).cpu().numpy()


def convolutions(precision: PrecisionChoice) -> AbstractContextManager:
    """Within, convolutions of an NVIDIA GPU are repeatable, and rounded to TF32 only where that was chosen."""
    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=precision == "tf32")


class _Clock:
    """How long each step of a batch takes: on the device itself, where that works while the host goes on."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._marks: list[tuple[str, Any]] = []
        self.mark("begin")

    def mark(self, step: str) -> None:
        """The end of a step."""
        if self._device.type == "cuda":
            at: Any = torch.cuda.Event(enable_timing=True)
            at.record()
        else:
            if self._device.type == "mps":
                torch.mps.synchronize()
            at = perf_counter()
        self._marks.append((step, at))

    def seconds(self) -> dict[str, float]:
        """Of each step, once the device is done."""
        spans = ((step, before, after) for (_, before), (step, after) in pairwise(self._marks))
        return {step: before.elapsed_time(after) / 1000 if self._device.type == "cuda" else after - before for step, before, after in spans}


def _metrics(several: list[Tensor], anatomy: Tensor, function: Tensor, measured: Tensor | None) -> list[Tensor]:
    """Metrics of images that were fused of these two, each (B, 14), all as the 8-bit gray images that are shown; columns as `NAMES`."""
    precise = torch.float32 if anatomy.device.type == "mps" else torch.float64  # MPS knows no float64
    # Halves up, as the reference values have it: torch.round takes them to the even neighbour; averages of 8-bit images are full of them.
    *fused, a, f = (torch.floor(255 * image.to(precise) + 0.5) for image in (*several, anatomy, function))
    run = side_by_side if a.device.type == "cpu" else map
    return [torch.stack([values[name] for name in NAMES], dim=1) for values in evaluate_each(fused, a, f, measured, run=run)]


def _result(indices: list[int], gray: Tensor, metrics: Tensor, blend_metrics: Tensor, seconds: dict[str, float]) -> FusedSlices:
    """RuntimeError where a fused slice is not a picture: half precision has no number above 65504."""
    if not torch.isfinite(gray).all():
        raise RuntimeError("the fused image has values that are not numbers")
    rows, blend_rows = ([dict(zip(NAMES, row, strict=True)) for row in table.tolist()] for table in (metrics, blend_metrics))
    return FusedSlices(indices, gray.cpu().numpy(), rows, blend_rows, seconds)


def network_backends(
    network: LCDFusionNet,
    device: torch.device,
    *,
    batch_size: int = 1,
    precision: PrecisionChoice = "float32",
    between: Callable[[], object] = lambda: None,
) -> Iterator[NetworkBackend]:
    """A network on a device, and what stands in for it: an NVIDIA GPU without its fast ways, and the CPU."""
    spare = copy.deepcopy(network) if device.type != "cpu" else network  # a GPU that broke down gives no weights back
    yield NetworkBackend(network, device, batch_size=batch_size, precision=precision, between=between)
    if device.type == "cuda":
        yield NetworkBackend(network, device, recorded=False)
    if device.type != "cpu":
        yield NetworkBackend(spare, torch.device("cpu"), between=between)


def fuse_slices(
    anatomy: Slices,
    function: Slices,
    *,
    order: Sequence[int] | Waiting,
    backends: Iterable[Backend],
    padding: Slices | None = None,
    note: Callable[[str], None] = lambda text: None,
) -> Iterator[FusedSlices]:
    """Fuse slices in `order`, batch by batch; while one is asked for, a device that can already has the next.

    A device that runs out of memory gets half the batch; one that cannot do a single slice, or fails in another way, is left for the next.

    Args:
        anatomy: (K, J, I) in [0, 1]; an array, or what gives its slices.
        function: like `anatomy`.
        order: slice indices, each once; of `Waiting`, which this empties, the next may change all the while.
        padding: (K, J, I) boolean, True where the anatomy was not measured; None: nowhere.
        backends: the first does the work, the others stand in for it. Each is made only when it is needed, so they may share a network.
        note: gets a sentence for the user whenever that happens.

    Raises:
        RuntimeError: the last backend failed too.
    """
    others = iter(backends)
    backend = next(others)
    batch_size = backend.batch_size
    waiting = order if isinstance(order, Waiting) else Waiting(order)
    begun: deque[tuple[list[int], tuple[NDArray, NDArray], Callable[[], FusedSlices]]] = deque()
    while waiting or begun:
        try:
            while waiting and len(begun) < (IN_FLIGHT if backend.works_ahead else 1):
                indices = waiting.take(batch_size)
                try:
                    sources = anatomy[indices], function[indices]
                    measured = None if padding is None else ~padding[indices]
                    begun.append((indices, sources, backend.begin(indices, sources[0], sources[1], measured)))
                except (RuntimeError, MemoryError):
                    waiting.put_back(indices)
                    if not begun:
                        raise
                    break  # the batches before it first, which may make room
            indices, sources, result = begun[0]
            fused = replace(result(), sources=sources)
        except (RuntimeError, MemoryError) as error:
            waiting.put_back([index for of_batch, *_ in begun for index in of_batch])  # done again
            begun.clear()
            failed = str(backend)
            if is_out_of_memory(error) and len(indices) > 1:
                batch_size = len(indices) // 2
                note(f"{failed} ran out of memory with {len(indices)} slices at a time; it goes on with {batch_size}.")
            else:
                why = "ran out of memory" if is_out_of_memory(error) else f"failed ({str(error).partition(chr(10))[0]})"
                following = next(others, None)
                if following is None:
                    raise
                backend, batch_size = following, following.batch_size
                note(f"{failed} {why}; {backend} takes over.")
        else:
            begun.popleft()
            yield fused
            continue
        with suppress(RuntimeError):  # a GPU that broke down cannot do that either
            torch.cuda.empty_cache()  # here, where the error and the tensors its traceback held are gone; does nothing without CUDA
