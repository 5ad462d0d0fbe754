"""Display: buttons for the range of uptake, and why it ends where it does; window, colours and weights draw themselves."""

import qt
from slicer.i18n import tr as _

from LCDFusionLib.panel.keys import RANGE_KEYS

from .drawing import Drawing


class DisplayDrawing(Drawing):
    """A row of buttons and a line."""

    def __init__(self, widget, section):
        super().__init__(widget, section)
        self._buttons = {}
        for upper in (*RANGE_KEYS.values(), None):
            button = self._buttons[upper] = qt.QToolButton()
            button.text = _("Auto") if upper is None else f"{upper:g}"
            button.toolTip = _("The range that this study asks for") if upper is None else f"SUV 0 to {upper:g}"
            self.on_click(button, lambda chosen=upper: section.full_uptake(chosen))
            self.ui.rangeWidget.layout().addWidget(button)

    def draw(self, state):
        for upper, button in self._buttons.items():
            button.enabled = upper is None or upper in state.presets
        self.ui.rangeLabel.text = _(state.upper_problem or state.reason)
