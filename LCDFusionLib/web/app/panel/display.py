"""Display: window, range, colours and weights."""

from __future__ import annotations

from LCDFusionLib.panel.choices import AnatomyWindow, ColorTableChoice, WeightsChoice

from .. import form
from .drawing import Drawing


class DisplayDrawing(Drawing):
    """How both are windowed, on the screen and in the fusion."""

    def build(self) -> None:
        choice = self.shared.choice
        form.select(
            "Anatomy window:",
            choice.window,
            form.items_of(AnatomyWindow),
            "Window width and level of the anatomy, in the fused image too",
            classes="window-select",
        )
        with form.row("Full uptake:", "SUV (or value) that is shown as full uptake; everything hotter looks the same. Automatic: SUV 10"):
            form.number(
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
        form.select("Colours:", choice.table, form.items_of(ColorTableChoice), "Colours of uptake, in the fused image too")
        form.select("Weights:", choice.weights, form.items_of(WeightsChoice), "Weights of the network: trained on CT/PET or on MR/PET")
