"""What one of Dask's workers does with one job."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from LCDFusionLib.errors import InputError, may_pass
from LCDFusionLib.fusion import FusionWorker, WorkerDied
from LCDFusionLib.fusion.metrics_csv import mean_of
from LCDFusionLib.pipeline import Result, fuse

from .job import Job, Outcome

_workers: list[FusionWorker] = []  # this process's one, which stays warm from job to job


def fuse_job(job: Job, arguments: dict[str, Any], results: str) -> Outcome:
    """Fuse one pair into a folder of its own, and keep the outcome beside it.

    What is wrong with the pair is its outcome; what is wrong with the machine is raised, so that Dask tries again.

    Args:
        job: the pair.
        arguments: of `LCDFusionLib.fuse`, and under "write" of `Result.write`.
        results: the folder of all results.
    """
    started = time.monotonic()
    folder, outcomes = Path(results) / job.key, Path(results) / "outcomes"
    arguments = dict(arguments)
    write = arguments.pop("write", {})
    try:
        result = fuse(job.anatomy, job.function, worker=_worker(), **arguments)
        result.prepared.with_dicom(write.get("dicom"))  # afterwards a writing that fails is none of the pair's faults
    except InputError as error:
        if may_pass(error):
            raise
        outcome = Outcome(job.key, "failed", str(error), seconds=time.monotonic() - started, fingerprint=job.fingerprint)
    except WorkerDied:
        _close_worker()
        raise
    else:
        not_written = result.write(folder, overwrite=True, **write)
        outcome = _fused(job, result, not_written, time.monotonic() - started)
    outcome.write(outcomes)
    return outcome


def kept(job: Job, results: Path) -> Outcome | None:
    """The outcome of an earlier run, where the pair and its options are the same and the folder is still there."""
    outcome = Outcome.read(results / "outcomes", job.key)
    is_whole = outcome is not None and outcome.status in ("fused", "kept") and (results / job.key / "report.json").is_file()
    return outcome if is_whole and outcome is not None and outcome.fingerprint == job.fingerprint else None


def _fused(job: Job, result: Result, not_written: tuple[str, ...], seconds: float) -> Outcome:
    return Outcome(
        job.key,
        "fused",
        notes=tuple(map(str, (*result.notes, *not_written))),
        metrics=_means(result.metrics),
        blend_metrics=_means(result.blend_metrics),
        slices=len(result.metrics),
        seconds=round(seconds, 2),
        fingerprint=job.fingerprint,
    )


def _means(rows: list[dict[str, float]]) -> dict[str, float | None]:
    names = list(rows[0])
    means = mean_of(np.array([[row[name] for name in names] for row in rows]))
    return {name: float(mean) if np.isfinite(mean) else None for name, mean in zip(names, means, strict=True)}


def _worker() -> FusionWorker:
    if not _workers:
        _choose_gpu()
        _workers.append(FusionWorker())
    return _workers[0]


def _close_worker() -> None:
    while _workers:
        _workers.pop().close()


def _choose_gpu() -> None:
    """Each worker of this machine takes a GPU of its own."""
    gpus = list(filter(None, os.environ.get("LCDFUSION_GPUS", "").split(",")))
    if gpus:
        from distributed import get_worker

        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[int(get_worker().name) % len(gpus)]
