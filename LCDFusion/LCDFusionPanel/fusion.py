"""Inputs, Display, and the Fuse button that becomes Cancel."""

import slicer
from slicer.i18n import tr as _

from LCDFusionLib.panel.plan import machine_line
from LCDFusionLib.panel.workflow import FusionChoices, FusionWorkflow, mismatch_label
from LCDFusionLib.views.planes import shown_slice

from . import dependencies
from .panel import Panel


class FusionPanel(Panel):
    """What will be fused, and how far it is."""

    def __init__(self, widget):
        super().__init__(widget)
        self.workflow = FusionWorkflow(self.logic.session, find_file=self.logic.findFile)
        self.ui.fuseButton.connect("clicked(bool)", self.onFuse)
        self.ui.previewButton.connect("clicked(bool)", self.onPreview)
        self.ui.mismatchCheckBox.connect("clicked(bool)", self.onConfirm)

    @property
    def plan(self):
        """What a fusion of the chosen pair will do; None where they cannot be fused."""
        return self.workflow.plan

    @property
    def function(self):
        """The chosen function as it will be fused."""
        return self.workflow.function

    @property
    def result(self):
        """The result on show; None where there is none."""
        return self.workflow.result

    def update(self):
        self.workflow.update(self._choices())
        running, free = self.isBusy, not self.logic.registration.is_running
        self.ui.fuseButton.text = _("Cancel") if running else _("Fuse")
        self.ui.fuseButton.toolTip = (
            _("Stop at once; nothing is kept") if running else self.workflow.problem or _("Fuse all slices, the one on show first")
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
        self.workflow.forget()
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
        self.workflow.confirm(self._choices(), agreed=checked)
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

    def _start(self, *, only_first_slice):
        with self.problemsAreSaid(self.ui.statusLabel):
            if not dependencies.ensure(self.widget):
                return
            self.widget.say(_("Preparing"))
            self.ui.statusLabel.repaint()  # large volumes are resampled for a second or two before the worker has them
            first = self.widget.review.slice
            first = shown_slice(slicer.mrmlScene, self.parameters.anatomy) if first is None else first
            preparation = self.workflow.prepare(self._choices(), first_slice=first, only_first_slice=only_first_slice)
            self.workflow.begin(preparation, preparation.job())
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

    def _choices(self):
        parameters = self.parameters
        return FusionChoices(
            anatomy=parameters.anatomy,
            function=parameters.function,
            window=parameters.window,
            function_upper=parameters.functionUpper,
            table=parameters.table,
            weights=parameters.weights,
            anatomy_kind=parameters.anatomyKind,
            function_unit=parameters.functionUnit,
            device=parameters.device,
            precision=parameters.precision,
            batch_size=parameters.batchSize,
        )

    def _showPlan(self):
        machine = machine_line(self.logic.session.worker.machine, self.parameters.device.value)
        if self.plan is None:
            self.ui.summaryLabel.text, self.ui.warningLabel.text = self.workflow.problem, ""
        else:
            self.ui.summaryLabel.text = ", ".join(filter(None, (self.plan.line, machine)))
            self.ui.warningLabel.text = "\n".join(f"⚠ {warning}" for warning in self.plan.warnings)
        self.ui.warningLabel.visible = bool(self.ui.warningLabel.text)

    def _showMismatches(self):
        box, mismatches = self.ui.mismatchCheckBox, self.workflow.mismatches
        box.visible = bool(mismatches)
        if mismatches:
            box.text = mismatch_label(mismatches)
            box.checked = self.workflow.is_confirmed(self._choices())
            box.enabled = not self.isBusy and not self.logic.registration.is_running
