"""Preview, Fuse that becomes Cancel, and how far it is."""

import slicer
from slicer.i18n import tr as _

from .drawing import Drawing


class FusionDrawing(Drawing):
    """The row of buttons at the end of the panel's first part."""

    def __init__(self, widget, section):
        super().__init__(widget, section)
        self.on_click(self.ui.fuseButton, section.click)
        self.on_click(self.ui.previewButton, section.preview)

    def draw(self, state):
        self.ui.fuseButton.text, self.ui.fuseButton.toolTip = _(state.label), _(state.tip)
        self.ui.fuseButton.enabled, self.ui.previewButton.enabled = state.can_fuse, state.can_preview
        self.ui.progressBar.maximum = max(state.total, 1)
        self.ui.progressBar.value = state.done
        self.ui.statusLabel.text = _(state.status or state.why_not)
        self._keep(state.kept)

    def _keep(self, result):
        """The result is part of the parameters, and so of a saved scene."""
        parameters = self.widget.parameters
        wanted = (None, None, None) if result is None else (result.color, result.gray, result.metrics)
        if parameters is not None and wanted != (parameters.fusedColor, parameters.fusedGray, parameters.metrics):
            with slicer.util.NodeModify(parameters):
                parameters.fusedColor, parameters.fusedGray, parameters.metrics = wanted
