"""How fast the network is here, and how much memory it takes: its forms side by side, as `docs/performance.md` describes.

`python -m LCDFusionLib.fusion.speed CASE` measures the memory of one form in a process of its own; CASE is a `Case` as JSON.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from LCDFusionLib.network import LCDFusionNet, NetworkConfig, RewrittenNet, prepare
from LCDFusionLib.network.operations import count_operations

from . import memory
from .device import device_in_words

FORMS = ("direct", "rewritten", "prepared")
"""The equations as they stand, in torch's usual memory order; their exact rewrite, as training uses it; what inference runs."""

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
        precision: of the convolutions; below float32 for the prepared form alone.
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
        share: of the rate that 3x3 convolutions alone reach in the same rounds; None where that says nothing.
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
    convolution, of_convolution = _convolution(first)
    times: list[list[float]] = [[] for _ in cases]
    rates = []
    with torch.inference_mode():
        for turn in range(rounds + 1):
            for n, model in enumerate(models):
                seconds = _seconds(lambda model=model: model(*images), first.device)  # type: ignore[misc]
                if turn:
                    times[n].append(seconds / first.batch)
                done()
            seconds = _seconds(convolution, first.device)
            if turn:
                rates.append(of_convolution / seconds)
    results = []
    for case, model, taken in zip(cases, models, times, strict=True):
        seconds = statistics.median(taken)
        # The prepared form works in buffers and stripes, so it is counted on a real image; the others on shapes alone.
        counted_on = "cpu" if case.form == "prepared" else "meta"
        cost = count_operations(model.to("cpu"), (case.size, case.size), device=counted_on).multiply_accumulates
        results.append(Measured(case, seconds, cost, cost / seconds / statistics.median(rates), peak_mebibytes(case)))
        done()
    return results


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
        [sys.executable, "-m", "LCDFusionLib.fusion.speed", json.dumps(asdict(case))], capture_output=True, text=True, check=True
    )
    return float(answer.stdout)


def _model(case: Case) -> nn.Module:
    torch.manual_seed(42)
    network = LCDFusionNet(NetworkConfig(correlation_size=case.correlation_size)).eval()
    if case.form == "direct":
        return network.to(case.device)
    model = RewrittenNet(network) if case.form == "rewritten" else prepare(network, dtype=PRECISIONS[case.precision])
    return model.to(case.device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def _convolution(case: Case) -> tuple[Callable[[], Tensor], int]:
    """A 3x3 convolution of the network's usual width on an image of the case, in the fastest memory order, and its multiply-accumulates."""
    channels = 64
    x = torch.rand(1, channels, case.size, case.size, device=case.device).contiguous(memory_format=torch.channels_last)
    weights = torch.rand(channels, channels, 3, 3, device=case.device).contiguous(memory_format=torch.channels_last)
    return lambda: F.conv2d(x, weights, padding=1), 9 * channels * channels * case.size**2


def _seconds(what: Callable[[], object], device: str) -> float:
    started = time.perf_counter()
    what()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - started


def _print_peak(case: Case) -> None:
    model = _model(case)
    with torch.inference_mode():
        model(*(torch.rand(1, 1, 32, 32, device=case.device) for _ in range(2)))  # what torch loads at its first use
        before = memory.peak_mebibytes()
        if case.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        model(*(torch.rand(case.batch, 1, case.size, case.size, device=case.device) for _ in range(2)))
    print(torch.cuda.max_memory_allocated() / 2**20 if case.device == "cuda" else memory.peak_mebibytes() - before)


if __name__ == "__main__":
    _print_peak(Case(**json.loads(sys.argv[1])))
