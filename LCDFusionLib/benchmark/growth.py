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
"""Rows and columns: small, so that a thousand slices take a minute."""


@dataclass(frozen=True)
class Growth:
    """One fusion.

    Attributes:
        slices: of the volume.
        seconds: from the first slice begun to the last one done.
        worker_mebibytes: peak memory of the worker process; NaN where the system does not tell.
    """

    slices: int
    seconds: float
    worker_mebibytes: float


def measure_growth(slices: int) -> Growth:
    """Fuse noise of so many slices in a worker of its own."""
    random = np.random.default_rng(42)
    shape, matrix = (slices, EDGE, EDGE), np.eye(4)
    ct = random.normal(40, 60, shape).astype(np.float32)
    pet = random.gamma(2.0, 1.0, shape).astype(np.float32)
    anatomy = Volume(ct, matrix, Modality.CT, Unit.HU, name="CT", frame_of_reference="1.2")
    function = Volume(pet, matrix, Modality.PET, Unit.SUVBW, name="PET", frame_of_reference="1.2")
    pair = prepare(anatomy, function, FusionSettings(device="cpu"))
    with tempfile.TemporaryDirectory(prefix="lcdfusion-") as results, FusionWorker() as worker:
        begun = ended = time.perf_counter()
        peak = float("nan")
        for event in worker.run(pair, results=Path(results)):
            if isinstance(event, Started):
                begun = time.perf_counter()
            elif isinstance(event, SliceFused):
                ended = time.perf_counter()
                if event.done == event.total:
                    peak = peak_mebibytes(worker.pid)
        return Growth(slices, ended - begun, peak)
