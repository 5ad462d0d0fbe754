"""Register, which becomes Cancel, and its undoing."""

from slicer.i18n import tr as _

from .drawing import Drawing


class RegistrationDrawing(Drawing):
    """Two buttons and a line."""

    def __init__(self, widget, section):
        super().__init__(widget, section)
        self.on_click(self.ui.registerButton, self._register)
        self.on_click(self.ui.undoRegistrationButton, section.undo)

    def draw(self, state):
        self.ui.registerButton.text, self.ui.registerButton.toolTip = _(state.label), _(state.tip)
        self.ui.registerButton.enabled = state.can_register
        self.ui.registerButton.styleSheet = "font-weight: bold" if state.is_advised else ""
        self.ui.registrationProgressBar.visible, self.ui.registrationProgressBar.value = state.running, round(100 * state.part)
        self.ui.undoRegistrationButton.enabled = state.can_undo
        self.ui.registrationLabel.text = _(state.text)
        self.ui.registrationLabel.visible = bool(state.text)

    def _register(self):
        self.section.register()
        self.widget._timer.start()
