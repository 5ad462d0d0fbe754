"""The folder that holds all that a running front server writes: for this user alone, and gone at its end, however it ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from html import escape
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks; there, what a killed server left is not found
    fcntl = None  # type: ignore[assignment]

_PREFIX = "lcdfusion-view-"
_LOCK = "lock"


class PrivateFolder:
    """A new one, mode 0700, in the temporary folder; making it removes those whose server was killed.

    A lock tells the living from the dead: the system takes it away from a process that ends in any way.

    Attributes:
        path: of the folder.
    """

    def __init__(self) -> None:
        _remove_stale()
        starting = Path(tempfile.mkdtemp(prefix="lcdfusion-starting-"))
        self._lock = os.open(starting / _LOCK, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o600)
        if fcntl:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        # It gets its name once it is locked, so that a second server, starting now, does not take it for a dead one's.
        self.path = starting.rename(starting.with_name(_PREFIX + starting.name.rpartition("-")[2]))

    def keep(self) -> None:
        """To be called now and then: what stands untouched for days in a temporary folder, the system clears away."""
        for path in (self.path, self.path / _LOCK):
            os.utime(path)

    def for_session(self) -> Path:
        """A new folder in it."""
        return Path(tempfile.mkdtemp(prefix="session-", dir=self.path))

    def link_page(self, address: str) -> Path:
        """A page for this user's own browser that leads to an address, which so stands in no command line."""
        page = self.path / "open.html"
        page.touch(mode=0o600)
        page.write_text(
            f'<!doctype html><meta charset="utf-8"><title>LCDFusion</title><meta http-equiv="refresh" content="0; url={escape(address)}">',
            encoding="utf-8",
        )
        return page

    def close(self) -> None:
        """Remove it, with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.close(self._lock)


def _remove_stale() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # in use, another user's, or gone meanwhile
            if fcntl and not folder.is_symlink() and folder.stat().st_uid == os.getuid():
                lock = os.open(folder / _LOCK, os.O_RDWR)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
                finally:
                    os.close(lock)
