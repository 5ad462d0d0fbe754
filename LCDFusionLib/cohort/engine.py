"""Jobs on Dask's workers: on this machine's by default, on those of a scheduler if one is named."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import dask
import psutil
from distributed import Client, KilledWorker, LocalCluster, as_completed

from LCDFusionLib.errors import FailedError, InputError

from .job import Job, Outcome
from .task import fuse_job

_BYTES_A_WORKER = 3 << 30  # a pair of 512x512x300, its fusion process and what lies between them
_DEATHS = 2  # of workers on one pair, until the pair is given up


class ClusterLostError(FailedError):
    """The scheduler is gone; what was whole stays, the rest has to be given to another one."""


@dataclass(frozen=True)
class Engine:
    """Where the jobs run.

    Attributes:
        workers: on this machine; None: one a GPU, else as many as cores and memory allow.
        scheduler: address of a Dask scheduler, such as "tcp://node1:8786"; its workers need LCDFusion and the same paths.
        retries: how often a pair is tried again after its process died or the disk failed.
    """

    workers: int | None = None
    scheduler: str | None = None
    retries: int = 2

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A client of the cluster, which ends with it where it is this machine's.

        Raises:
            InputError: the scheduler does not answer.
        """
        dask.config.set({"distributed.scheduler.allowed-failures": _DEATHS, "distributed.comm.timeouts.connect": "20s"})
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what it has to say, `ClusterLostError` says
        if self.scheduler:
            try:
                client = Client(self.scheduler, timeout=20)
            except (OSError, ValueError) as error:
                raise InputError(f"The Dask scheduler '{self.scheduler}' does not answer ({error}): check the address.") from error
            with client:
                yield client
            return
        gpus = _gpus()
        count = self.workers or len(gpus) or max(1, min(os.cpu_count() or 1, psutil.virtual_memory().available // _BYTES_A_WORKER))
        threads = max(1, (os.cpu_count() or 1) // count)
        with _interrupts_ignored():  # Ctrl-C goes to the whole group; the workers are ended in order, by this process
            cluster = LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                host="127.0.0.1",
                silence_logs=logging.CRITICAL,
                env={"OMP_NUM_THREADS": str(threads), "LCDFUSION_GPUS": ",".join(gpus), "DASK_LOGGING__DISTRIBUTED": "critical"},
                resources={"GPU": 1} if gpus else None,
            )
        with cluster, Client(cluster) as client:
            yield client


def run_jobs(
    jobs: Sequence[tuple[Job, dict[str, Any]]],
    results: Path,
    client: Client,
    *,
    retries: int = 2,
    done: Callable[[Outcome], object] | None = None,
) -> list[Outcome]:
    """Fuse every job; one that fails costs no other.

    Args:
        jobs: each with its arguments of `LCDFusionLib.fuse` and, under "write", of `Result.write`.
        results: folder that holds a folder for each, named by its key, and `outcomes`. Every worker must see it.
        client: from `Engine.client`.
        retries: see `Engine`.
        done: called with each outcome as it comes.

    Returns:
        The outcomes in the order of the jobs.

    Raises:
        ClusterLostError: the scheduler is gone.
    """
    needs = {"GPU": 1} if any("GPU" in worker.get("resources", {}) for worker in client.scheduler_info()["workers"].values()) else None
    turn = uuid4().hex[:8]  # what an earlier one left of a pair, on a scheduler that lives on, is not this one's
    futures = {
        client.submit(
            fuse_job, job, arguments, str(results), key=f"fuse-{job.key}-{turn}", retries=retries, resources=needs, pure=False
        ): job
        for job, arguments in jobs
    }
    outcomes: dict[str, Outcome] = {}
    try:
        for future in as_completed(futures):
            if future.cancelled():
                raise ClusterLostError(
                    f"The connection to the Dask scheduler '{client.scheduler.address}' broke: see that it runs, and run the same again; "
                    "what is whole stays."
                )
            job = futures[future]
            outcome = _outcome(future, job, results)
            outcomes[job.key] = outcome
            if done is not None:
                done(outcome)
    except ClusterLostError:
        raise
    except BaseException:
        client.cancel(list(futures), force=True)
        raise
    return [outcomes[job.key] for job, _ in jobs]


def _outcome(future: Any, job: Job, results: Path) -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, KilledWorker):
        reason = f"Its process was ended {_DEATHS + 1} times, as when memory is short; the pair was given up."
    else:
        reason = str(error) or type(error).__name__
    outcome = Outcome(job.key, "failed", reason, fingerprint=job.fingerprint, may_pass=isinstance(error, InputError))
    outcome.write(results / "outcomes")
    return outcome


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Processes that are started within ignore Ctrl-C; this one does meanwhile."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _gpus() -> list[str]:
    """Numbers of this machine's NVIDIA GPUs, without loading torch."""
    if os.environ.get("CUDA_VISIBLE_DEVICES"):
        return os.environ["CUDA_VISIBLE_DEVICES"].split(",")
    if shutil.which("nvidia-smi") is None:
        return []
    listing = subprocess.run(["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"], capture_output=True, text=True, timeout=30)
    return listing.stdout.split() if listing.returncode == 0 else []
