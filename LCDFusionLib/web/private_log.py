"""What a session may print: where something went wrong, and never what was in it, which may be a patient's name."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path


def report(error: BaseException) -> None:
    """Prints the kind of an error and the lines of code that it came through, without its words."""
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    print(f"{type(error).__name__} at {' < '.join(reversed(places))}", file=sys.stderr, flush=True)
