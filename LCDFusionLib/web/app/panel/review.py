"""Review: how the views are arranged, and what they show."""

from __future__ import annotations

from collections.abc import Callable

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from LCDFusionLib.panel.review import ReviewSection
from LCDFusionLib.views.choices import Arrangement, Comparison, FunctionLook, FusedLook, Orientation

from ...views import LinkedViews
from .. import form
from .drawing import Drawing, Shared

TIPS = {
    Arrangement.READING: "Anatomy, function and fused above the turning projection and the metrics (Shift+1)",
    Arrangement.SIDE_BY_SIDE: "Anatomy, function and fused (Shift+2)",
    Arrangement.FOUR_UP: "Anatomy, function, classic blend and fused (Shift+3)",
    Arrangement.ONE_VIEW: "Fused alone (Shift+4)",
    Arrangement.THREE_PLANES: "Anatomy, function and fused in three planes that meet in the crosshair, and the projection (Shift+5)",
    Arrangement.COMPARE: "Anatomy, function and fused above those of a prior study (Shift+6)",
}


class ReviewDrawing(Drawing):
    """Choices of the views; the views themselves are `LinkedViews`."""

    def __init__(self, shared: Shared, name: str, section: ReviewSection, views: LinkedViews, reset: Callable[[], None]) -> None:
        super().__init__(shared, name, section)
        self._review, self._views, self._reset = section, views, reset

    def show(self) -> None:
        super().show()
        state = self._review.state
        if (state.arrangement, state.full) != (self._views.arrangement, self._views.full):
            self._views.arrange(state.arrangement, state.full)

    def build(self) -> None:
        choice = self.shared.choice
        with v3.VBtnToggle(
            v_model=(choice.arrangement,), mandatory=True, density="compact", divided=True, variant="tonal", classes="arrangements"
        ):
            for arrangement in Arrangement:
                v3.VBtn(arrangement.label(), value=arrangement.value, size="small", title=TIPS[arrangement])
        with html.Div(classes="buttons"):
            form.button("Reset views", self._reset, "Whole images, and the windows that the study asks for (R)", classes="reset-button")
            form.button("Full screen", "window.lcdfusion.fullScreen()", "Of the whole page (F); a double click makes one view large")
        form.select("Plane:", choice.orientation, form.items_of(Orientation), "Of all views together", classes="plane-select")
        form.select("Fused in:", choice.fused_look, form.items_of(FusedLook), "The fused image in colour or in gray")
        form.select(
            "PET in:",
            choice.function_look,
            form.items_of(FunctionLook),
            "The function in its own view and the projection: dark on white, as PET is read, white on black, or in colour",
            classes="function-look-select",
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
        with html.Div(v_if=("review.can_split",)):
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
            v3.VSlider(
                v_model=(choice.projection_angle,),
                min=0,
                max=355,
                step=5,
                density="compact",
                hide_details=True,
                color="primary",
                raw_attrs=form.named("Angle of the projection"),
            )
            html.Div("{{ " + choice.projection_angle + " }}°", classes="slider-value")
            v3.VBtn(
                icon=(f"{choice.turning} ? 'mdi-pause' : 'mdi-rotate-3d-variant'",),
                click=f"{choice.turning} = !{choice.turning}",
                size="x-small",
                variant="tonal",
                title="Turn the projection by itself",
                classes="turn-button",
            )
