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
