"""Both ends of the pipe between the library and a decoding process.

A question is a line of JSON: a path, and the seconds that its answer may take. An answer is a line of JSON, with facts and the types and
shapes of arrays, or with an error; the bytes of the arrays follow. Nothing of an answer is run, as a pickle would be.
"""

from __future__ import annotations

import faulthandler
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError

Answer = tuple[dict[str, Any], list[NDArray]]
"""Facts, ready for JSON, and arrays of numbers."""

_LEAST_SECONDS, _BYTES_A_SECOND = 15.0, 1e6  # per file, once the process is ready: a hundred times what it takes
_MEMORY = 16 << 30  # of addresses, where the system counts them
_MOST_WAITING = 1 << 20  # bytes, what the system allows everybody
_READY = b"ready\n"


class DecodingError(Exception):
    """A file that the decoder cannot make numbers of, or that brings it down; the text says why, without the file's name."""


class Decoder:
    """A running decoding process. It ends with `close`, with this object, or with the process that began it.

    `ask` and `answer` are two steps, so that the next file is decoded while the last one is used; answers come in the order asked.

    Args:
        program: module of this room whose `main` calls `serve`.

    Raises:
        InputError: it cannot be started.
    """

    def __init__(self, program: str) -> None:
        library = Path(__file__).resolve().parents[2]
        paths = os.pathsep.join(filter(None, (str(library), os.environ.get("PYTHONPATH", ""))))
        try:
            self._popen = subprocess.Popen(
                [_interpreter(), "-m", f"LCDFusionLib.decoding.{program}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=library,
                env={**os.environ, "PYTHONPATH": paths},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise _not_started(str(error)) from error
        self._is_ready = False

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def __del__(self) -> None:
        with suppress(AttributeError):  # it was never started
            self.close()

    def ask(self, path: Path) -> None:
        """Hand over a file. At most two at a time: a path waits in the pipe, which has room for no more than a few."""
        size = path.stat().st_size if path.exists() else 0
        question = {"path": str(path.absolute()), "seconds": _LEAST_SECONDS + size / _BYTES_A_SECOND}
        assert self._popen.stdin is not None
        with suppress(OSError):  # it has died; `answer` says so
            self._popen.stdin.write(json.dumps(question).encode() + b"\n")
            self._popen.stdin.flush()

    def answer(self) -> Answer:
        """What the first file that was asked for holds.

        Raises:
            DecodingError: it is damaged; afterwards the process may be dead, and is not to be asked again.
            InputError: the process did not start.
        """
        answers = self._popen.stdout
        assert answers is not None
        if not self._is_ready and answers.readline() != _READY:
            raise _not_started("it ended at once")
        self._is_ready = True
        line = answers.readline()
        try:
            answer = json.loads(line)
            arrays = [np.empty(shape, dtype) for dtype, shape in answer.get("arrays", ())]
            whole = all(_fill(array, answers) for array in arrays)
        except (ValueError, TypeError, AttributeError):  # it died within a line
            whole = False
        if not whole:
            raise DecodingError(self._how_it_died())
        if "error" in answer:
            raise DecodingError(answer["error"])
        return answer["facts"], arrays

    def close(self) -> None:
        """End it at once, whatever it is doing."""
        self._popen.kill()
        for pipe in (self._popen.stdin, self._popen.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        self._popen.wait()

    def _how_it_died(self) -> str:
        code = self._popen.wait()
        if code == -getattr(signal, "SIGKILL", 9):
            return "its decoder was ended by the system, as when the memory is full"
        return f"its decoder gave up{f' with signal {-code}' if code < 0 else ''}"


def serve(decode: Callable[[str], Answer]) -> None:
    """The other end: answer questions until there are no more.

    Args:
        decode: facts and arrays of a file; what it raises becomes the error.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches both processes; the other one says what it means
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = open(os.devnull, "w")  # noqa: SIM115 (as long as the process)
    os.dup2(nowhere.fileno(), 1)  # what a library prints is no answer
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ImportError, AttributeError, OSError):  # Linux: room for an image, so that the next is decoded while this one waits
        import fcntl

        fcntl.fcntl(answers, fcntl.F_SETPIPE_SZ, _MOST_WAITING)
    with suppress(OSError):  # the asker is gone
        answers.write(_READY)
        answers.flush()
        for line in sys.stdin.buffer:
            question = json.loads(line)
            faulthandler.dump_traceback_later(question["seconds"], exit=True, file=nowhere)  # a decoder may not come back
            try:
                facts, arrays = decode(question["path"])
            except Exception as error:  # foreign bytes make decoders fail in many ways
                _send(answers, {"error": str(error) or type(error).__name__}, ())
            else:
                _send(answers, {"facts": facts}, arrays)
            faulthandler.cancel_dump_traceback_later()


def _send(answers: Any, answer: dict[str, Any], arrays: Sequence[NDArray]) -> None:
    whole = [np.ascontiguousarray(array) for array in arrays]
    answer["arrays"] = [(array.dtype.str, array.shape) for array in whole]
    answers.write(json.dumps(answer).encode() + b"\n")
    for array in whole:
        answers.write(array.data.cast("B") if array.size else b"")
    answers.flush()


def _fill(array: NDArray, answers: Any) -> bool:
    """Whether all bytes of an array came."""
    if array.dtype.kind not in "iuf":
        raise ValueError(array.dtype)
    return not array.size or bool(answers.readinto(array.data.cast("B")) == array.nbytes)


def _not_started(why: str) -> InputError:
    return InputError(f"Python ('{_interpreter()}') cannot be started to decode compressed files ({why}): check the installation.")


def _interpreter() -> str:
    """Python; in desktop Slicer, whose own interpreter is an application, the one that lies beside it."""
    if "python" in Path(sys.executable or "").name.lower():
        return sys.executable
    return shutil.which("PythonSlicer") or sys.executable
