"""The host's side of a registration in a process of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.registration import Registration
from LCDFusionLib.images.volume import Volume

from .handed_over import hand_over
from .process import WorkerDied, WorkerProcess
from .progress import seconds_left


class RegistrationRun:
    """One registration, which begins with this object and ends with `close`, with this object or with the host, whichever is first.

    Attributes:
        part: what is done of it, 0 to 1.
        seconds_left: an estimate; None until it can be made.

    Args:
        moving: function.
        fixed: anatomy.
        python: interpreter of the process, which must have SimpleITK; that of this process by default.

    Raises:
        InputError: the process cannot be started, or there is no room for temporary files.
    """

    def __init__(self, moving: Volume, fixed: Volume, *, python: str | Path | None = None) -> None:
        python = str(python or sys.executable)
        try:
            self._process = WorkerProcess(python, "LCDFusionLib.fusion.registration_worker")
        except OSError as error:
            raise InputError(f"The registration process cannot be started with '{python}' ({error}); check that it can be run.") from error
        self.part, self._started = 0.0, time.monotonic()
        self.seconds_left: float | None = None
        folder = self._process.folder
        try:
            for name, volume in (("moving", moving), ("fixed", fixed)):
                hand_over(volume, folder, name)
        except OSError as error:
            self.close()
            raise InputError(
                f"The temporary folder '{folder}' cannot take the volumes ({error}); make room there or set TMPDIR."
            ) from error
        self._process.send(do="register", job=1)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def poll(self) -> Registration | None:
        """The registration once it is there; None while it is being looked for. Never waits.

        Raises:
            InputError: the volumes cannot be registered at all; the message is for people.
            RuntimeError: it failed for another reason.
            WorkerDied: the process ended.
        """
        exit_code = self._process.exit_code  # asked before the messages are read: what it wrote before it died still counts
        for message in self._process.receive():
            if message["event"] == "progress":
                self.part = max(self.part, message["part"])
                self.seconds_left = seconds_left(self.part, time.monotonic() - self._started)
            elif message["event"] == "failed":
                text = message["message"]
                raise InputError(text) if message["by_input"] else RuntimeError(f"The registration failed ({text}).")
            else:
                fields = message["registration"]
                return Registration(**(fields | {"matrix": np.array(fields["matrix"])}))
        if exit_code is not None:
            raise WorkerDied(exit_code, self._process.last_lines(), work="registration")
        return None

    def close(self) -> None:
        """End it, at once, whatever it is doing, and leave no patient's image behind."""
        self._process.close()
