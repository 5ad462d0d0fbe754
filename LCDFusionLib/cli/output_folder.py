"""An output folder that appears whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from LCDFusionLib.errors import InputError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def whole_folder(target: Path, *, overwrite: bool, bytes_needed: int) -> Iterator[Path]:
    """Give a new folder beside `target`; rename it to `target` at the end, delete it if anything goes wrong (Ctrl-C included).

    Args:
        target: what the user asked for.
        overwrite: replace a folder that is there and not empty.
        bytes_needed: rough size of what will be written, checked before the work begins.

    Raises:
        InputError: the place cannot be written, is taken, or has no room.
    """
    target = target.absolute()
    check_target(target, overwrite=overwrite)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{target.name}.part-", dir=target.parent))
        beside.chmod(0o777 & ~_umask())
    except OSError as error:
        raise InputError(f"The output folder '{target}' cannot be written ({_reason(error)}); choose another with -o.") from error
    try:
        free = shutil.disk_usage(beside).free
        if free < bytes_needed:
            megabytes = f"{bytes_needed / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free"
            raise InputError(
                f"There is not enough room for the output folder '{target}': {megabytes}; make room or choose another with -o."
            )
        yield beside
        _replace(target, beside)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise InputError(
                f"The disk of the output folder '{target}' is full; nothing was kept: make room or choose another with -o."
            ) from error
        raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def check_target(target: Path, *, overwrite: bool) -> None:
    """InputError if `target` is a file, or a folder with something in it that may not be replaced."""
    if target.exists() and not target.is_dir():
        raise InputError(f"The output '{target}' is a file; give a folder with -o.")
    try:
        taken = target.is_dir() and any(target.iterdir())
    except OSError as error:
        raise InputError(f"The output folder '{target}' cannot be read ({_reason(error)}); choose another with -o.") from error
    if taken and not overwrite:
        raise InputError(f"The output folder '{target}' is not empty; choose another with -o, or replace it with --overwrite.")


def _replace(target: Path, beside: Path) -> None:
    """Put the whole folder in the place of `target`; what was there survives until the new one stands."""
    old = None
    if target.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old-", dir=target.parent)) / target.name
        target.rename(old)
    try:
        beside.rename(target)
    except OSError:
        if old:
            old.rename(target)
        raise
    finally:
        if old:
            shutil.rmtree(old.parent, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
