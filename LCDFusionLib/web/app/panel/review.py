"""Review: views, looks, comparison, the turning projection, regions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from LCDFusionLib.views.choices import Arrangement, Comparison, FunctionLook, FusedLook, Orientation
from LCDFusionLib.views.regions import Measuring, measure_isocontour, measure_sphere
from LCDFusionLib.views.review import Look

from .. import form
from .section import Section

if TYPE_CHECKING:
    from ..application import SessionApplication

FLICKER_S, TURN_S, TURN_DEGREES = 0.6, 0.12, 5
TIPS = {
    Arrangement.READING: "Anatomy, function and fused above the turning projection and the metrics (key 1)",
    Arrangement.SIDE_BY_SIDE: "Anatomy, function and fused (key 2)",
    Arrangement.FOUR_UP: "Anatomy, function, classic blend and fused (key 3)",
    Arrangement.ONE_VIEW: "Fused alone (key 4)",
}


class ReviewSection(Section):
    """What the views show."""

    def __init__(self, application: SessionApplication) -> None:
        super().__init__(application)
        self._turned: Orientation | None = None
        self._shown: tuple[object, ...] | None = None
        self._look: Look | None = None
        self._next_flicker = self._next_turn = 0.0

    def build(self) -> None:
        choice, shown = self.application.choices.name, self.application.screen.name
        with v3.VBtnToggle(
            v_model=(choice.arrangement,), mandatory=True, density="compact", divided=True, variant="tonal", classes="arrangements"
        ):
            for arrangement in Arrangement:
                v3.VBtn(arrangement.label(), value=arrangement.value, size="small", title=TIPS[arrangement])
        form.select("Plane:", choice.orientation, form.items_of(Orientation), "Of all views together", classes="plane-select")
        form.select("Fused in:", choice.fused_look, form.items_of(FusedLook), "The fused image in colour or in gray")
        form.select(
            "PET in:",
            choice.function_look,
            form.items_of(FunctionLook),
            "The function in its own view: inverse gray, as PET is read, or in colour",
        )
        form.slider(
            "Blend opacity:",
            choice.opacity,
            low=0,
            high=1,
            step=0.05,
            shown=f"{choice.opacity}.toFixed(2)",
            tip="Of the function over the anatomy in the classic blend",
        )
        form.select(
            "Compare:",
            choice.comparison,
            form.items_of(Comparison),
            "Fused view: flicker between fused and blend, or blend left and fused right of a line",
            classes="comparison-select",
        )
        with html.Div(v_if=(f"{choice.comparison} === '{Comparison.SPLIT.value}'",)):
            form.slider(
                "Split at:",
                choice.split,
                low=0,
                high=1,
                step=0.01,
                shown=f"{choice.split}.toFixed(2)",
                tip="Place of the line between blend and fused",
            )
        with form.row("Turn MIP:", "Angle of the maximum intensity projection in degrees; click in it to go to what you see there"):
            v3.VSlider(v_model=(choice.projection_angle,), min=0, max=355, step=5, density="compact", hide_details=True, color="primary")
            html.Div("{{ " + choice.projection_angle + " }}°", classes="slider-value")
            v3.VBtn(
                icon=(f"{choice.turning} ? 'mdi-pause' : 'mdi-rotate-3d-variant'",),
                click=f"{choice.turning} = !{choice.turning}",
                size="x-small",
                variant="tonal",
                title="Turn the projection by itself",
                classes="turn-button",
            )
        with form.row("Region:", "SUVmax, SUVmean, SUVpeak and volume in a sphere round the crosshair (Shift and mouse move it)"):
            form.number(choice.region_radius, low=1, high=100, unit="mm")
            form.button("Sphere", self.on_sphere, "Radius at the left", disabled=(f"!{shown.can_measure}",), classes="sphere-button")
        with form.row("", "The same for the lesion at the crosshair, by a part of its maximum"):
            form.number(choice.isocontour, low=1, high=99, unit="%")
            form.button(
                "Isocontour",
                self.on_isocontour,
                "Part of the maximum that belongs to the lesion, at the left",
                disabled=(f"!{shown.can_measure}",),
                classes="isocontour-button",
            )
        html.Div("{{ " + shown.region + " }}", v_if=(shown.region,), classes="region-text")

    def update(self) -> None:
        choices, workflow, review, views = self.choices, self.application.workflow, self.application.review, self.application.views
        self.screen.can_measure = workflow.function is not None and not workflow.function.is_color
        if choices.arrangement is not views.arrangement:
            views.arrange(choices.arrangement)
        if workflow.plan is None or workflow.function is None:
            if review.is_open and not workflow.session.is_running:
                review.close()
                self._shown = None
                views.draw()
            return
        result = workflow.result
        nodes = self.application.anatomy_node, self.application.function_node
        shown = (*nodes, result.gray if result is not None else None, workflow.function.unit)
        look = self._wanted_look()
        if shown != self._shown:
            review.annotate(views.renderers())
            review.show(*nodes, workflow.function, result, look)
            if review.plane.orientation is not None:
                choices.orientation = self._turned = review.plane.orientation
        elif look != self._look:
            review.apply(look)
        self._shown, self._look = shown, look
        if choices.orientation is not self._turned:
            views.turn(choices.orientation)
            self._turned = choices.orientation
        if review.projection is not None and review.projection.angle != choices.projection_angle:
            review.projection.turn(choices.projection_angle)
        views.draw()

    def tick(self) -> None:
        now = time.monotonic()
        if self.choices.comparison is Comparison.FLICKER and now >= self._next_flicker:
            self._next_flicker = now + FLICKER_S
            self.application.review.flicker()
            self.application.views.draw()
        if self.choices.turning and now >= self._next_turn:
            self._next_turn = now + TURN_S
            self.choices.projection_angle = (self.choices.projection_angle + TURN_DEGREES) % 360
            self.application.refresh_soon()

    def forget(self) -> None:
        self._shown = self._look = None
        self.choices.turning, self.screen.region = False, ""
        self.application.review.close()

    def on_arranged(self, arrangement: Arrangement) -> None:
        """A key has put another arrangement on the screen."""
        self.choices.arrangement = arrangement
        self.application.refresh_soon()

    def on_sphere(self) -> None:
        """Measures round the crosshair."""
        self._measure(measure_sphere, self.choices.region_radius or 10.0)

    def on_isocontour(self) -> None:
        """Measures the lesion at the crosshair."""
        self._measure(measure_isocontour, (self.choices.isocontour or 41.0) / 100)

    def _measure(self, how: Measuring, size: float) -> None:
        with self.problems_are_said(self._say):
            self._say(self.application.review.measure(how, size))
            self.application.views.draw()

    def _say(self, text: str) -> None:
        self.screen.region = text

    def _wanted_look(self) -> Look:
        choices, plan = self.choices, self.application.workflow.plan
        assert plan is not None
        return Look(
            anatomy_window=plan.anatomy_window,
            function_window=plan.function_window,
            table=choices.table.value,
            function=choices.function_look,
            fused=choices.fused_look,
            opacity=choices.opacity,
            comparison=choices.comparison,
            split=choices.split,
            metrics=choices.metrics_in_view,
        )
