"""How fast the network is here, and how much memory it takes: its forms side by side, as `docs/performance.md` describes.

`python -m LCDFusionLib.benchmark.speed CASE` measures the memory of one form in a process of its own; CASE is a `Case` as JSON.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from LCDFusionLib.fusion.device import device_in_words, slices_at_a_time
from LCDFusionLib.fusion.engine import NetworkBackend, convolutions, fuse_slices
from LCDFusionLib.fusion.settings import PrecisionChoice
from LCDFusionLib.network import GraphedNet, LCDFusionNet, NetworkConfig, RewrittenNet, prepare
from LCDFusionLib.network.operations import count_operations

from . import memory

FORMS = ("direct", "rewritten", "prepared", "recorded")
"""The equations as they stand, in torch's usual memory order; their exact rewrite, as training uses it; what inference runs; the same as
an NVIDIA GPU replays it."""

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Case:
    """What is measured.

    Attributes:
        form: of `FORMS`.
        size: rows and columns of the images.
        batch: images at a time.
        correlation_size: T of the network.
        device: of torch.
        precision: of the convolutions; below float32 for the prepared and the recorded form alone.
    """

    form: str
    size: int
    batch: int = 1
    correlation_size: int = 16
    device: str = "cpu"
    precision: str = "float32"


@dataclass(frozen=True)
class Measured:
    """What came of a case.

    Attributes:
        case: that was measured.
        seconds: for one image, median of the rounds.
        multiply_accumulates: of one image, counted on a forward pass.
        share: of the rate that 3x3 convolutions alone reach in the same rounds and the same precision.
        peak_mebibytes: above the interpreter with torch and the network loaded, in a process of its own.
    """

    case: Case
    seconds: float
    multiply_accumulates: int
    share: float
    peak_mebibytes: float


def measure(cases: list[Case], *, rounds: int, done: Callable[[], None] = lambda: None) -> list[Measured]:
    """Measure cases of one size, batch, T and device, round by round one after the other, so that what disturbs one disturbs all.

    Args:
        cases: that differ in form and precision alone.
        rounds: of which the median counts; one more, before them, does not.
        done: called after each step, for a progress bar; `steps` says how many there are.
    """
    first = cases[0]
    images = [torch.rand(first.batch, 1, first.size, first.size, device=first.device) for _ in range(2)]
    models = [_model(case) for case in cases]
    alone = {case.precision: _convolution(case) for case in cases}
    times: list[list[float]] = [[] for _ in cases]
    rates: dict[str, list[float]] = {precision: [] for precision in alone}
    with torch.inference_mode(), convolutions("float32"):
        for turn in range(rounds + 1):
            for n, model in enumerate(models):
                seconds = _seconds(lambda model=model: model(*images), first.device)  # type: ignore[misc]
                if turn:
                    times[n].append(seconds / first.batch)
                done()
            for precision, (convolution, of_convolution) in alone.items():
                seconds = _seconds(convolution, first.device)
                if turn:
                    rates[precision].append(of_convolution / seconds)
    results = []
    for case, taken in zip(cases, times, strict=True):
        seconds = statistics.median(taken)
        cost = count_operations(_counted(case), (case.size, case.size)).multiply_accumulates
        results.append(Measured(case, seconds, cost, cost / seconds / statistics.median(rates[case.precision]), peak_mebibytes(case)))
        done()
    return results


@dataclass(frozen=True)
class Throughput:
    """A stack of slices fused and measured, from NumPy to NumPy.

    Attributes:
        size: rows and columns.
        precision: of the convolutions.
        slices: of the stack.
        batch: slices at a time.
        seconds_to_first: until the first result, which includes all that is done once.
        slices_per_second: after it.
    """

    size: int
    precision: str
    slices: int
    batch: int
    seconds_to_first: float
    slices_per_second: float


def measure_throughput(size: int, device: torch.device, precision: PrecisionChoice, *, batch: int | None = None) -> Throughput:
    """Fuse a stack the way the worker does, and measure each slice: enough slices for a GPU to be busy, few for a CPU."""
    torch.manual_seed(42)
    random = np.random.default_rng(42)
    backend = NetworkBackend(LCDFusionNet().eval(), device, batch_size=batch or slices_at_a_time(device, size * size), precision=precision)
    count = 4 if device.type == "cpu" else 12 * backend.batch_size
    anatomy, function = (random.random((count, size, size), dtype=np.float32) for _ in range(2))
    started = first = time.perf_counter()
    done = 0
    for fused in fuse_slices(anatomy, function, order=range(count), backends=[backend]):
        if not done:
            first, of_first = time.perf_counter(), len(fused.indices)
        done += len(fused.indices)
    rate = (done - of_first) / (time.perf_counter() - first)
    return Throughput(size, precision, count, backend.batch_size, first - started, rate)


def machine_in_words(device: torch.device, threads: int | None = None) -> str:
    """What is measured on: the device and torch's version. `threads` of the CPU are set first, where they are given."""
    if threads:
        torch.set_num_threads(threads)
    return f"{device_in_words(device)}, torch {torch.__version__}"


def steps(cases: int, rounds: int) -> int:
    """How often `measure` calls `done`."""
    return cases * (rounds + 2)


def peak_mebibytes(case: Case) -> float:
    """Peak memory of one forward pass, measured in a fresh process: of the device where it is a GPU."""
    answer = subprocess.run(
        [sys.executable, "-m", "LCDFusionLib.benchmark.speed", json.dumps(asdict(case))], capture_output=True, text=True, check=True
    )
    return float(answer.stdout)


def _model(case: Case) -> nn.Module:
    torch.manual_seed(42)
    network = LCDFusionNet(NetworkConfig(correlation_size=case.correlation_size)).eval()
    if case.form == "direct":
        return network.to(case.device)
    dtype = PRECISIONS[case.precision]
    model = {
        "rewritten": lambda: RewrittenNet(network),
        "prepared": lambda: prepare(network, dtype=dtype),
        "recorded": lambda: GraphedNet(network, dtype=dtype),
    }[case.form]()
    return model.to(case.device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def _counted(case: Case) -> nn.Module:
    """The form whose operations are those of the case: a recording is not run step by step, so it cannot be counted itself."""
    return _model(replace(case, form="prepared" if case.form == "recorded" else case.form, device="cpu", precision="float32"))


def _convolution(case: Case) -> tuple[Callable[[], Tensor], int]:
    """A 3x3 convolution of the network's usual width on an image of the case, in the fastest memory order, and its multiply-accumulates."""
    channels, dtype = 64, PRECISIONS[case.precision]
    x = torch.rand(1, channels, case.size, case.size, device=case.device).to(dtype, memory_format=torch.channels_last)
    weights = torch.rand(channels, channels, 3, 3, device=case.device).to(dtype, memory_format=torch.channels_last)
    return lambda: F.conv2d(x, weights, padding=1), 9 * channels * channels * case.size**2


def _seconds(what: Callable[[], object], device: str) -> float:
    started = time.perf_counter()
    what()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _print_peak(case: Case) -> None:
    model = _model(case)
    with torch.inference_mode(), convolutions("float32"):
        model(*(torch.rand(1, 1, 32, 32, device=case.device) for _ in range(2)))  # what torch loads at its first use
        before = memory.peak_mebibytes()
        if case.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        model(*(torch.rand(case.batch, 1, case.size, case.size, device=case.device) for _ in range(2)))
    print(torch.cuda.max_memory_allocated() / 2**20 if case.device == "cuda" else memory.peak_mebibytes() - before)


if __name__ == "__main__":
    _print_peak(Case(**json.loads(sys.argv[1])))
