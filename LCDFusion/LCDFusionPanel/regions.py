"""Regions: two buttons and the readouts."""

from slicer.i18n import tr as _

from .drawing import Drawing


class RegionsDrawing(Drawing):
    """Sphere and isocontour at the crosshair."""

    def __init__(self, widget, section):
        super().__init__(widget, section)
        self._buttons = (self.ui.sphereButton, self.ui.isocontourButton)
        self._tips = [button.toolTip for button in self._buttons]
        self.on_click(self.ui.sphereButton, section.sphere)
        self.on_click(self.ui.isocontourButton, section.isocontour)

    def draw(self, state):
        for button, tip in zip(self._buttons, self._tips, strict=True):
            button.enabled, button.toolTip = state.can_measure, _(state.tip) or tip
        self.ui.regionLabel.text = state.text
