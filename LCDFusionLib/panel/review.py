"""Review: what the views show, how they are arranged, what moves by itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import vtk

from LCDFusionLib.mrml.dicom_source import instance_numbers
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.on_show import OnShow
from LCDFusionLib.panel.section import Section
from LCDFusionLib.views.choices import Arrangement, Comparison, Orientation
from LCDFusionLib.views.layouts import views_of
from LCDFusionLib.views.look import Look
from LCDFusionLib.views.prior_views import PriorStudy

FLICKER_S, TURN_S, TURN_DEGREES = 0.6, 0.12, 5


@dataclass(frozen=True)
class ReviewState:
    """What the section shows.

    Attributes:
        arrangement: of the views.
        can_split: the place of the line can be moved.
        word: what stands in the views in the place of images; "" while images do.
        full: layout name of the view that alone is on the screen; "" while all of the arrangement are.
    """

    arrangement: Arrangement = Arrangement.READING
    can_split: bool = False
    word: str = ""
    full: str = ""


class ReviewSection(Section):
    """Keeps the views to the pair that is named, or blank."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = ReviewState()
        self._shown: OnShow | None = None
        self._look: Look | None = None
        self._prior: tuple[PriorStudy | None, str] = (None, "")
        self._turned: Orientation | None = None
        self._full = ""
        self._full_of: Arrangement | None = None
        self._next_flicker = self._next_turn = 0.0

    def update(self) -> None:
        workflow, views, choices = self.core.workflow, self.core.views, self.choices
        word = ""
        if choices.waiting or workflow.plan is None or workflow.function is None or choices.pair is None:
            word = self.core.waiting or ("Not on show: see Inputs" if choices.pair is not None else "No pair is chosen")
            if views.is_open or self.state.word != word:
                views.blank(word)
            self._shown = None
        elif not self.core.host.views_are_shown():
            self._shown = None
        else:
            self._fill()
        if self._full_of is not choices.arrangement:  # another arrangement was chosen
            self._full = ""
        self.state = ReviewState(choices.arrangement, choices.comparison is Comparison.SPLIT, word, self._full)
        self.core.host.draw_views()

    def tick(self) -> None:
        now, moves = time.monotonic(), self.core.views.is_open and self.core.host.views_are_shown()
        if moves and self.choices.comparison is Comparison.FLICKER and now >= self._next_flicker:
            self._next_flicker = now + FLICKER_S
            self.flicker()
        if moves and self.choices.turning and now >= self._next_turn:
            self._next_turn = now + TURN_S
            self.core.host.choose(projection_angle=(self.choices.projection_angle + TURN_DEGREES) % 360)
            self.core.refresh()

    def forget(self) -> None:
        self._shown = self._look = self._turned = self._full_of = None
        self._full = ""
        self.state = ReviewState()
        self.core.host.choose(turning=False)
        self.core.views.blank("")
        self.core.views.plane.forget_crosshair()

    def arranged(self, renderers: Mapping[str, vtk.vtkRenderer], *, bottom: int = 30) -> None:
        """The host has made the views: they are written in and filled.

        Args:
            renderers: of the views, by layout name.
            bottom: pixels at the bottom of a view that are taken.
        """
        self.core.views.annotate(renderers, bottom=bottom)
        self._shown = None
        self.core.refresh()

    def go_behind(self, ras: tuple[float, float, float]) -> None:
        """A click in the projection, at a place in its plane, takes all views to the hottest voxel behind it."""
        place = self.core.views.point_behind(ras)
        if place is not None:
            self.core.views.jump(place)
            self.core.host.draw_views()

    def make_full(self, name: str) -> None:
        """A double click in a view, by its layout name: it alone is on the screen; in the one that is, all are again. "" for all."""
        self._full = name if name in views_of(self.choices.arrangement) and name != self._full else ""
        self._full_of = self.choices.arrangement
        self.core.refresh()

    def show_whole(self) -> None:
        """Whole images again, unzoomed."""
        self.core.views.align()
        self.core.host.draw_views()

    def scroll(self, count: int, name: str = "") -> None:
        """Moves the views of a plane, that of a view by its layout name, by that many slices, to the first or last one at the most."""
        self.core.views.planes.plane_of(name).scroll(count)
        self.core.host.draw_views()

    def peek(self) -> None:
        """Shows the anatomy in the place of the fused image, until this is called again."""
        self.core.views.peek(not self.core.views.is_peeked)
        self.core.host.draw_views()

    def flicker(self) -> None:
        """Changes between the fused image and the blend."""
        self.core.views.flicker()
        self.core.host.draw_views()

    def _fill(self) -> None:
        workflow, views, choices = self.core.workflow, self.core.views, self.choices
        assert workflow.anatomy is not None
        assert workflow.function is not None
        assert workflow.plan is not None
        look = Look(
            anatomy_window=workflow.plan.anatomy_window,
            function_window=workflow.plan.function_window,
            table=choices.table.value,
            function=choices.function_look,
            fused=choices.fused_look,
            opacity=choices.opacity,
            comparison=choices.comparison,
            split=choices.split,
            metrics=choices.metrics_in_view,
            three_planes=choices.arrangement is Arrangement.THREE_PLANES,
        )
        now = self.on_show
        before = self._shown
        if before is None or (before.pair, before.transforms) != (now.pair, now.transforms) or not views.is_open:
            views.instance_numbers = instance_numbers(choices.anatomy, self.core.host.find_file)
            views.show(choices.anatomy, choices.function, workflow.function, workflow.images, look, padding=workflow.anatomy.padding)
            if choices.orientation is not None and views.plane.orientation is not None:
                self._turned = views.plane.orientation
                if choices.orientation is not self._turned:
                    self.core.host.choose(orientation=self._turned)
        else:
            views.show_images(workflow.images)
            if look != self._look or self.core.is_dragged:
                views.apply(look)
            if choices.orientation is not None and choices.orientation is not self._turned:
                views.plane.orientation = self._turned = choices.orientation
        if (self.core.prior_on_show, self.core.prior_word) != self._prior or before is None:
            self._prior = self.core.prior_on_show, self.core.prior_word
            label = self.core.label_of(choices.function) if self.core.prior_on_show is not None else ""
            views.show_prior(*self._prior, label)
        self._shown, self._look, self.core.is_dragged = now, look, False
        views.turn(choices.projection_angle)
