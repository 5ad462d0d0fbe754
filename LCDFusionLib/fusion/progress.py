"""How long the rest will take."""

from __future__ import annotations

from collections import deque
from statistics import median


class TimeLeft:
    """Estimates the time left from the batches done.

    The first batch carries the warm-up (kernels chosen, memory taken), so it does not count; of the last 15 the median counts, so one slow
    slice does not shake the estimate.
    """

    def __init__(self) -> None:
        self._warm = False
        self._seconds_each: deque[float] = deque(maxlen=15)

    def batch_done(self, slices: int, seconds: float) -> None:
        """`slices` slices took `seconds` together."""
        if self._warm:
            self._seconds_each.append(seconds / slices)
        self._warm = True

    def seconds(self, remaining: int) -> float | None:
        """Estimate for `remaining` slices; None until a second batch was timed."""
        if remaining == 0:
            return 0.0
        return remaining * median(self._seconds_each) if self._seconds_each else None


def seconds_left(part: float, seconds: float) -> float | None:
    """Estimate for work of which `part`, 0 to 1, took so many seconds; None while that says nothing yet."""
    return seconds * (1 - part) / part if part > 0.05 else None


def duration_text(seconds: float) -> str:
    """Such as "1 min 5 s"."""
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def left_text(seconds: float | None) -> str:
    """Behind what is done, such as ", 1 min 5 s left"; "" where no estimate can be made."""
    return "" if seconds is None else f", {duration_text(seconds)} left"
