"""The worker process: does the jobs of `protocol.py`, one after another, and ends when its input closes.

Started by `process.py` as `python -m LCDFusionLib.fusion.worker FOLDER`.
"""

from __future__ import annotations

import functools
import math
import os
import shutil
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from time import perf_counter, sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.color import COLOR_TABLES, fused_color, fused_color_from_rgb
from LCDFusionLib.images.itk import sitk
from LCDFusionLib.images.window import Window

from .handed_over import taken_over
from .order import Waiting
from .progress import TimeLeft
from .protocol import EVENTS_FILE, decode, encode
from .slice_file import SliceFile
from .uptake_seen import UptakeSeen
from .windowed import WindowedAnatomy, WindowedFunction

Answer = tuple[str, dict[str, Any]]

_STILL_S = 0.25
"""So long after the last slice that was scrolled to, the reader has stopped."""
_RESTS, _LONGEST_REST_S = 4, 0.5
"""While somebody scrolls, a CPU rests this many times as long as it works: a fusion gets on with a fifth of its speed, not with none."""


class Inbox:
    """Reads the host's messages in a thread, so that a cancel, or another slice on show, is seen while a slice is being fused.

    Attributes:
        rested_at: when it stood aside last, by `perf_counter`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jobs: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._cancelled = 0
        self._shown = (0, 0)  # job, slice
        self._followed_at = self._works_since = self.rested_at = -math.inf
        self._followers: dict[int, Waiting] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin.buffer:
            message = decode(line)
            if message["do"] == "cancel":
                self._cancelled = message["job"]
            elif message["do"] == "follow":
                self._shown, self._followed_at = (message["job"], message["slice"]), perf_counter()
                if message["job"] in self._followers:
                    self._followers[message["job"]].follow(message["slice"])
            else:
                self._jobs.put(message)
        # The host closed our input, or died: end now, in the middle of a slice too, and leave no patient's image behind.
        shutil.rmtree(self._folder, ignore_errors=True)
        os._exit(0)

    def jobs(self) -> Iterator[dict[str, Any]]:
        """Jobs as they come, without end."""
        while True:
            yield self._jobs.get()

    def is_cancelled(self, job: int) -> bool:
        """True if the host no longer wants job number `job`."""
        return job <= self._cancelled

    def follow(self, job: int, waiting: Waiting) -> None:
        """From now on `waiting` hears which slice of job number `job` is on show."""
        self._followers = {job: waiting}
        if self._shown[0] == job:
            waiting.follow(self._shown[1])

    def stand_aside(self) -> None:
        """Lets the views of a reader who scrolls have the cores; to be called between two steps of the work."""
        now = perf_counter()
        rested = now + min(_RESTS * (now - self._works_since), _LONGEST_REST_S)
        while (until := min(self._followed_at + _STILL_S, rested)) > now:
            sleep(until - now)
            now = self.rested_at = perf_counter()
        self._works_since = now


class Outbox:
    """Appends messages to the events file, each in one write."""

    def __init__(self, folder: Path) -> None:
        self._file = (folder / EVENTS_FILE).open("ab", buffering=0)

    def send(self, event: str, job: int, **content: object) -> None:
        """One message to the host."""
        self._file.write(encode({"event": event, "job": job, **content}))


def main() -> None:
    """Do jobs until the input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches both processes; the host says what it means
    folder = Path(sys.argv[1])
    inbox, outbox = Inbox(folder), Outbox(folder)
    outbox.send("ready", 0, **_machine())  # torch takes seconds to load: now, rather than with the first job
    for job in inbox.jobs():
        event, content = _answer(job, folder, inbox, outbox)
        outbox.send(event, job["job"], **content)  # here the files of `fuse` are closed: the host now deletes their files


def _machine() -> dict[str, Any]:
    """What this process can compute with; the fields of `events.Machine`."""
    try:
        import torch

        from .device import choose_device, device_in_words
        from .engine import fuse_slices  # noqa: F401

        _ = sitk.sitkLinear  # loaded now, too
        return {"torch": torch.__version__, "device": device_in_words(choose_device()), "problem": None}
    except Exception as error:  # a broken installation fails in many ways; the first job reports it too
        return {"torch": None, "device": None, "problem": f"PyTorch cannot be loaded ({str(error).partition(chr(10))[0]})"}


def _answer(job: dict[str, Any], folder: Path, inbox: Inbox, outbox: Outbox) -> Answer:
    try:
        return fuse(job, folder / f"job-{job['job']}", inbox, outbox)
    except InputError as error:
        return "failed", {"by_input": True, "message": str(error)}
    except ImportError as error:
        return "failed", {"by_input": True, "message": f"PyTorch cannot be loaded by '{sys.executable}' ({error}); install it there."}
    except Exception as error:
        traceback.print_exc()
        return "failed", {"by_input": False, "message": f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"}


def fuse(job: dict[str, Any], folder: Path, inbox: Inbox, outbox: Outbox) -> Answer:
    """Do one job; send what happens on the way and return the last message."""
    import torch

    from LCDFusionLib.network import WeightsError, load_weights

    from .device import choose_device, device_in_words, slices_at_a_time
    from .engine import PREVIEW_FROM, Backend, NetworkBackend, fuse_slices, network_backends

    started = perf_counter()
    number, order, table = job["job"], job["order"], COLOR_TABLES[job["color_table"]]
    torch.set_num_threads(job["threads"] or _default_threads())
    anatomy, function = (taken_over(folder, role) for role in ("anatomy", "function"))
    padding = SliceFile(folder / "anatomy_padding.npy") if anatomy.padding is not None else None
    anatomy01 = WindowedAnatomy(SliceFile(folder / "anatomy.npy"), Window(*job["anatomy_window"]), padding)
    transform = sitk.ReadTransform(str(folder / job["deformation"])) if job["deformation"] else None
    function01 = WindowedFunction(function, Window(*job["function_window"]), anatomy, transform)
    gray, color = (SliceFile(folder / f"{name}.npy", writable=True) for name in ("gray", "color"))

    def colored(indices: list[int], fused: NDArray[np.float32], uptake: NDArray[np.float32]) -> NDArray[np.uint8]:
        if function.is_color:
            return fused_color_from_rgb(fused, function01.unwindowed(indices))
        return fused_color(fused, uptake, table)

    try:
        weights = load_weights(job["weights"])
    except WeightsError as error:
        raise InputError(str(error)) from error
    device = choose_device(job["device"])
    used: list[str] = []

    def backends() -> Iterator[Backend]:
        batch_size = job["batch_size"] or slices_at_a_time(device, math.prod(anatomy.shape[1:]))
        for backend in network_backends(
            weights.network, device, batch_size=batch_size, precision=job["precision"], between=inbox.stand_aside
        ):
            used.append(str(backend))
            yield backend

    outbox.send("started", number, device=device_in_words(device), weights_name=weights.name, weights_sha256=weights.sha256)
    first = order[:1]
    if job.get("preview") and device.type == "cpu" and min(anatomy.shape[1:]) >= PREVIEW_FROM:
        uptake = function01[first]
        preview = NetworkBackend(weights.network, device).preview(anatomy01[first], uptake)
        np.save(folder / "preview_gray.npy", preview)
        np.save(folder / "preview_color.npy", colored(first, preview, uptake))
        outbox.send("preview", number, index=first[0])
    waiting = Waiting(order)
    inbox.follow(number, waiting)
    done, time_left, last, seen = 0, TimeLeft(), perf_counter(), UptakeSeen()
    spent: Counter[str] = Counter()
    slices = fuse_slices(
        anatomy01,
        function01,
        order=waiting,
        backends=backends(),
        padding=padding,
        note=lambda text: outbox.send("note", number, text=text),
    )
    while not inbox.is_cancelled(number):
        batch = next(slices, None)
        if batch is None:
            seconds = {"all": perf_counter() - started, **spent}
            return "finished", {"device": ", then ".join(dict.fromkeys(used)), "seconds": seconds, "uptake": seen.to_message()}
        gray[batch.indices] = batch.gray
        color[batch.indices] = colored(batch.indices, batch.gray, batch.sources[1])
        for index, *sources in zip(batch.indices, *batch.sources, strict=True):
            seen.add(index, *sources)
        spent.update(batch.seconds)
        now = perf_counter()
        if inbox.rested_at < last:  # else the reader scrolled, which says nothing of the rest
            time_left.batch_done(len(batch.indices), now - last)
        last = now
        for n, index in enumerate(batch.indices):
            done += 1
            outbox.send(
                "slice",
                number,
                index=index,
                done=done,
                seconds_left=time_left.seconds(len(order) - done),
                metrics=batch.metrics[n],
                blend_metrics=batch.blend_metrics[n],
            )
    return "cancelled", {}


@functools.cache
def _default_threads() -> int:
    """Torch's own choice, asked for before any job changed it."""
    import torch

    return torch.get_num_threads()


if __name__ == "__main__":
    main()
