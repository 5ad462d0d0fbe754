"""Inputs and Display: which pair, of whom, what will be done, what speaks against it."""

from .drawing import Drawing


class InputsDrawing(Drawing):
    """Selectors draw themselves; this is what stands under them."""

    def __init__(self, widget, section):
        super().__init__(widget, section)
        self.on_click(self.ui.mismatchCheckBox, lambda: section.confirm(self.ui.mismatchCheckBox.checked))

    def draw(self, state):
        self.ui.patientLabel.text = state.patient
        self.ui.patientLabel.visible = bool(state.patient)
        self.ui.summaryLabel.text = state.plan or state.problem
        self.ui.warningLabel.text = "\n".join(f"⚠ {warning}" for warning in state.warnings)
        self.ui.warningLabel.visible = bool(state.warnings)
        box = self.ui.mismatchCheckBox
        box.visible = bool(state.mismatch)
        box.text, box.checked, box.enabled = state.mismatch, state.is_confirmed, state.can_confirm
