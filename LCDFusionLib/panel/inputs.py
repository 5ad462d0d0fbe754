"""Inputs: which pair, of whom, what will be done with it, what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass

from LCDFusionLib.mrml.belonging import patients_text
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.display import upper_problem
from LCDFusionLib.panel.plan import machine_line
from LCDFusionLib.panel.section import Section
from LCDFusionLib.panel.workflow import mismatch_label


@dataclass(frozen=True)
class InputsState:
    """What the section shows.

    Attributes:
        patient: whose images were chosen; both where they are of two patients.
        plan: what will be done, and where; "" where nothing can be.
        problem: why nothing can be.
        warnings: what to mind.
        mismatch: words beside the box that confirms what differs; "" for no box.
        is_confirmed: the box is checked.
        can_confirm: the box can be clicked.
    """

    patient: str = ""
    plan: str = ""
    problem: str = ""
    warnings: tuple[str, ...] = ()
    mismatch: str = ""
    is_confirmed: bool = False
    can_confirm: bool = False


class InputsSection(Section):
    """What was chosen, in words."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = InputsState()

    def update(self) -> None:
        workflow, choices = self.core.workflow, self.choices
        machine = machine_line(workflow.session.worker.machine, choices.device.value)
        plan = workflow.plan
        self.state = InputsState(
            patient=patients_text(choices.anatomy, choices.function, self.core.host.find_file),
            plan=", ".join(filter(None, (plan.line, machine))) if plan is not None else "",
            problem="" if choices.waiting else self.core.workflow.waiting or upper_problem(self.choices.function_upper) or workflow.problem,
            warnings=plan.warnings if plan is not None else (),
            mismatch=mismatch_label(workflow.mismatches) if workflow.mismatches else "",
            is_confirmed=bool(workflow.mismatches) and workflow.is_confirmed(choices),
            can_confirm=not self.core.is_fusing and not self.core.is_registering,
        )

    def forget(self) -> None:
        self.state = InputsState()

    def confirm(self, agreed: bool) -> None:
        """The person takes on themselves what differs, or withdraws it; it holds for this pair alone."""
        if self.core.workflow.mismatches:
            self.core.workflow.confirm(self.choices, agreed=agreed)
            self.core.refresh()
