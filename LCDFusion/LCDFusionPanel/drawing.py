"""What the drawings of the sections have in common."""


class Drawing:
    """Draws the state of one section of the panel in Qt's widgets, and passes clicks on; it decides nothing.

    Args:
        widget: the module's widget, which has `ui`, `parameters` and the other drawings.
        section: of `LCDFusionLib.panel`.
    """

    def __init__(self, widget, section):
        self.widget, self.ui, self.section = widget, widget.ui, section
        self._drawn = None

    def show(self):
        """Draws the state, where it is another than the one that was drawn."""
        state = self.section.state
        if state != self._drawn:
            self._drawn = state
            self.draw(state)

    def draw(self, state):
        """Puts a state into the widgets."""

    def on_click(self, button, call):
        """Connects a button: it calls, and what came of it is seen at once."""

        def clicked(_checked=False):
            call()
            self.widget._checkCanApply()

        button.connect("clicked(bool)", clicked)

    def close(self):
        """The module is reloaded, or Slicer ends."""
