"""Packages that one command needs and the others do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from LCDFusionLib.errors import InputError


@contextmanager
def extra(command: str) -> Iterator[None]:
    """Within, what is imported comes with `pip install 'lcdfusion[COMMAND]'`.

    Raises:
        InputError: it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise InputError(
            f"`lcdfusion {command}` needs the package '{error.name}': install it with pip install 'lcdfusion[{command}]'."
        ) from error
