"""Progress bars with the time left, on a terminal alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

from LCDFusionLib.pipeline import Progress

_TITLES = {"register": "registering", "deform": "deforming", "fuse": "fusing"}


@contextmanager
def bars() -> Iterator[Callable[[Progress], None]]:
    """Give what `fuse` takes as `progress`: a bar for each stage that takes long."""
    bar, stage = None, ""

    def show(progress: Progress) -> None:
        nonlocal bar, stage
        if progress.stage != stage:
            if bar is not None:
                bar.close()
            stage, bar = progress.stage, None
            if stage in _TITLES:
                unit, smoothing = ("slice", 0.1) if stage == "fuse" else ("%", 0.3)
                bar = tqdm(total=progress.total, unit=unit, desc=_TITLES[stage], smoothing=smoothing, disable=None)
        if bar is None:
            return
        if progress.device and not progress.done:
            bar.set_description(f"fusing on {progress.device}")
            bar.unpause()  # loading torch says nothing of the time that the slices take
        bar.update(progress.done - bar.n)

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()
