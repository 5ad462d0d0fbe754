"""Ctrl-C, a kill and a closed terminal: obeyed once, and never in the middle of a step that has to be whole."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class _State:
    held = 0  # depth of `held`
    pending = False  # a signal came while held
    obeyed = False


@contextmanager
def obeyed() -> Iterator[None]:
    """Within, the first signal raises `KeyboardInterrupt`; those after it do nothing, so that the end of the process is not cut short.

    A signal that the caller had switched off (`nohup`, `&` in a script) stays off.
    """
    _State.obeyed = _State.pending = False
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        if before[number] != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if _State.obeyed else handler)


@contextmanager
def held() -> Iterator[None]:
    """Within, a signal waits; it takes effect at the end."""
    _State.held += 1
    try:
        yield
    finally:
        _State.held -= 1
    if _State.pending and not _State.held:
        _State.pending = False
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    first, _State.obeyed = not _State.obeyed, True
    if first and _State.held:
        _State.pending = True
    elif first:
        raise KeyboardInterrupt
