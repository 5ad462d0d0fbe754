"""Review: views, looks, comparison, the turning projection, regions."""

import qt
import slicer

from LCDFusionLib.mrml.application import Application
from LCDFusionLib.views import layouts
from LCDFusionLib.views.choices import Arrangement, Comparison
from LCDFusionLib.views.planes import ras_of_pixel
from LCDFusionLib.views.regions import measure_isocontour, measure_sphere
from LCDFusionLib.views.review import Look, Review

from . import views
from .panel import Panel

FLICKER_MS, TURN_MS, TURN_DEGREES = 600, 80, 5
_BOTTOM = 72  # pixels of a slice view that Slicer's own corner texts and ruler take


class ReviewPanel(Panel):
    """What the views show."""

    def __init__(self, widget):
        super().__init__(widget)
        self.review = Review(Application(slicer.mrmlScene, slicer.app.applicationLogic()))
        self._shown = self._look = None
        self._clicks = []
        self._flicker, self._turn = self._timer(FLICKER_MS, self.onFlicker), self._timer(TURN_MS, self.onTurn)
        self._buttons = {
            Arrangement.READING: self.ui.readingButton,
            Arrangement.SIDE_BY_SIDE: self.ui.sideBySideButton,
            Arrangement.FOUR_UP: self.ui.fourUpButton,
            Arrangement.ONE_VIEW: self.ui.oneViewButton,
        }
        for arrangement, button in self._buttons.items():
            button.connect("clicked(bool)", lambda _checked=False, chosen=arrangement: self.onArrangement(chosen))
        self.ui.turnButton.connect("toggled(bool)", self.onTurnToggled)
        self.ui.sphereButton.connect("clicked(bool)", self.onSphere)
        self.ui.isocontourButton.connect("clicked(bool)", self.onIsocontour)

    @property
    def slice(self):
        """K of the anatomy's slice on show in our views; None where they are not on the screen."""
        return self.review.slice if views.isShown() else None

    def open(self):
        """Puts our views on the screen, in the arrangement that the person likes."""
        self.onArrangement(self.parameters.arrangement)

    def enter(self):
        """The person opens the module."""
        if views.isShown():
            self._arranged()

    def exit(self):
        """The person goes to another module: nothing moves by itself there."""
        self.ui.turnButton.checked = False
        self._flicker.stop()

    def update(self):
        parameters, fusion = self.parameters, self.widget.fusion
        self._buttons[parameters.arrangement].checked = True
        has_plan = fusion.plan is not None
        self.ui.sphereButton.enabled = self.ui.isocontourButton.enabled = has_plan and not fusion.function.is_color
        self.ui.splitSlider.enabled = parameters.comparison is Comparison.SPLIT
        if not has_plan:
            if self.review.is_open and not self.logic.session.is_running:
                self.review.close()
                self._shown = None
            return
        result = fusion.result
        shown = (parameters.anatomy, parameters.function, result.gray if result is not None else None, fusion.function.unit)
        look = self._wantedLook()
        if not views.isShown():
            self._shown = None
        elif shown != self._shown:
            self.review.show(parameters.anatomy, parameters.function, fusion.function, result, look)
            self._shown, self._look = shown, look
        elif look != self._look:
            self.review.apply(look)
            self._look = look
        if self.review.projection is not None and self.review.projection.angle != parameters.projectionAngle:
            self.review.projection.turn(parameters.projectionAngle)
        self._flicker.start() if parameters.comparison is Comparison.FLICKER and views.isShown() else self._flicker.stop()
        views.draw()

    def forget(self, node):
        """A node was deleted: a pair that it was part of is no longer on show."""
        if self._shown is not None and node in self._shown:
            self._shown = None
            self.review.close()

    def forgetScene(self):
        self._flicker.stop()
        self.ui.turnButton.checked = False
        self.ui.regionLabel.text = ""
        self._drop()

    def close(self):
        self._flicker.stop()
        self._turn.stop()
        self._drop()

    def onArrangement(self, arrangement):
        """A layout button."""
        if self.parameters is None:
            return
        views.showArrangement(arrangement)
        self._shown = None
        self.parameters.arrangement = arrangement
        self._arranged()

    def onFlicker(self):
        self.review.flicker()
        views.draw()

    def onTurnToggled(self, checked):
        self._turn.start() if checked else self._turn.stop()

    def onTurn(self):
        if self.parameters is not None:
            self.parameters.projectionAngle = (self.parameters.projectionAngle + TURN_DEGREES) % 360

    def onProjectionClick(self, interactor, _event):
        """A click in the projection takes all views to the hottest place behind it."""
        node = layouts.slice_node(slicer.mrmlScene, layouts.PROJECTION)
        if self.review.projection is None or node is None:
            return
        place = self.review.projection.point(ras_of_pixel(node, *interactor.GetEventPosition()))
        if place is not None:
            self.review.jump(place)
            views.draw()

    def onSphere(self, _checked=False):
        self._measure(measure_sphere, self.parameters.regionRadius)

    def onIsocontour(self, _checked=False):
        self._measure(measure_isocontour, self.parameters.isocontour / 100)

    def _measure(self, how, size):
        with self.problemsAreSaid(self.ui.regionLabel):
            self.ui.regionLabel.text = self.review.measure(how, size)
            views.draw()

    def _wantedLook(self):
        parameters, plan = self.parameters, self.widget.fusion.plan
        return Look(
            anatomy_window=plan.anatomy_window,
            function_window=plan.function_window,
            table=parameters.table.value,
            function=parameters.functionLook,
            fused=parameters.fusedLook,
            opacity=parameters.opacity,
            comparison=parameters.comparison,
            split=parameters.split,
            metrics=parameters.metricsInView,
        )

    def _arranged(self):
        """The views are there: write in them, listen to them, fill them."""
        self.review.annotate(views.renderers(), bottom=_BOTTOM)
        self._listen()
        self.widget.metrics.arranged()
        self._shown = None
        self.widget._checkCanApply()

    def _listen(self):
        for interactor, tag in self._clicks:
            interactor.RemoveObserver(tag)
        self._clicks = []
        view = views.sliceViews().get(layouts.PROJECTION)
        if view is not None:
            interactor = view.interactor()
            self._clicks.append((interactor, interactor.AddObserver("LeftButtonPressEvent", self.onProjectionClick)))

    def _drop(self):
        for interactor, tag in self._clicks:
            interactor.RemoveObserver(tag)
        self._clicks, self._shown = [], None
        self.review.close()

    def _timer(self, milliseconds, slot):
        timer = qt.QTimer()
        timer.setInterval(milliseconds)
        timer.connect("timeout()", slot)
        return timer
