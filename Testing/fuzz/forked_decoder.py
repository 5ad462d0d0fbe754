"""The decoding process as a fork of a process that has the libraries loaded: a tenth of a second in place of two for a new interpreter."""

import os
import signal
import sys
from contextlib import suppress
from importlib import import_module

from LCDFusionLib.decoding import decoder, dicom_pixels, itk_transforms

LOADED = dicom_pixels, itk_transforms


class ForkedProcess:
    """As much of `subprocess.Popen` as a `Decoder` uses; what runs in it is the same."""

    PIPE, DEVNULL = decoder.subprocess.PIPE, decoder.subprocess.DEVNULL

    @classmethod
    def Popen(cls, command, **_):  # noqa: N802 (it stands for it)
        return cls(command[-1])

    def __init__(self, module):
        asked, ask = os.pipe()
        answer, answered = os.pipe()
        self.pid, self._code = os.fork(), None
        if self.pid == 0:
            try:
                for end, number in ((asked, 0), (answered, 1)):
                    os.dup2(end, number)
                for end in (asked, ask, answer, answered):  # or the end of the questions would never be seen
                    os.close(end)
                sys.stdin = os.fdopen(0)
                decoder.serve(import_module(module).decode)
            finally:
                os._exit(0)
        os.close(asked)
        os.close(answered)
        self.stdin, self.stdout = os.fdopen(ask, "wb", buffering=0), os.fdopen(answer, "rb")

    def kill(self):
        if self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self):
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code


def use():
    """From now on, in this process and its forks."""
    decoder.subprocess = ForkedProcess
