"""Inputs: which pair, what will be done with it, what speaks against it."""

from __future__ import annotations

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from LCDFusionLib.panel.workflow import mismatch_label

from .. import form
from .section import Section


class InputsSection(Section):
    """Which volumes; they are read when they are chosen."""

    def build(self) -> None:
        choice, shown = self.application.choices.name, self.application.screen.name
        with html.Div(v_if=(f"{shown.pairs}.length > 1",)):
            form.select("Pair:", choice.pair, shown.pairs, "Pairs of this study that can be fused, best first", classes="pair-select")
        form.select("Anatomy:", choice.anatomy, shown.anatomies, "CT or MR", classes="anatomy-select", no_data_text="None")
        form.select(
            "Function:",
            choice.function,
            shown.functions,
            "PET or SPECT, or a colour image of it",
            classes="function-select",
            no_data_text="None",
        )
        html.Div("{{ " + shown.pair_note + " }}", v_if=(shown.pair_note,), classes="note")
        html.Div("{{ " + shown.plan + " }}", v_if=(shown.plan,), classes="plan")
        html.Div("{{ " + shown.problem + " }}", v_if=(shown.problem,), classes="problem")
        with html.Div(v_if=(shown.mismatch,)):
            v3.VCheckbox(
                model_value=(shown.is_confirmed,),
                update_modelValue=(self.on_confirm, "[$event]"),
                label=(shown.mismatch,),
                disabled=(shown.running,),
                title="Only if you know that both belong together all the same; it is written into the result and all that is exported, "
                "and holds for this pair alone",
                density="compact",
                hide_details=True,
                color="warning",
                classes="mismatch-check",
            )
        html.Div("⚠ {{ warning }}", v_for=f"warning in {shown.warnings}", key="warning", classes="warning")

    def update(self) -> None:
        workflow, study = self.application.workflow, self.application.study
        screen = self.screen
        screen.problem = "" if screen.busy else workflow.problem
        screen.plan = workflow.plan.line if workflow.plan is not None else ""
        warnings = workflow.plan.warnings if workflow.plan is not None else ()
        screen.warnings = [*(study.notes if study is not None else ()), *warnings]
        screen.mismatch = mismatch_label(workflow.mismatches) if workflow.mismatches else ""
        screen.is_confirmed = bool(workflow.mismatches) and workflow.is_confirmed(self.application.fusion_choices)
        pair = study.pairs[self.choices.pair] if study is not None and self.choices.pair is not None else None
        screen.pair_note = pair.why if pair is not None else ""

    def on_confirm(self, agreed: bool) -> None:
        """The reader takes on themselves what differs, or withdraws it."""
        if self.application.workflow.mismatches:
            self.application.workflow.confirm(self.application.fusion_choices, agreed=bool(agreed))
            self.application.refresh_soon()
