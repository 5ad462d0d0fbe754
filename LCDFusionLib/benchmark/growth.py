"""How time and memory of a fusion grow with its slices: the whole way through the worker, results left on the disk."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LCDFusionLib.fusion import FusionSettings, FusionWorker, SliceFused, Started, prepare
from LCDFusionLib.images.volume import Modality, Unit, Volume

from .memory import peak_mebibytes

EDGE = 64
"""Rows and columns where none are asked for: small, so that a thousand slices take a minute."""

STEPS = ("process starts", "handed over", "job begins", "slices", "handed back")
"""Of a fusion, one after the other."""
FIXED = ("process starts", "job begins")
"""Those of them that take as long for one slice as for a thousand: PyTorch is loaded, the weights are."""


@dataclass(frozen=True)
class Growth:
    """One fusion.

    Attributes:
        slices: of the volume.
        edge: its rows and columns.
        seconds: of each of `STEPS`.
        worker_mebibytes: peak memory of the worker process; NaN where the system does not tell.
    """

    slices: int
    edge: int
    seconds: dict[str, float]
    worker_mebibytes: float

    @property
    def total(self) -> float:
        """Seconds of all steps."""
        return sum(self.seconds.values())

    @property
    def fixed_part(self) -> float:
        """What of them does not grow with the slices, 0 to 1."""
        return sum(self.seconds[step] for step in FIXED) / self.total


def measure_growth(slices: int, edge: int = EDGE) -> Growth:
    """Fuse noise of so many slices in a worker of its own."""
    random = np.random.default_rng(42)
    shape, matrix = (slices, edge, edge), np.eye(4)
    ct = random.normal(40, 60, shape).astype(np.int16)
    pet = random.gamma(2.0, 1.0, (slices, edge // 2, edge // 2)).astype(np.float32)
    anatomy = Volume(ct, matrix, Modality.CT, Unit.HU, name="CT", frame_of_reference="1.2")
    function = Volume(pet, np.diag([2.0, 2.0, 1.0, 1.0]), Modality.PET, Unit.SUVBW, name="PET", frame_of_reference="1.2")
    ends = [time.perf_counter()]
    with tempfile.TemporaryDirectory(prefix="lcdfusion-") as results, FusionWorker() as worker:
        worker.start()
        while worker.machine is None:
            worker.poll()
            time.sleep(0.01)
        ends.append(time.perf_counter())
        pair = prepare(anatomy, function, FusionSettings(device="cpu"))
        worker.submit(pair, results=Path(results))
        ends.append(time.perf_counter())
        peak = float("nan")
        while worker.is_busy:
            for event in worker.events():
                if isinstance(event, Started):
                    ends.append(time.perf_counter())
                elif isinstance(event, SliceFused) and event.done == event.total:
                    ends.append(time.perf_counter())
                    peak = peak_mebibytes(worker.pid)
            time.sleep(0.01)
        ends.append(time.perf_counter())
    return Growth(slices, edge, dict(zip(STEPS, np.diff(ends).tolist(), strict=True)), peak)
