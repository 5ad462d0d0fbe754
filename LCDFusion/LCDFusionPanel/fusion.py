"""Inputs, Display, and the Fuse button that becomes Cancel."""

import slicer
from slicer.i18n import tr as _

from LCDFusionLib.dicom import unconfirmed
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.window import Window
from LCDFusionLib.scene.belonging import confirm_mismatches, confirmed_mismatches, pair_mismatches
from LCDFusionLib.scene.choices import fusion_settings
from LCDFusionLib.scene.inputs import check_pair, read_pair
from LCDFusionLib.scene.nodes import ijk_to_ras
from LCDFusionLib.scene.plan import machine_line, make_plan
from LCDFusionLib.scene.planes import shown_slice
from LCDFusionLib.scene.results import find_result

from . import dependencies
from .panel import Panel


class FusionPanel(Panel):
    """What will be fused, and how far it is.

    Attributes:
        plan: what a fusion of the chosen pair will do; None where they cannot be fused.
        function: the chosen function as it will be fused.
    """

    def __init__(self, widget):
        super().__init__(widget)
        self.plan = self.function = None
        self._problem, self._key, self._mismatches = "", None, ()
        self._result = None
        self.ui.fuseButton.connect("clicked(bool)", self.onFuse)
        self.ui.previewButton.connect("clicked(bool)", self.onPreview)
        self.ui.mismatchCheckBox.connect("clicked(bool)", self.onConfirm)

    @property
    def result(self):
        """The result on show: what is being fused of this pair, its preview, or its whole result; None where there is none."""
        return self._result if self._result is not None and self._result.is_in_scene else None

    def update(self):
        self._makePlan()
        self._result = self._findResult()
        running, free = self.isBusy, not self.logic.registration.is_running
        self.ui.fuseButton.text = _("Cancel") if running else _("Fuse")
        self.ui.fuseButton.toolTip = (
            _("Stop at once; nothing is kept") if running else self._problem or _("Fuse all slices, the one on show first")
        )
        self.ui.fuseButton.enabled = running or (free and self.plan is not None)
        self.ui.previewButton.enabled = not running and free and self.plan is not None
        self._showPlan()
        self._showMismatches()

    @property
    def isBusy(self):
        return self.logic.session.is_running

    def tick(self):
        progress = self.logic.session.tick()
        if progress is not None:
            self.show(progress)

    def forgetScene(self):
        self.plan = self.function = self._key = self._result = None
        self.ui.progressBar.value = 0
        self.widget.say("")

    def onFuse(self, _checked=False):
        """Fuse, or cancel."""
        if self.logic.session.is_running:
            self.logic.session.cancel()
        else:
            self._start(only_first_slice=False)

    def onPreview(self, _checked=False):
        """Fuse the slice on show."""
        self._start(only_first_slice=True)

    def onConfirm(self, checked):
        """The person takes on themselves what differs, or withdraws it; it holds for this pair alone."""
        kinds = [mismatch.kind for mismatch in self._mismatches] if checked else []
        confirm_mismatches(self.parameters.anatomy, self.parameters.function, kinds, self.logic.findFile)
        self.widget._checkCanApply()

    def show(self, progress):
        """Shows how far the fusion is, and at the end what came of it."""
        self.ui.progressBar.maximum = max(progress.total, 1)
        self.ui.progressBar.value = progress.done if not progress.is_over or progress.result is not None else 0
        self.widget.say(progress.text)
        if progress.is_over:
            self._keep(progress.result)
            self.widget._checkCanApply()
        self.widget.metrics.showSlice()

    def _findResult(self):
        """Looks through the whole scene, so not for every slice that one scrolls past."""
        pair = self.parameters.anatomy, self.parameters.function
        if None in pair:
            return None
        if self.logic.session.is_running and self.logic.session.inputs == pair:
            return self.logic.session.result
        return find_result(*pair, preview=True) or find_result(*pair)

    def _start(self, *, only_first_slice):
        with self.problemsAreSaid(self.ui.statusLabel):
            if not dependencies.ensure(self.widget):
                return
            parameters = self.parameters
            anatomy_node, function_node = parameters.anatomy, parameters.function
            self.widget.say(_("Preparing"))
            self.ui.statusLabel.repaint()  # large volumes are resampled for a second or two before the worker has them
            anatomy, function, notes = self._read(copy=True)
            first = self.widget.review.slice
            self.logic.session.start(
                anatomy_node,
                function_node,
                anatomy,
                function,
                self._settings(),
                first_slice=shown_slice(slicer.mrmlScene, anatomy_node) if first is None else first,
                only_first_slice=only_first_slice,
                notes=notes,
            )
            self.ui.progressBar.value = 0
            self.widget.review.open()
            self.widget._checkCanApply()
            self.widget._timer.start()

    def _keep(self, result):
        """The result becomes part of the parameters, and so of a saved scene."""
        if self.parameters is None or result is None or not result.is_complete or result.is_preview:
            return
        with slicer.util.NodeModify(self.parameters):
            self.parameters.fusedColor, self.parameters.fusedGray = result.color, result.gray
            self.parameters.metrics = result.metrics

    def _settings(self):
        parameters = self.parameters
        display = parameters.anatomy.GetDisplayNode()
        displayed = Window(display.GetWindow(), display.GetLevel()) if display is not None and display.GetWindow() > 0 else None
        return fusion_settings(
            window=parameters.window,
            displayed=displayed,
            function_upper=parameters.functionUpper,
            table=parameters.table,
            weights=parameters.weights,
            device=parameters.device,
            precision=parameters.precision,
            batch_size=parameters.batchSize,
        )

    def _read(self, *, copy):
        parameters = self.parameters
        choices = {"modality": parameters.anatomyKind.modality, "unit": parameters.functionUnit.unit}
        return read_pair(parameters.anatomy, parameters.function, **choices, find_file=self.logic.findFile, copy=copy)

    def _makePlan(self):
        """Looks at the volumes only when something has changed that the plan depends on."""
        parameters = self.parameters
        try:
            nodes, self._mismatches = (parameters.anatomy, parameters.function), ()
            self._mismatches = pair_mismatches(*nodes, self.logic.findFile) if all(nodes) else ()
            check_pair(*nodes, find_file=self.logic.findFile)
            settings = self._settings()
            key = (settings, parameters.anatomyKind, parameters.functionUnit, confirmed_mismatches(*nodes), *map(_state, nodes))
            if key == self._key:
                return
            anatomy, self.function, notes = self._read(copy=False)
            self.plan, self._problem, self._key = make_plan(anatomy, self.function, settings, notes), "", key
        except InputError as error:
            self.plan, self.function, self._problem, self._key = None, None, str(error), None

    def _showPlan(self):
        machine = machine_line(self.logic.session.worker.machine, self.parameters.device.value)
        if self.plan is None:
            self.ui.summaryLabel.text, self.ui.warningLabel.text = self._problem, ""
        else:
            self.ui.summaryLabel.text = ", ".join(filter(None, (self.plan.line, machine)))
            self.ui.warningLabel.text = "\n".join(f"⚠ {warning}" for warning in self.plan.warnings)
        self.ui.warningLabel.visible = bool(self.ui.warningLabel.text)

    def _showMismatches(self):
        box, kinds = self.ui.mismatchCheckBox, [mismatch.kind for mismatch in self._mismatches]
        box.visible = bool(kinds)
        if kinds:
            box.text = _("Fuse although these differ: {kinds}").format(kinds=", ".join(kinds).replace("-", " "))
            box.checked = not unconfirmed(
                self._mismatches, [m.kind for m in confirmed_mismatches(self.parameters.anatomy, self.parameters.function)]
            )
            box.enabled = not self.isBusy and not self.logic.registration.is_running


def _state(node):
    """What a plan depends on in a volume node."""
    return node.GetID(), node.GetName(), node.GetImageData().GetMTime(), ijk_to_ras(node).tobytes()
