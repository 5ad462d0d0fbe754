"""Inputs: which pair, what will be done with it, what speaks against it."""

from __future__ import annotations

from trame.widgets import html

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
            form.check(
                "Fuse even if the inputs name two patients",
                choice.different_patients,
                "Only if you know that both are of one patient",
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
        if self.choices.different_patients or "two patients" in workflow.problem:
            screen.mismatch = "patient"
        else:
            screen.mismatch = ""
        pair = study.pairs[self.choices.pair] if study is not None and self.choices.pair is not None else None
        screen.pair_note = pair.why if pair is not None else ""
