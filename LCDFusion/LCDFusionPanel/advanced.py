"""Advanced: the worker process, its log, PyTorch, versions."""

import platform

from slicer.i18n import tr as _

from LCDFusionLib import __version__
from LCDFusionLib.errors import InputError

from . import dependencies
from .panel import Panel


class AdvancedPanel(Panel):
    """What runs, and where."""

    def __init__(self, widget):
        super().__init__(widget)
        self._machine = self._log = None
        self.ui.installTorchButton.connect("clicked(bool)", self.onInstallTorch)

    def startWorker(self):
        """Lets PyTorch load while the person still chooses."""
        if dependencies.hasTorch():
            try:
                self.logic.session.worker.start()
            except InputError as error:
                self.widget.say(str(error))

    def update(self):
        self.ui.installTorchButton.visible = not dependencies.hasTorch()
        self.ui.workerLabel.text = self._state()
        self._versions()

    def tick(self):
        """Looks whether the worker has something to say."""
        worker = self.logic.session.worker
        if worker.machine != self._machine:
            self._machine = worker.machine
            self.widget._checkCanApply()
        if self.ui.advancedCollapsibleButton.collapsed:
            return
        log = "\n".join(worker.log)
        if log != self._log:
            self._log = log
            self.ui.logTextEdit.setPlainText(log)

    def onInstallTorch(self, _checked=False):
        with self.problemsAreSaid(self.ui.statusLabel):
            if dependencies.installTorch():
                self.logic.close()
                self.startWorker()
        self.widget._checkCanApply()

    def _state(self):
        worker = self.logic.session.worker
        if not dependencies.hasTorch():
            return dependencies.torchProblem()
        if worker.is_busy:
            return _("Fusing, process {pid}").format(pid=worker.pid)
        return _("Not started") if worker.pid is None else _("Ready, process {pid}").format(pid=worker.pid)

    def _versions(self):
        machine = self.logic.session.worker.machine
        torch = machine.torch if machine is not None and machine.torch else "-"
        self.ui.versionsLabel.text = f"LCDFusion {__version__}, PyTorch {torch}, Python {platform.python_version()}"
