"""The host's side of the worker process: jobs in, events out."""

from __future__ import annotations

import logging
import shutil
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.itk import sitk
from LCDFusionLib.images.volume import Modality, Unit

from .events import Cancelled, Event, Finished, Machine, Note, SliceFused, SlicePreviewed, Started
from .fused_volume import FusionResult
from .handed_over import hand_over
from .order import outwards
from .pair import FusionPair
from .process import WorkerDied, WorkerProcess
from .slice_file import SliceFile
from .uptake_seen import UptakeSeen

_LOG = logging.getLogger(__name__)

POLL_INTERVAL = 0.01
"""Seconds between two looks at a running worker in `FusionWorker.run`."""
_DEFORMATION = "deformation.h5"
_LAST = ("finished", "cancelled", "failed")  # messages that end a job


@dataclass(eq=False)
class _Job:
    """The job that runs now."""

    number: int
    pair: FusionPair
    request: dict[str, Any]  # for the process
    folder: Path
    notes: list[str]
    results: Path | None = None  # where the fused volumes go; None: into memory
    filled: tuple[NDArray, NDArray] | None = None  # gray and colour of the host, which puts every slice there itself
    started: dict[str, Any] = field(default_factory=dict)
    metrics: dict[int, dict[str, float]] = field(default_factory=dict)
    blend_metrics: dict[int, dict[str, float]] = field(default_factory=dict)
    give_up_at: float | None = None  # set by a cancel: the process should have answered it by then

    def fused(self, name: str, index: int | None = None) -> NDArray:
        """Array "gray" or "color", or one slice of it, as a copy: the file behind it will be deleted, unless it was asked for."""
        file = self.folder / f"{name}.npy"
        if index is None and self.results is not None:
            return np.load(shutil.move(file, self.results / file.name), mmap_mode="r")
        array = np.load(file, mmap_mode="r")
        return np.array(array if index is None else array[index])


class FusionWorker:
    """Fuses volume pairs in a process of its own, one pair at a time.

    The process starts with the first job (or with `start`), keeps torch loaded for the next ones and ends with `close`, with this object or
    with the host. If it dies in a job, `WorkerDied` is raised and the next job starts a new one. A cancelled job is over for the host at
    once; the process ends its slice meanwhile, and has torch loaded for the next.

    Two ways to use it. Where waiting is allowed, `run` gives the events one after another. Where it is not (a GUI), `submit` a job and
    `poll` it from a timer. Call it from one thread; only `cancel` may come from another.

    Args:
        python: interpreter of the worker, which must have torch; that of this process by default.
        cancel_patience: seconds after which a process that has not answered a cancel is ended by force; a job that waits gets a new one.

    Example:
        >>> with FusionWorker() as worker:
        ...     for event in worker.run(prepare(ct, pet)):
        ...         print(event)
    """

    def __init__(self, *, python: str | Path | None = None, cancel_patience: float = 30.0) -> None:
        self._python = str(python or sys.executable)
        self._cancel_patience = cancel_patience
        self._process: WorkerProcess | None = None
        self._job: _Job | None = None
        self._left: dict[int, _Job] = {}  # cancelled, by number, until the process has answered
        self._messages: deque[dict[str, Any]] = deque()  # received, not yet looked at
        self._number = 0
        self._machine: Machine | None = None

    def __enter__(self) -> FusionWorker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def is_busy(self) -> bool:
        """True while a job runs."""
        return self._job is not None

    @property
    def machine(self) -> Machine | None:
        """What the process can compute with; None until it has loaded torch, and where there is no process."""
        if self._process and self._machine is None:
            self._receive(self._process)
        return self._machine

    @property
    def log(self) -> list[str]:
        """The last lines that the process printed."""
        return self._process.last_lines() if self._process else []

    @property
    def pid(self) -> int | None:
        """Id of the worker process; None while there is none."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process if there is none, so that torch loads while the user still chooses.

        Raises:
            InputError: the interpreter cannot be started, or there is no room for temporary files.
        """
        if self._process and self._process.exit_code is None:
            return
        self._stop_process()
        try:
            self._process = WorkerProcess(self._python)
            _LOG.info("worker %d started with %s", self._process.pid, self._python)
        except OSError as error:
            raise InputError(
                f"The fusion process cannot be started with '{self._python}' ({error}); check that it exists and can be run."
            ) from error

    def stage(self, pair: FusionPair) -> Path:
        """Hands the volumes over for `submit`, and takes the room for the fused ones; a host may call it in a thread, after `start`.

        Raises:
            InputError: there is no room for temporary files.
        """
        assert self._process is not None
        folder = self._process.folder / f"staged-{uuid4().hex}"
        try:
            _write(folder, pair)
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if not isinstance(error, OSError):
                raise
            raise InputError(
                f"The temporary folder '{folder.parent}' cannot take the volumes ({error}); make room there or set TMPDIR."
            ) from error
        return folder

    def submit(
        self,
        pair: FusionPair,
        *,
        first_slice: int = 0,
        preview: bool = False,
        results: Path | None = None,
        staged: Path | None = None,
        filled: tuple[NDArray, NDArray] | None = None,
    ) -> None:
        """Start to fuse `pair`, slice `first_slice` first, then its neighbours outwards; `poll` tells what happens.

        Args:
            pair: from `prepare`.
            first_slice: the one on show.
            preview: first show this one at half its resolution (`SlicePreviewed`), where a slice takes long: large ones, on a CPU.
            results: a folder that the fused volumes are left in; the result then is memory maps of them, and the host's memory does not
                hold them. None: the result is in memory.
            staged: from `stage`; written now where there is none, or its process has ended.
            filled: arrays, gray and colour, that the host puts every slice into; the result then is these, and nothing is read again.

        Raises:
            InputError: the process cannot be started, or there is no room for temporary files.
            RuntimeError: the last job has not ended.
            ValueError: the pair has no slice `first_slice`.
        """
        if self._job:
            raise RuntimeError("the worker is busy with another job; cancel it, or poll until it ends")
        request = {
            "order": outwards(pair.count, first_slice),
            "weights": pair.weights,
            "device": pair.settings.device,
            "precision": pair.settings.precision,
            "batch_size": pair.settings.batch_size,
            "threads": pair.settings.threads,
            "color_table": pair.settings.color_table,
            "anatomy_window": astuple(pair.anatomy_window),
            "function_window": astuple(pair.function_window),
            "deformation": _DEFORMATION if pair.deformation is not None else "",
            "preview": preview,
        }
        self._begin(pair, request, results, staged, filled)

    def follow(self, index: int) -> None:
        """Another slice is on show: it is fused next, then its neighbours outwards. Does nothing without a job."""
        if self._job and self._process and 0 <= index < self._job.pair.count:
            self._process.send(do="follow", job=self._job.number, slice=index)

    def poll(self) -> list[Event]:
        """What happened since the last call; never waits.

        Returns:
            Events; the last of a job is `Finished` or `Cancelled`. Empty when there is nothing new, or no job.

        Raises:
            InputError: the job failed for something the user gave: the message is for them.
            RuntimeError: the job failed for another reason.
            WorkerDied: the process ended.
        """
        return list(self.events())

    def events(self) -> Iterator[Event]:
        """`poll`, an event at a time: who has no time for more leaves the rest for the next call."""
        process = self._process
        if process is None:
            return
        exit_code = process.exit_code  # asked before the messages are read: what it wrote before it died still counts
        self._receive(process)
        while True:
            if self._job is not None and self._job.give_up_at is not None:
                job, self._job = self._job, None
                self._left[job.number] = job
                yield Cancelled(len(job.metrics))
            if not self._messages:
                break
            message = self._messages.popleft()
            if self._job is not None and message["job"] == self._job.number:
                event = self._event(self._job, message)
                if event:
                    yield event
            elif message["job"] in self._left and message["event"] in _LAST:
                shutil.rmtree(self._left.pop(message["job"]).folder, ignore_errors=True)
        if self._process is not process:  # closed by who was told of an event
            return
        is_overdue = any(job.give_up_at is not None and time.monotonic() > job.give_up_at for job in self._left.values())
        if exit_code is None and not is_overdue:
            return
        waiting, last_lines = self._job, process.last_lines()
        if waiting is not None and exit_code is None:  # it hangs in the job before
            self._begin_again(waiting, process)
            return
        self._stop_process()
        if waiting is not None and exit_code is not None:
            _LOG.warning("the worker died with exit code %d; it had printed: %s", exit_code, " | ".join(last_lines) or "nothing")
            # A broken GPU may take the process with it, and would do so again.
            raise WorkerDied(exit_code, last_lines, on_gpu=waiting.started.get("device", "CPU")[:3] != "CPU")

    def run(
        self,
        pair: FusionPair,
        first_slice: int = 0,
        *,
        preview: bool = False,
        results: Path | None = None,
        waiting: Callable[[], object] = lambda: None,
    ) -> Iterator[Event]:
        """Fuse `pair` and wait for each event: `Started`, `SliceFused` for every slice, at last `Finished` (or `Cancelled`).

        Leaving the loop early cancels the job, and so does an exception that `waiting` raises, which is called all the time between two
        events. Takes and raises what `submit` and `poll` do.
        """
        self.submit(pair, first_slice=first_slice, preview=preview, results=results)
        return self._events_until_the_end(waiting)

    def cancel(self) -> None:
        """End the job at once: the next event is `Cancelled`. Does nothing without a job."""
        job, process = self._job, self._process
        if job and process and job.give_up_at is None:
            job.give_up_at = time.monotonic() + self._cancel_patience
            process.send(do="cancel", job=job.number)

    def close(self) -> None:
        """End the process; a running job is lost."""
        self._stop_process()

    def _events_until_the_end(self, waiting: Callable[[], object]) -> Iterator[Event]:
        try:
            while self._job:
                waiting()
                yield from self.events()
                time.sleep(POLL_INTERVAL if self._job else 0)
        finally:
            self.cancel()
            while self._job or self._left:
                self.poll()
                time.sleep(POLL_INTERVAL)

    def _begin(
        self, pair: FusionPair, request: dict[str, Any], results: Path | None, staged: Path | None, filled: tuple[NDArray, NDArray] | None
    ) -> None:
        self.start()
        assert self._process is not None
        self._number += 1
        folder = self._process.folder / f"job-{self._number}"
        if staged is None or not staged.is_dir():
            staged = self.stage(pair)
        staged.rename(folder)
        for left in folder.parent.glob("staged-*"):  # of a fusion that was given up before it began
            shutil.rmtree(left, ignore_errors=True)
        self._job = _Job(self._number, pair, request, folder, list(pair.warnings), results, filled)
        self._process.send(do="fuse", job=self._number, **request)

    def _begin_again(self, job: _Job, hung: WorkerProcess) -> None:
        """A job goes to a new process, with its files."""
        self._process = self._job = None
        self._left.clear()
        self.start()
        assert self._process is not None
        staged = self._process.folder / "staged-again"
        shutil.move(job.folder, staged)
        hung.close()
        self._messages.clear()
        self._begin(job.pair, job.request, job.results, staged, job.filled)

    def _receive(self, process: WorkerProcess) -> None:
        for message in process.receive():
            if message["event"] == "ready":
                self._machine = Machine(message["torch"], message["device"], message["problem"])
                _LOG.info("worker is ready: torch %s, %s", self._machine.torch, self._machine.device or self._machine.problem)
            else:
                self._messages.append(message)

    def _event(self, job: _Job, message: dict[str, Any]) -> Event | None:
        """The message as an event; the last one ends the job."""
        kind = message["event"]
        event: Event | None = None
        try:
            if kind == "started":
                job.started = message
                _LOG.info("fusing on %s with %s (%s)", message["device"], message["weights_name"], message["weights_sha256"][:12])
                event = Started(job.pair.count, message["device"], message["weights_name"], message["weights_sha256"])
            elif kind == "note":
                job.notes.append(message["text"])
                event = Note(message["text"])
            elif kind == "preview":
                event = SlicePreviewed(message["index"], *(np.load(job.folder / f"preview_{name}.npy")[0] for name in ("gray", "color")))
            elif kind == "slice":
                event = _slice_fused(job, message)
            elif kind == "finished":
                event = Finished(_result(job, message))
            elif kind == "failed":
                raise InputError(message["message"]) if message["by_input"] else RuntimeError(f"The fusion failed ({message['message']}).")
            return event
        finally:
            if kind in _LAST:
                self._job = None
                shutil.rmtree(job.folder, ignore_errors=True)

    def _stop_process(self) -> None:
        self._job = None
        self._left.clear()
        self._messages.clear()
        self._machine = None
        if self._process:
            self._process.close()
            self._process = None


def _write(folder: Path, pair: FusionPair) -> None:
    """The job's volumes; those for the results at full size, so that a full disk is found out here and not in the middle of the work."""
    folder.mkdir()
    hand_over(pair.anatomy, folder, "anatomy")
    hand_over(pair.function, folder, "function")
    if pair.deformation is not None:
        sitk.WriteTransform(pair.deformation.transform, str(folder / _DEFORMATION))
    SliceFile.create(folder / "gray.npy", pair.anatomy.shape, np.float32)
    SliceFile.create(folder / "color.npy", (*pair.anatomy.shape, 3), np.uint8)


def _slice_fused(job: _Job, message: dict[str, Any]) -> SliceFused:
    index = message["index"]
    job.metrics[index], job.blend_metrics[index] = message["metrics"], message["blend_metrics"]
    return SliceFused(
        index=index,
        done=message["done"],
        total=job.pair.count,
        seconds_left=message["seconds_left"],
        metrics=message["metrics"],
        blend_metrics=message["blend_metrics"],
        gray=job.fused("gray", index),
        color=job.fused("color", index),
    )


def _result(job: _Job, message: dict[str, Any]) -> FusionResult:
    anatomy = job.pair.anatomy
    name = f"{anatomy.name} + {job.pair.function.name} fused"
    gray, color = job.filled or (job.fused("gray"), job.fused("color"))
    uptake = UptakeSeen.from_message(message["uptake"])
    return FusionResult(
        gray=anatomy.with_array(gray, modality=Modality.OTHER, unit=Unit.RELATIVE, name=name, is_fused=True),
        color=anatomy.with_array(color, modality=Modality.OTHER, unit=Unit.RELATIVE, name=f"{name}, colour", is_fused=True),
        metrics=[job.metrics[k] for k in range(len(job.metrics))],
        blend_metrics=[job.blend_metrics[k] for k in range(len(job.metrics))],
        weights_name=job.started["weights_name"],
        weights_sha256=job.started["weights_sha256"],
        device=message["device"],
        seconds=message["seconds"].pop("all"),
        seconds_of=message["seconds"],
        notes=(*job.notes, *job.pair.warnings_on(uptake)),
        heat=tuple(uptake.heat[k] for k in range(job.pair.count)),
    )
