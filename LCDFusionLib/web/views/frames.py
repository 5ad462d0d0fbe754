"""Pictures of the views on their way to the browser: drawn once a step, never more than the browser takes, rough while moving."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from trame_rca.rca import RemoteControlledAreaProtocol

from ..private_log import report

Push = Callable[[bytes, dict], None]

_NOTHING: NDArray[np.uint8] = np.zeros((1, 1, 3), np.uint8)

MOVING_QUALITY, STILL_QUALITY = 70, 95
"""Of JPEG. The sharp picture keeps the full resolution of colour too."""
STILL_AFTER_S = 0.2
PATIENCE_S = 0.5
"""Without word from the browser for so long (a hidden tab, a lost connection), the next step is drawn all the same."""
STEPS_AHEAD = 1
"""Steps that may be on their way to the browser while the next is drawn."""
_TEXT_FIRST_S = 0.001
"""Longer than messages wait that are published now: the browser writes what changes with a slice while its views are drawn here."""


class FrameStream:
    """Draws what is stale, all views of a step together, and sends it.

    Any number of requests for one view until the next step are one. A step waits until the browser has shown all but `STEPS_AHEAD` of
    those before it, so that nothing piles up and what is drawn is always the latest. A view that has not changed for `STILL_AFTER_S` goes
    once more, sharp; nothing is drawn again for that.

    VTK draws in the thread of the event loop; JPEG is made beside it (Pillow lets go of the interpreter's lock meanwhile).

    Attributes:
        step: number of the last step, from 1.
    """

    def __init__(self) -> None:
        self.step = 0
        self._seen = 0
        self._views: list[ViewFrames] = []
        self._wanted, self._taken = asyncio.Event(), asyncio.Event()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="jpeg")
        self._task: asyncio.Task | None = None
        self._is_closed = False

    def add(self, area: Area) -> ViewFrames:
        """A view to draw."""
        view = ViewFrames(self, area)
        self._views.append(view)
        return view

    @property
    def is_idle(self) -> bool:
        """True when the browser has been sent everything as it is, and sharp."""
        return not any(view.is_on_page and (view.is_stale or view.is_rough or view.is_under_way) for view in self._views)

    def put_on_page(self, views: Collection[ViewFrames]) -> None:
        """Draws these views from now on; the others wait, and hold nothing to draw with, of which each view would have megabytes."""
        for view in self._views:
            view.put_on_page(view in views)

    def seen(self, step: int) -> None:
        """The browser has shown a step."""
        self._seen = max(self._seen, min(step, self.step))
        self._taken.set()

    def wake(self) -> None:
        """Something is stale."""
        self._wanted.set()
        if self._task is None and not self._is_closed:
            try:
                self._task = asyncio.get_running_loop().create_task(self._run())
            except RuntimeError:  # the server has not started: the first browser will ask for every view
                return

    async def close(self) -> None:
        """Stops drawing."""
        self._is_closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._go_on()
            except Exception as error:  # views that stand still for ever would be the worst that can happen
                report(error)
                await asyncio.sleep(STILL_AFTER_S)

    async def _go_on(self) -> None:
        """One step when something is stale, then what has been still for long enough once more."""
        if not self._wanted.is_set():
            rough = [view.drawn_at for view in self._views if view.is_rough]
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), min(rough) + STILL_AFTER_S - time.monotonic() if rough else None)
        if self._wanted.is_set():
            self._wanted.clear()
            await self._until_taken()
            await asyncio.sleep(_TEXT_FIRST_S)  # what has come in meanwhile belongs to this step
            drawn = [view for view in self._views if view.is_on_page and view.is_stale and view.draw()]
            if drawn:
                self.step += 1
                await self._send(drawn, MOVING_QUALITY)
        due = time.monotonic() - STILL_AFTER_S
        still = [view for view in self._views if view.is_rough and view.drawn_at <= due]
        if still:
            await self._send(still, STILL_QUALITY)

    async def _until_taken(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while self.step - self._seen > STEPS_AHEAD and time.monotonic() < until:
            self._taken.clear()
            try:
                await asyncio.wait_for(self._taken.wait(), until - time.monotonic())
            except asyncio.TimeoutError:
                self._seen = self.step

    async def _send(self, views: list[ViewFrames], quality: int) -> None:
        loop = asyncio.get_running_loop()
        pictures = [loop.run_in_executor(self._pool, jpeg, view.picture, quality) for view in views]
        for view, content in zip(views, await asyncio.gather(*pictures), strict=True):
            view.push(content, self.step, is_rough=quality < STILL_QUALITY)


class Area(RemoteControlledAreaProtocol, Protocol):
    """What a view is drawn in."""

    def release(self) -> None:
        """Lets go of all that drawing takes; the next picture gets it again."""


class ViewFrames:
    """One view of a `FrameStream`; for trame's RCA adapter, its render scheduler."""

    def __init__(self, stream: FrameStream, area: Area) -> None:
        self._stream, self._area = stream, area
        self._push: Push | None = None
        self._is_new = True
        self.target_fps = 0.0  # asked for by the protocol; steps come as fast as the browser takes them
        self.picture = _NOTHING
        self.drawn_at = 0.0
        self.is_stale = self.is_rough = self.is_under_way = False
        self.is_on_page = True

    @property
    def rca(self) -> Area:
        """What is drawn."""
        return self._area

    def set_push_callback(self, callback: Push) -> None:
        """Where the pictures go."""
        self._push = callback

    def schedule_render(self) -> None:
        """The view is stale."""
        self.is_stale = True
        self._stream.wake()

    def renew(self) -> None:
        """The browser has lost the view's picture, or wants another size."""
        self._is_new = True
        self.schedule_render()

    def put_on_page(self, is_on_page: bool) -> None:
        """Lets go of all that drawing takes while the view is not on the page; it is drawn anew when it comes back."""
        if self.is_on_page and not is_on_page:
            self._area.release()
            self.picture, self.is_rough = _NOTHING, False
        elif is_on_page and not self.is_on_page:
            self.renew()
        self.is_on_page = is_on_page

    def reset(self) -> None:
        """A browser was connected anew."""
        self.renew()

    async def close(self) -> None:
        """Nothing of its own; the stream is closed as a whole."""

    def draw(self) -> bool:
        """Draws the view; False where it looks as the browser has it."""
        self.is_stale = False
        try:
            picture, _, _ = self._area.img_cols_rows
        except Exception as error:  # it must not stop the other views
            report(error)
            return False
        is_other = self._is_new or picture.shape != self.picture.shape or not np.array_equal(picture, self.picture)
        self.picture, self._is_new, self.is_under_way = picture, False, is_other
        if is_other:
            self.drawn_at = time.monotonic()
        return is_other

    def push(self, content: bytes, step: int, *, is_rough: bool) -> None:
        """Sends a picture."""
        self.is_rough, self.is_under_way = is_rough, False
        height, width, _ = self.picture.shape
        if self._push is not None:
            meta = {"type": "image/jpeg", "codec": "", "w": width, "h": height, "st": time.time_ns() // 10**6}
            self._push(content, {**meta, "step": step, "rough": is_rough})


def jpeg(picture: NDArray[np.uint8], quality: int) -> bytes:
    """A picture (height, width, 3) as JPEG."""
    content = BytesIO()
    Image.fromarray(picture).save(content, "jpeg", quality=quality, subsampling="4:4:4" if quality >= STILL_QUALITY else "4:2:0")
    return content.getvalue()
