"""Display: window, range, colours and weights."""

from __future__ import annotations

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from LCDFusionLib.panel.choices import AnatomyWindow, ColorTableChoice, WeightsChoice
from LCDFusionLib.panel.display import DisplaySection

from .. import form
from .drawing import Drawing, Shared


class DisplayDrawing(Drawing):
    """How both are windowed, on the screen and in the fusion."""

    def __init__(self, shared: Shared, name: str, section: DisplaySection) -> None:
        super().__init__(shared, name, section)
        self._full_uptake = section.full_uptake

    def build(self) -> None:
        choice = self.shared.choice
        form.select(
            "Window:",
            choice.window,
            form.items_of(AnatomyWindow),
            "Window width and level of the anatomy, in the fused image too",
            classes="window-select",
        )
        with form.row("Full uptake:", "SUV (or value) that is shown as full uptake; everything hotter looks the same"):
            form.number(
                "Full uptake",
                choice.function_upper,
                low=0,
                high=100000,
                empty="automatic",
                unit=("display.unit",),
                as_typed=True,
                error_messages=("display.upper_problem",),
                hide_details="auto",
                classes="upper-field",
            )
        with html.Div(classes="form-row range-presets", v_if=("display.presets.length",)):
            html.Div("", classes="form-label")
            with html.Div(classes="form-control"):
                v3.VBtn(
                    "{{ upper }}",
                    v_for="upper in display.presets",
                    key="upper",
                    click=(self._full_uptake, "[upper]"),
                    title=("'SUV 0 to ' + upper",),
                    color=(f"{choice.function_upper} === upper ? 'primary' : undefined",),
                    variant="flat",
                    size="x-small",
                    classes="range-preset",
                )
                v3.VBtn(
                    "Auto",
                    click=(self._full_uptake, "[null]"),
                    title="The range that this study asks for",
                    color=(f"{choice.function_upper} === null ? 'primary' : undefined",),
                    variant="flat",
                    size="x-small",
                    classes="range-auto",
                )
        html.Div("{{ display.reason }}", v_if=("display.reason",), classes="note range-reason")
        form.select("Colours:", choice.table, form.items_of(ColorTableChoice), "Colours of uptake, in the fused image too")
        form.select("Weights:", choice.weights, form.items_of(WeightsChoice), "Weights of the network: trained on CT/PET or on MR/PET")
