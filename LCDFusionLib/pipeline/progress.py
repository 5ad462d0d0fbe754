"""How far a fusion is, and how it is stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Literal

from LCDFusionLib.fusion.progress import seconds_left

Stage = Literal["read", "register", "deform", "prepare", "fuse"]


class FusionCancelled(Exception):  # noqa: N818 (it is no error)
    """The caller stopped the fusion; nothing of it is left."""


@dataclass(frozen=True)
class Progress:
    """Where a fusion stands.

    Attributes:
        stage: what is done now.
        done: of `total`: slices in the stage "fuse", per cent in "register" and "deform"; 0 at the beginning of a stage.
        total: 0 where a stage cannot tell.
        seconds_left: of the stage, an estimate; None until it can be made.
        device: where the network runs, in words; empty before it does.
    """

    stage: Stage
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    device: str = ""


class Watch:
    """Passes progress on to whom it interests, and carries out a cancel.

    Args:
        progress: called with each `Progress`; an exception that it raises ends the fusion.
        cancel: set, from any thread, to stop it.
    """

    def __init__(self, progress: Callable[[Progress], object] | None, cancel: Event | None = None) -> None:
        self._progress, self._cancel = progress, cancel

    def check(self) -> None:
        """Raise `FusionCancelled` where that was asked for."""
        if self._cancel is not None and self._cancel.is_set():
            raise FusionCancelled("the fusion was cancelled")

    def tell(self, progress: Progress) -> None:
        """The next step."""
        self.check()
        if self._progress is not None:
            self._progress(progress)

    def of_stage(self, stage: Stage) -> Callable[[float], None]:
        """For a stage that tells the part of it that is done, 0 to 1."""
        started = time.monotonic()

        def tell(part: float) -> None:
            self.tell(Progress(stage, int(100 * part), 100, seconds_left(part, time.monotonic() - started)))

        tell(0.0)
        return tell
