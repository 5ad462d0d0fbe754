"""Review: the views of Slicer's layout, and what is chosen for them."""

import slicer

from LCDFusionLib.views import layouts
from LCDFusionLib.views.choices import Arrangement
from LCDFusionLib.views.planes import ras_of_pixel

from . import views
from .drawing import Drawing

_BOTTOM = 72  # pixels of a slice view that Slicer's own corner texts and ruler take


class ReviewDrawing(Drawing):
    """Puts the views on the screen and listens to them."""

    def __init__(self, widget, section, *, on_arranged):
        super().__init__(widget, section)
        self._clicks, self._on_arranged = [], on_arranged
        self._buttons = {
            Arrangement.READING: self.ui.readingButton,
            Arrangement.SIDE_BY_SIDE: self.ui.sideBySideButton,
            Arrangement.FOUR_UP: self.ui.fourUpButton,
            Arrangement.ONE_VIEW: self.ui.oneViewButton,
            Arrangement.THREE_PLANES: self.ui.threePlanesButton,
            Arrangement.COMPARE: self.ui.compareButton,
        }
        for arrangement, button in self._buttons.items():
            self.on_click(button, lambda chosen=arrangement: self.arrange(chosen))
        self.on_click(self.ui.resetViewsButton, widget.panel.reset)
        self.ui.turnButton.connect("toggled(bool)", lambda _checked: widget._checkCanApply())

    def draw(self, state):
        self._buttons[state.arrangement].checked = True
        self.ui.splitSlider.enabled = state.can_split
        if views.isShown() and not views.isShown(state.arrangement):  # chosen by a key
            self.arrange(state.arrangement)

    def arrange(self, arrangement):
        """Puts our views on the screen."""
        if self.widget.parameters is not None:
            views.showArrangement(arrangement)
            self.widget.parameters.arrangement = arrangement
            self.arranged()

    def arranged(self):
        """The views are there: they are written in, listened to and filled."""
        if views.isShown():
            self.section.arranged(views.renderers(), bottom=_BOTTOM)
            self._listen()
            self._on_arranged()

    def onProjectionClick(self, interactor, _event):
        """A click in the projection takes all views to the hottest place behind it."""
        node = layouts.slice_node(slicer.mrmlScene, layouts.PROJECTION)
        if node is not None:
            self.section.go_behind(ras_of_pixel(node, *interactor.GetEventPosition()))

    def close(self):
        for interactor, tag in self._clicks:
            interactor.RemoveObserver(tag)
        self._clicks = []

    def _listen(self):
        self.close()
        view = views.sliceViews().get(layouts.PROJECTION)
        if view is not None:
            interactor = view.interactor()
            self._clicks.append((interactor, interactor.AddObserver("LeftButtonPressEvent", self.onProjectionClick)))
