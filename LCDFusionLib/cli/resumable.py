"""What long commands say when they are interrupted and can go on later."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def resumable(folder: Path) -> Iterator[None]:
    """Long work that keeps what it has done in `folder`: when it is interrupted, says how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"\nstopped; every finished step is kept in '{folder}'. The same command goes on from there.", file=sys.stderr)
        raise
