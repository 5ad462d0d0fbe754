"""Advanced: the worker process, its log, PyTorch, versions."""

from . import dependencies
from .drawing import Drawing


class AdvancedDrawing(Drawing):
    """What runs, and where."""

    def __init__(self, widget, section):
        super().__init__(widget, section)
        self.on_click(self.ui.installTorchButton, self._install)

    def draw(self, state):
        self.ui.installTorchButton.visible = not state.has_torch
        self.ui.workerLabel.text = state.worker
        self.ui.versionsLabel.text = state.versions
        self.ui.logTextEdit.setPlainText(state.log)

    def _install(self):
        with self.section.problems_are_said(self.section.core.say):
            if dependencies.installTorch():
                self.widget.logic.close()
                self.section.start_worker()
