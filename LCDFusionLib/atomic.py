"""Files and folders that appear whole or not at all: written beside their name, renamed at the end, deleted if anything goes wrong.

A process that is killed (`kill -9`) cannot delete anything. What it leaves beside is locked while it lives, and only then; the next one
that writes into the same folder takes it away, and puts back a result that was being replaced.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from LCDFusionLib.interrupts import held

try:
    import fcntl
except ImportError:  # Windows: nothing is locked, and so nothing is swept
    fcntl = None  # type: ignore[assignment]

_PART = re.compile(r"\.part-[0-9a-f]{8}-.")
_OLD = re.compile(r"\.old-[0-9a-f]{8}-(?P<name>.+)")

_swept: set[Path] = set()


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a name to write to; what was written there takes the place of `path` at the end.

    It is the same name, in a hidden folder beside. At no time is there a half-written file at `path`: an exception, Ctrl-C and a kill
    leave there what was there before.

    Raises:
        OSError: the file cannot be written or renamed.
    """
    path = Path(path)
    if path.parent not in _swept:  # once, because many files are written into one folder
        _sweep(path.parent)
        _swept.add(path.parent)
    with _part(path) as beside:
        yield beside / path.name
        (beside / path.name).replace(path)


@contextmanager
def atomic_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a new folder beside `folder` to fill; it takes the place of `folder` at the end, and of all that was in there.

    Whether what is there may be replaced is for the caller to check before. Parents that are missing are made, and taken away again where
    nothing came of it.

    Raises:
        OSError: it cannot be made, filled or renamed.
    """
    folder = Path(folder).resolve()
    made = [parent for parent in folder.parents if not parent.exists()]
    try:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:  # of a file in the place of a folder; "File exists" would puzzle who reads it
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder.parent)) from error
        _sweep(folder.parent)
        with _part(folder) as beside:
            yield beside
            with held():
                _replace(folder, beside)
    finally:
        with held():
            for parent in made:
                with suppress(OSError):  # it holds the folder
                    parent.rmdir()


def heal(folder: str | os.PathLike[str]) -> None:
    """Put back a result that was hidden when the process that replaced it was killed; for those who look at `folder` before they write."""
    with suppress(OSError):
        _sweep(Path(folder).resolve().parent)


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """A new hidden folder beside `path`, locked as long as this lasts."""
    lock, beside = -1, path
    try:
        with held():
            lock, beside = _locked_folder(path)
        yield beside
    finally:
        with held():
            if beside != path:
                shutil.rmtree(beside, ignore_errors=True)
            if lock >= 0:
                os.close(lock)


def _locked_folder(path: Path) -> tuple[int, Path]:
    while True:
        beside = path.with_name(f".part-{uuid4().hex[:8]}-{path.name}")
        beside.mkdir()
        # Until it is locked, another thread or process may sweep it away: then that one has the lock, or the folder is gone.
        with suppress(FileNotFoundError, BlockingIOError):
            lock = _lock(beside)
            if lock < 0:
                return lock, beside
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(lock), beside.stat()):
                    return lock, beside
            os.close(lock)


def _lock(folder: Path) -> int:
    """A descriptor that holds the lock on a folder; -1 where there are no locks. Raises `BlockingIOError` where another one has it."""
    if fcntl is None:
        return -1
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise
        return -1  # a network folder that knows no locks
    return descriptor


def _sweep(parent: Path) -> None:
    """Take away what killed processes have left in a folder."""
    if fcntl is None:
        return
    for entry in list(os.scandir(parent)):
        old = _OLD.fullmatch(entry.name)
        if not (old or _PART.match(entry.name)) or not entry.is_dir(follow_symlinks=False):
            continue
        with suppress(OSError), held():
            lock = _lock(Path(entry.path))
            if lock < 0:
                continue
            try:
                if old and not (parent / old["name"]).exists():
                    Path(entry.path).rename(parent / old["name"])
                else:
                    shutil.rmtree(entry.path, ignore_errors=True)
            finally:
                os.close(lock)


def _replace(folder: Path, beside: Path) -> None:
    """Put the whole folder in the place of `folder`; afterwards what was there lies at `beside`, or nowhere."""
    if not folder.exists():
        beside.rename(folder)
    elif not _exchange(folder, beside):
        old = folder.with_name(f".old-{uuid4().hex[:8]}-{folder.name}")  # by this name the next run finds it
        lock = -1
        with suppress(BlockingIOError):
            lock = _lock(folder)
        try:
            folder.rename(old)
            try:
                beside.rename(folder)
            except OSError:
                old.rename(folder)
                raise
            shutil.rmtree(old, ignore_errors=True)
        finally:
            if lock >= 0:
                os.close(lock)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step, so that at every moment both are there; False where the system cannot (renameat2(2), renamex_np(2))."""
    swap = 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return bool(library.renamex_np(os.fsencode(one), os.fsencode(other), ctypes.c_uint(swap)) == 0)
        here = -100  # AT_FDCWD
        return bool(library.renameat2(here, os.fsencode(one), here, os.fsencode(other), ctypes.c_uint(swap)) == 0)
    except (AttributeError, OSError, TypeError):  # no such function in the C library; no C library to be had by that name
        return False
