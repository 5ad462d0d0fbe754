"""The worker process as its host sees it: started, talked to, ended. What the messages mean is not known here."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any, BinaryIO

import LCDFusionLib
from LCDFusionLib.errors import FailedError

from .protocol import EVENTS_FILE, LOG_FILE, decode, encode

PATIENCE = 2.0
"""Seconds that a worker has for ending by itself after its input was closed."""

ENVIRONMENT = {
    # Torch's threads sleep while they wait for each other. By default they spin, and a slice takes up to forty times as long when anything
    # else, such as the viewer, wants one of the cores.
    "OMP_WAIT_POLICY": "PASSIVE",
    "PYTHONUNBUFFERED": "1",
    "PYTHONFAULTHANDLER": "1",
}
"""Of the worker, where the user has not set it."""

ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**30)}
"""Of the worker, whatever its host has: a session of the viewer gives memory back early, and its worker would take twice as long a slice.

What torch frees it soon asks for again, in pieces of megabytes. glibc would give each back to the system, which clears it anew every time.
Other C libraries do not look.
"""

_STANDS_BACK = 10
"""How much nicer (`nice`) than its host the worker is: views that somebody scrolls go first, and the rest of all cores is the worker's."""


class WorkerDied(FailedError):  # noqa: N818 (it says what happened)
    """The worker process ended in the middle of a job; the next job starts a new one.

    Attributes:
        exit_code: as `subprocess` gives it: negative for a signal.
        last_lines: the end of what it printed.
    """

    def __init__(self, exit_code: int, last_lines: list[str], *, work: str = "fusion", on_gpu: bool = False) -> None:
        self.exit_code = exit_code
        self.last_lines = last_lines
        how = f"exit code {exit_code}"
        if exit_code < 0:
            how = f"signal {-exit_code}: {signal.strsignal(-exit_code)}" + ", as when the memory is full" * (exit_code == -9)
        elif last_lines:
            how += f": {last_lines[-1]}"
        super().__init__(f"The {work} process ended unexpectedly ({how}); run the {work} again{', on the CPU' * on_gpu}.")


class WorkerProcess:
    """One running worker, with its private folder.

    It ends with `close`, with this object, or with the host's process, whichever is first: it watches its standard input.

    Args:
        python: interpreter that has what the module needs.
        module: what it runs, `python -m MODULE FOLDER`; it says what it has to say as `protocol` has it.

    Raises:
        OSError: the interpreter cannot be started, or there is no room for temporary files.
    """

    def __init__(self, python: str, module: str = "LCDFusionLib.fusion.worker") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lcdfusion-"))
        try:
            self._events: BinaryIO = (self.folder / EVENTS_FILE).open("a+b")
            library = Path(LCDFusionLib.__file__).resolve().parents[1]
            paths = [str(library), os.environ.get("PYTHONPATH", "")]
            with (self.folder / LOG_FILE).open("wb") as log:
                self._popen = subprocess.Popen(
                    [python, "-m", module, str(self.folder)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=library,  # -m looks for modules there first: not in whatever folder the user is in
                    env={**ENVIRONMENT, **os.environ, **ALLOCATOR, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0),
                )
            if sys.platform != "win32":
                with contextlib.suppress(OSError):  # it has ended already
                    own = os.getpriority(os.PRIO_PROCESS, 0)
                    os.setpriority(os.PRIO_PROCESS, self._popen.pid, own + _STANDS_BACK)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self._rest = b""
        self._end = weakref.finalize(self, _end, self._popen, self._events, self.folder)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._popen.poll()

    def send(self, **message: object) -> None:
        """One message to the worker. If it is dead, nothing happens: `exit_code` tells."""
        assert self._popen.stdin is not None
        with contextlib.suppress(OSError):
            self._popen.stdin.write(encode(message))
            self._popen.stdin.flush()

    def receive(self) -> list[dict[str, Any]]:
        """The messages that came since the last call; does not wait."""
        *lines, self._rest = (self._rest + self._events.read()).split(b"\n")
        return [decode(line) for line in lines]

    def last_lines(self, count: int = 50) -> list[str]:
        """The end of what it printed; of a crash all that Python wrote, for what happened stands above the stacks of all threads."""
        lines = (self.folder / LOG_FILE).read_text(encoding="utf-8", errors="replace").splitlines()
        crash = next((number for number, line in enumerate(lines) if "Fatal Python error" in line), len(lines))
        return lines[min(crash, max(0, len(lines) - count)) :]

    def close(self) -> None:
        """End it, at once, whatever it is doing, and remove its folder."""
        self._end()


def _end(popen: subprocess.Popen[bytes], events: BinaryIO, folder: Path) -> None:
    assert popen.stdin is not None
    with contextlib.suppress(OSError):
        popen.stdin.close()  # reaches the worker behind a launcher (as desktop Slicer's) too, which `kill` would not
    try:
        popen.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        popen.kill()
        popen.wait()
    events.close()
    shutil.rmtree(folder, ignore_errors=True)
