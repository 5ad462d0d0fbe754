"""Inputs: Register, which becomes Cancel, and its undoing."""

from slicer.i18n import tr as _

from LCDFusionLib.mrml.inputs import read_anatomy, read_function
from LCDFusionLib.mrml.transforms import registration_of, registration_verdict, undo_registration

from . import dependencies
from .panel import Panel


class RegistrationPanel(Panel):
    """Brings the function onto the anatomy."""

    def __init__(self, widget):
        super().__init__(widget)
        self._said, self._pair = "", None
        self.ui.registerButton.connect("clicked(bool)", self.onRegister)
        self.ui.undoRegistrationButton.connect("clicked(bool)", self.onUndo)

    @property
    def isBusy(self):
        return self.logic.registration.is_running

    def update(self):
        plan, busy, function = self.widget.fusion.plan, self.isBusy, self.parameters.function
        free = not self.logic.session.is_running
        self.ui.registerButton.text = _("Cancel") if busy else _("Register")
        self.ui.registerButton.toolTip = (
            _("Stop at once; nothing is moved")
            if busy
            else _("Look for the rigid motion that brings the function onto the anatomy; the function gets a transform, its voxels stay")
        )
        self.ui.registerButton.enabled = busy or (free and plan is not None)
        self.ui.registerButton.styleSheet = "font-weight: bold" if plan is not None and plan.needs_registration else ""
        registered = function is not None and registration_of(function) is not None
        self.ui.undoRegistrationButton.enabled = registered and free and not busy
        if not busy:
            said = self._said if self._pair == self._chosen() else ""
            self._show(said or (registration_verdict(function) if registered else ""))

    def tick(self):
        progress = self.logic.registration.tick()
        if progress is None:
            return
        if progress.is_over:
            # What came of it is read off the function, so that it is there in a saved scene and goes with the transform.
            self._said, self._pair = ("" if progress.transform is not None else progress.text), self._chosen()
            self.widget._checkCanApply()
        else:
            self._show(progress.text)

    def forgetScene(self):
        self.logic.registration.close()
        self._said, self._pair = "", None
        self._show("")

    def close(self):
        self.logic.registration.close()

    def onRegister(self, _checked=False):
        """Register, or cancel."""
        if self.isBusy:
            self.logic.registration.cancel()
            self.tick()
            return
        self._said = ""
        with self.problemsAreSaid(self.ui.registrationLabel):
            if not dependencies.ensure(self.widget):
                return
            parameters = self.parameters
            anatomy, _notes = read_anatomy(parameters.anatomy, modality=parameters.anatomyKind.modality, copy=False)
            function, _notes = read_function(
                parameters.function, unit=parameters.functionUnit.unit, find_file=self.logic.findFile, copy=False
            )
            self.logic.registration.start(parameters.anatomy, parameters.function, anatomy, function)
            self._show(_("Registering"))
            self.widget._checkCanApply()
            self.widget._timer.start()

    def onUndo(self, _checked=False):
        """The function goes back to where it lay."""
        self._said = ""
        undo_registration(self.parameters.function)
        self.widget._checkCanApply()

    def _chosen(self):
        return (self.parameters.anatomy, self.parameters.function) if self.parameters is not None else None

    def _show(self, text):
        self.ui.registrationLabel.text = text
        self.ui.registrationLabel.visible = bool(text)
