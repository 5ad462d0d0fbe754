"""An output folder that appears whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from LCDFusionLib.atomic import atomic_folder, heal
from LCDFusionLib.errors import InputError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def whole_folder(target: Path, *, overwrite: bool, contents: Collection[str], bytes_needed: int) -> Iterator[Path]:
    """Give a new folder beside `target`; rename it to `target` at the end, delete it if anything goes wrong (Ctrl-C included).

    Args:
        target: what the user asked for.
        overwrite: replace an earlier result that is there.
        contents: names that a result may hold.
        bytes_needed: rough size of what will be written, checked before the work begins.

    Raises:
        InputError: the place cannot be written, is taken, or has no room.
    """
    check_target(target, overwrite=overwrite, contents=contents)
    target = target.resolve()
    beside = target
    try:
        with atomic_folder(target) as beside:
            _check_room(beside, bytes_needed, target)
            yield beside
    except OSError as error:
        if error.errno in NO_ROOM:
            raise InputError(
                f"The disk of the output folder '{target}' is full, so nothing was kept: make room or choose another with -o."
            ) from error
        raise _cannot_be_written(target, error) from error
    except InputError as error:
        raise InputError(str(error).replace(str(beside), str(target))) from error  # by the name that the user knows


def check_target(target: Path, *, overwrite: bool, contents: Collection[str]) -> None:
    """InputError, before any work, if `target` cannot be made, or holds something that may not be replaced.

    Only a folder with nothing but `contents` is ever replaced: a slip of the pen must not delete somebody's images.
    """
    try:
        target = target.resolve()
        heal(target)
        if target.exists():
            _check_replaceable(target, overwrite=overwrite, contents=contents)
        nearest = next(folder for folder in target.parents if folder.exists())
        if not nearest.is_dir():
            raise InputError(f"The output folder '{target}' cannot be made because '{nearest}' is a file; choose another with -o.")
        if not os.access(nearest, os.W_OK | os.X_OK):
            raise InputError(f"The output folder '{target}' cannot be written: '{nearest}' is write-protected; choose another with -o.")
    except (OSError, RuntimeError) as error:  # RuntimeError: links that go round in a circle
        raise _cannot_be_written(target, error) from error


def _check_replaceable(target: Path, *, overwrite: bool, contents: Collection[str]) -> None:
    if not target.is_dir():
        raise InputError(f"The output '{target}' is a file; give a folder with -o.")
    if Path.cwd().is_relative_to(target):
        raise InputError(f"The output folder '{target}' is the one that you are in; name a new one with -o.")
    names = set(os.listdir(target))
    if foreign := sorted(names - set(contents)):
        raise InputError(f"The output folder '{target}' holds other things ('{foreign[0]}'); choose another with -o.")
    if names and not overwrite:
        raise InputError(f"The output folder '{target}' holds an earlier result; choose another with -o, or replace it with --overwrite.")


class _Tried(Exception):  # noqa: N818 (it is no error)
    """A folder was made for a trial."""


def check_place(target: Path, bytes_needed: int) -> None:
    """InputError, before any work, if no folder can be made at `target`, or its disk has no room for so many bytes."""
    try:
        with atomic_folder(target) as beside:
            _check_room(beside, bytes_needed, target.resolve())
            raise _Tried  # which takes the folder away again
    except _Tried:
        return
    except OSError as error:
        raise _cannot_be_written(target, error) from error


def _check_room(folder: Path, bytes_needed: int, target: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < bytes_needed:
        megabytes = f"{bytes_needed / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are free"
        raise InputError(f"There is not enough room for the output folder '{target}': {megabytes}; make room or choose another with -o.")


def _cannot_be_written(target: Path, error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(f"The output folder '{target}' cannot be written ({reason}); choose another with -o.")
