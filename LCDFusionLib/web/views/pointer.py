"""What the mouse does in the views, beyond Slicer's own: values under it, a click, the projection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import vtk
from trame_server.state import State
from trame_slicer.views import SliceView

from LCDFusionLib.views import layouts
from LCDFusionLib.views.planes import ras_of_pixel
from LCDFusionLib.views.review import Review

_READ_EVERY_S = 0.1
_STILL = 3  # pixels that a hand may move within a click
_BEFORE_SLICER = 10.0  # priority: Slicer's interactor style ends most events


class Pointer:
    """Writes what lies under the pointer into the state, and takes clicks: they place the crosshair, or go where the projection shows.

    Slicer itself changes the window by dragging, zooms with the right button, pans with the middle one or Shift, and moves the crosshair
    with Shift.
    """

    def __init__(self, state: State, readout: str, views: Mapping[str, SliceView], review: Review) -> None:
        """Takes the views.

        Args:
            state: of trame.
            readout: name of the state that gets the line.
            views: by layout name.
            review: what they show.
        """
        self._state, self._readout, self._views, self._review = state, readout, views, review
        self._under: tuple[str, int, int] | None = None
        self._pressed: tuple[int, int] | None = None
        self._waits = False
        state.setdefault(readout, "")
        self._observed: list[tuple[vtk.vtkObject, int]] = []
        events = (("MouseMoveEvent", self._move), ("LeftButtonPressEvent", self._press), ("LeftButtonReleaseEvent", self._release))
        for name, view in views.items():
            for event, call in events:
                self._listen(view.interactor(), event, partial(call, name))

    def refresh(self) -> None:
        """Another slice came under the pointer."""
        if self._under is not None:
            self._read_soon()

    def leave(self) -> None:
        """The pointer has left the views."""
        self._under = None
        self._read_soon()

    def close(self) -> None:
        """Stops listening."""
        for interactor, listener in self._observed:
            interactor.RemoveObserver(listener)
        self._observed = []
        self._under = None

    def _listen(self, interactor: vtk.vtkRenderWindowInteractor, event: str, call: Callable[[int, int], None]) -> None:
        def on_event(*_: object) -> None:
            call(*interactor.GetEventPosition())

        self._observed.append((interactor, interactor.AddObserver(event, on_event, _BEFORE_SLICER)))

    def _move(self, name: str, x: int, y: int) -> None:
        self._under = None if name == layouts.PROJECTION else (name, x, y)
        self._read_soon()

    def _press(self, _name: str, x: int, y: int) -> None:
        self._pressed = x, y

    def _release(self, name: str, x: int, y: int) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None or max(abs(x - pressed[0]), abs(y - pressed[1])) > _STILL or not self._review.is_open:
            return
        place = ras_of_pixel(self._views[name].get_view_node(), x, y)
        if name != layouts.PROJECTION:
            self._review.plane.crosshair = place
        elif self._review.projection is not None and (behind := self._review.projection.point(place)) is not None:
            self._review.jump(behind)

    def _read_soon(self) -> None:
        if not self._waits:
            self._waits = True
            asyncio.get_running_loop().call_later(_READ_EVERY_S, self._read)

    def _read(self) -> None:
        self._waits = False
        text = ""
        if self._under is not None:
            name, x, y = self._under
            text = self._review.probe(ras_of_pixel(self._views[name].get_view_node(), x, y))
        if text != self._state[self._readout]:
            with self._state:
                self._state[self._readout] = text
