"""Files and folders that appear whole or not at all: written beside their name, renamed at the end, deleted if anything goes wrong."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from LCDFusionLib.interrupts import held


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a name beside `path` to write to; what was written there takes the place of `path` at the end.

    The name ends as `path` does, for writers that choose the format by it. At no time is there a half-written file at `path`: an exception,
    Ctrl-C included, leaves there what was there before.

    Raises:
        OSError: the file cannot be written or renamed.
    """
    path = Path(path)
    beside = _beside(path)
    try:
        yield beside
        beside.replace(path)
    finally:
        with held():
            beside.unlink(missing_ok=True)


@contextmanager
def atomic_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a new folder beside `folder` to fill; it takes the place of `folder` at the end, and of all that was in there.

    Whether what is there may be replaced is for the caller to check before. Parents that are missing are made, and taken away again where
    nothing came of it.

    Raises:
        OSError: it cannot be made, filled or renamed.
    """
    folder = Path(folder).resolve()
    beside = _beside(folder)
    made = [parent for parent in folder.parents if not parent.exists()]
    try:
        beside.mkdir(parents=True)
        yield beside
        with held():
            _replace(folder, beside)
    finally:
        with held():
            shutil.rmtree(beside, ignore_errors=True)
            for parent in made:
                with suppress(OSError):  # it holds the folder
                    parent.rmdir()


def _beside(path: Path) -> Path:
    return path.with_name(f".part-{uuid4().hex[:8]}-{path.name}")


def _replace(folder: Path, beside: Path) -> None:
    """Put the whole folder in the place of `folder`; what was there survives until the new one stands."""
    if not folder.exists():
        beside.rename(folder)
        return
    old = _beside(folder)
    folder.rename(old)
    try:
        beside.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
