"""What the command writes to the terminal, a pipe or a log: clean text, and an end in order where nobody takes it any more."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from LCDFusionLib.errors import one_line

_CURSOR = ("\x1b[A", "\x1b[K")  # with which progress bars move


class OutputLostError(Exception):
    """Standard output takes nothing any more, for a reason that the user has to know."""


class CleanStream:
    """A text stream without the control characters that names in files and DICOM attributes may hold.

    They could move the cursor, colour or retitle a terminal, or turn the direction of what is read. A pipe that was closed (`| head`) is
    no error: the work goes on, and says nothing more there.

    Args:
        stream: standard output or standard error.
        must_arrive: another failure than a closed pipe raises `OutputLostError`; otherwise the text is dropped.
    """

    def __init__(self, stream: TextIO, *, must_arrive: bool) -> None:
        self._stream, self._must_arrive, self._open = stream, must_arrive, True
        with suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As of a text stream."""
        if self._open:
            with self._failure():
                self._stream.write(text if text in _CURSOR else without_controls(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        """As of a text stream."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """As of a text stream."""
        if self._open:
            with self._failure():
                self._stream.flush()

    @contextmanager
    def _failure(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # ValueError: it is closed
            self._open = False
            with suppress(OSError, ValueError):  # what is still in its buffer must not fail once more when Python ends
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)
            if self._must_arrive and getattr(error, "errno", errno.EPIPE) != errno.EPIPE:
                raise OutputLostError(os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)) from error


@contextmanager
def clean_streams() -> Iterator[None]:
    """Within, `print` and progress bars write through `CleanStream`; at the end all of it has arrived.

    Raises:
        OutputLostError: standard output could not be written.
    """
    before = sys.stdout, sys.stderr
    out, error = (None if stream is None else CleanStream(stream, must_arrive=stream is before[0]) for stream in before)
    sys.stdout, sys.stderr = out, error  # type: ignore[assignment]
    try:
        try:
            yield
        finally:
            if out is not None and not isinstance(sys.exc_info()[1], KeyboardInterrupt):
                out.flush()
    finally:
        sys.stdout, sys.stderr = before


def without_controls(text: str) -> str:
    """The same text without control characters but tabs, ends of lines, and the step back with which progress bars begin."""
    start = "\r" * text.startswith("\r")
    return start + "\r\n".join(one_line(part, kept="\n\t") for part in text[len(start) :].split("\r\n"))
