"""Ctrl-C, a kill and a closed terminal: obeyed once, and never in the middle of a step that has to be whole."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class _State:
    held = 0  # depth of `held`
    pending = False  # a signal came while held
    obeyed = False


@contextmanager
def obeyed(*, process_ends: bool = False) -> Iterator[None]:
    """Within, the first signal raises `KeyboardInterrupt`; those after it do nothing, so that the end of the process is not cut short.

    A signal that the caller had switched off (`nohup`, `&` in a script) stays off.

    Args:
        process_ends: the process does nothing more afterwards, so that a signal that comes too late to matter does nothing.
    """
    _State.obeyed = _State.pending = False
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    hook, sys.unraisablehook = sys.unraisablehook, _raised_where_nobody_catches
    for number in _SIGNALS:
        if before[number] != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if _State.obeyed or process_ends else handler)


@contextmanager
def held() -> Iterator[None]:
    """Within, a signal waits; it takes effect at the end, or where `check_interrupted` asks. Signals reach the main thread alone.

    For what must be whole, and round libraries that call back into Python: an exception that a signal raises in there can be lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _State.held += 1
    try:
        yield
    finally:
        _State.held -= 1
    if _State.pending and not _State.held:
        _State.pending = False
        raise KeyboardInterrupt


def check_interrupted() -> None:
    """Raise `KeyboardInterrupt` if a signal has come, also one that is held, or that some library has swallowed.

    For callbacks and between the steps of long work; not for cleaning up after an interrupt. Does nothing in other threads.
    """
    if _State.obeyed and threading.current_thread() is threading.main_thread():
        _State.pending = False
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    first, _State.obeyed = not _State.obeyed, True
    if first and _State.held:
        _State.pending = True
    elif first:
        raise KeyboardInterrupt


def _raised_where_nobody_catches(unraisable: Any) -> None:
    """A signal that came while Python was in a destructor: its exception ends there, so it is raised again behind it."""
    if issubclass(unraisable.exc_type, KeyboardInterrupt):
        _State.obeyed = False
        _thread.interrupt_main()
    else:
        sys.__unraisablehook__(unraisable)
