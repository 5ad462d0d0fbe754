"""Inputs: which pair, what will be done with it, what speaks against it."""

from __future__ import annotations

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from LCDFusionLib.panel.inputs import InputsSection

from .. import form
from .drawing import Drawing, Shared


class InputsDrawing(Drawing):
    """Which volumes; they are read when they are chosen."""

    def __init__(self, shared: Shared, name: str, section: InputsSection) -> None:
        super().__init__(shared, name, section)
        self._confirm = section.confirm

    def build(self) -> None:
        choice, screen = self.shared.choice, self.shared.screen
        with html.Div(v_if=(f"{screen.pairs}.length > 1",)):
            form.select("Pair:", choice.pair, screen.pairs, "Pairs of this study that can be fused, best first", classes="pair-select")
        form.select("Anatomy:", choice.anatomy, screen.anatomies, "CT or MR", classes="anatomy-select", no_data_text="None")
        form.select(
            "Function:",
            choice.function,
            screen.functions,
            "PET or SPECT, or a colour image of it",
            classes="function-select",
            no_data_text="None",
        )
        with form.row("Slices:", "Fuse only these slices of the anatomy, counted from 1; empty: all"):
            form.number("First slice", choice.first_slice, low=1, high=99999, empty="first", classes="slice-field")
            form.number("Last slice", choice.last_slice, low=1, high=99999, empty="last", classes="slice-field")
        html.Div("{{ " + screen.pair_note + " }}", v_if=(f"{screen.pair_note} && !inputs.mismatch",), classes="note")
        html.Div("{{ inputs.plan }}", v_if=("inputs.plan",), classes="plan")
        html.Div("{{ inputs.problem }}", v_if=("inputs.problem",), classes="problem")
        with html.Div(v_if=("inputs.mismatch",)):
            v3.VCheckbox(
                model_value=("inputs.is_confirmed",),
                update_modelValue=(self._on_confirm, "[$event]"),
                label=("inputs.mismatch",),
                disabled=("!inputs.can_confirm",),
                title="Only if you know that both belong together all the same; it is written into the result and all that is exported, "
                "and holds for this pair alone",
                density="compact",
                hide_details=True,
                color="warning",
                classes="mismatch-check",
            )
        warnings = f"[...{screen.study_notes}, ...inputs.warnings]"
        html.Div("⚠ {{ warning }}", v_for=f"warning in {warnings}", key="warning", classes="warning")

    def _on_confirm(self, agreed: bool) -> None:
        self._confirm(bool(agreed))
