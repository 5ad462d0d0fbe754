"""Display: buttons for the range of uptake, and why it ends where it does; window, colours and weights draw themselves."""

from slicer.i18n import tr as _

from LCDFusionLib.images.window import SUV_PRESETS

from .drawing import Drawing


class DisplayDrawing(Drawing):
    """A row of buttons and a line."""

    def __init__(self, widget, section):
        super().__init__(widget, section)
        self._buttons = {upper: getattr(self.ui, f"range{upper:g}Button") for upper in SUV_PRESETS}
        for upper, button in self._buttons.items():
            self.on_click(button, lambda chosen=upper: section.full_uptake(chosen))
        self.on_click(self.ui.rangeAutoButton, lambda: section.full_uptake(None))

    def draw(self, state):
        for upper, button in self._buttons.items():
            button.enabled = upper in state.presets
        self.ui.rangeLabel.text = _(state.upper_problem or state.reason)
