"""Slicer's desktop as the host of the panel: choices from the parameter node, views from the layout manager."""

import logging

import qt
import slicer
from slicer.i18n import tr as _

from LCDFusionLib.panel.choices import Choices
from LCDFusionLib.panel.pointed_at import ScenePriors

from . import database, dependencies, views
from .background import background, bar

_SOON_MS = 1
"""Not 0: of those Qt calls all in one go, those that they ask for too, and the window stands still until the last has returned."""


class SlicerHost:
    """`LCDFusionLib.panel.host.Host` on the module's widget.

    Args:
        widget: the module's widget, which has `ui`, `logic`, `parameters` and `drawings`.
    """

    def __init__(self, widget):
        self._widget = widget
        self._waking = False
        self.executor = background  # its owner, the widget's timer, lets it run
        self._priors = ScenePriors(widget.logic.findFile)

    def choices(self):
        parameters, ui = self._widget.parameters, self._widget.ui
        if parameters is None:
            return Choices()
        prior = parameters.priorAnatomy, parameters.priorFunction
        return Choices(
            anatomy=parameters.anatomy,
            function=parameters.function,
            prior=prior if all(prior) else None,
            prior_key=prior[1].GetID() if all(prior) else "",
            first_slice=parameters.firstSlice,
            last_slice=parameters.lastSlice,
            roi=parameters.roi,
            window=parameters.window,
            function_upper=parameters.functionUpper or None,  # 0 is written "automatic"
            table=parameters.table,
            weights=parameters.weights,
            anatomy_kind=parameters.anatomyKind,
            function_unit=parameters.functionUnit,
            device=parameters.device,
            precision=parameters.precision,
            batch_size=parameters.batchSize,
            arrangement=parameters.arrangement,
            orientation=None,  # the desktop's views have their own way to turn
            fused_look=parameters.fusedLook,
            function_look=parameters.functionLook,
            opacity=parameters.opacity,
            comparison=parameters.comparison,
            split=parameters.split,
            projection_angle=parameters.projectionAngle,
            turning=ui.turnButton.checked,
            region_radius=parameters.regionRadius,
            isocontour=parameters.isocontour,
            region_threshold=parameters.regionThreshold,
            plotted=parameters.plotted,
            metrics_in_view=parameters.metricsInView,
            deidentify=parameters.deidentify,
            page_in_dicom=parameters.pageInDicom,
        )

    def choose(self, **changes):
        for name, value in changes.items():
            if name == "turning":
                self._widget.ui.turnButton.checked = value
            elif name != "orientation" and self._widget.parameters is not None:
                value = 0.0 if value is None and name == "function_upper" else value  # "automatic"
                first, *rest = name.split("_")
                setattr(self._widget.parameters, first + "".join(word.capitalize() for word in rest), value)

    def choose_inputs(self, anatomy, function):
        nodes, lacking = [], []
        with bar(_("Loading from the DICOM database")) as pause:
            for identity in (anatomy, function):
                try:
                    nodes.append(database.find(identity, pause))
                except database.NotThereError as error:
                    lacking.append(str(error))
        if lacking:
            way = _("load the files") if not anatomy.is_dicom and not function.is_dicom else _("import the study in Slicer's DICOM module")
            return _("{why}: {way}, and open the session again").format(why="; ".join(lacking), way=way)
        if self._widget.parameters is not None:
            with slicer.util.NodeModify(self._widget.parameters):
                self._widget.parameters.anatomy, self._widget.parameters.function = nodes
        return ""

    def find_file(self, uid):
        return self._widget.logic.findFile(uid)

    def find_regions(self):
        return ()

    def priors(self):
        parameters = self._widget.parameters
        pair = (parameters.anatomy, parameters.function) if parameters is not None else (None, None)
        return self._priors.offers(pair if all(pair) else None)

    def choose_prior(self, key):
        if self._widget.parameters is not None:
            with slicer.util.NodeModify(self._widget.parameters):
                self._widget.parameters.priorAnatomy, self._widget.parameters.priorFunction = self._priors.pair(key) or (None, None)

    def may_compute(self):
        return dependencies.ensure(self._widget)

    def torch_problem(self):
        return dependencies.torchProblem()

    def open_views(self):
        self._widget._timer.start()
        qt.QTimer.singleShot(_SOON_MS, self._open_views)  # Slicer makes them anew, which takes its time: the click is answered before

    def views_are_shown(self):
        return views.isShown()

    def draw_views(self):
        views.draw()

    def show(self):
        for drawing in self._widget.drawings:
            drawing.show()

    def wake(self):
        if not self._waking:
            self._waking = True
            qt.QTimer.singleShot(_SOON_MS, self._wake)

    def report(self, error):
        logging.error("LCDFusion", exc_info=error)

    def _open_views(self):
        if self._widget.parameters is not None:
            self._widget.drawings.review.arrange(self._widget.parameters.arrangement)

    def _wake(self):
        self._waking = False
        self._widget._checkCanApply()
