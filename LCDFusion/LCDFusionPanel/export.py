"""Export into the folder, or into Slicer's DICOM database."""

import tempfile
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from LCDFusionLib.panel.export import ExportKind
from LCDFusionLib.panel.session import session_text

from . import dependencies
from .background import bar, wait_for
from .drawing import Drawing


class ExportDrawing(Drawing):
    """Buttons; the panel writes."""

    def __init__(self, widget, section):
        super().__init__(widget, section)
        self._buttons = {
            self.ui.dicomDatabaseButton: self.onDatabase,
            self.ui.dicomFolderButton: lambda: self._write(ExportKind.DICOM),
            self.ui.nrrdButton: lambda: self._write(ExportKind.NRRD),
            self.ui.niftiButton: lambda: self._write(ExportKind.NIFTI),
            self.ui.picturesButton: lambda: self._write(ExportKind.PICTURES),
        }
        self.on_click(self.ui.saveSessionButton, lambda: self._write(ExportKind.SESSION))
        self.on_click(self.ui.openSessionButton, self.onOpenSession)
        self.on_click(self.ui.pageButton, lambda: self._write(ExportKind.PAGE))
        self._tips = {button: button.toolTip for button in (*self._buttons, self.ui.keySliceButton)}
        for button, call in self._buttons.items():
            self.on_click(button, call)
        self.on_click(self.ui.keySliceButton, section.mark)
        self.on_click(self.ui.regionsCsvButton, lambda: self._write(ExportKind.REGIONS))
        self.on_click(self.ui.regionsDicomButton, lambda: self._write(ExportKind.REGION_OBJECTS))

    def draw(self, state):
        for button, tip in self._tips.items():
            button.enabled, button.toolTip = state.can_export, _(state.tip) or tip
        self.ui.regionsCsvButton.enabled = self.ui.regionsDicomButton.enabled = state.can_export_regions
        self.ui.pageButton.enabled = self.ui.saveSessionButton.enabled = state.can_keep_page
        self.ui.keySliceButton.enabled = state.can_mark
        self.ui.keySliceButton.text = _("Unmark this slice") if state.is_marked else _("Mark this slice")
        self.ui.keySlicesLabel.text = state.marked
        self.ui.exportLabel.text = _(state.note)

    def onDatabase(self):
        with self.section.problems_are_said(self.section.say), tempfile.TemporaryDirectory(prefix="lcdfusion-") as folder:
            from DICOMLib import DICOMUtils

            self._ensure()
            if self.widget.parameters.pageInDicom:
                dependencies.ensurePage(self.widget)
            written = self._run(ExportKind.DICOM, Path(folder))
            DICOMUtils.importDicom(folder, copyFiles=True)
            self.section.say(self.section.in_database(written, self.widget.logic.findFile))

    def onOpenSession(self):
        """Asks for a session file, and brings its review back."""
        path = qt.QFileDialog.getOpenFileName(
            slicer.util.mainWindow(), _("Open session"), str(self.widget.parameters.exportFolder), "LCDFusion session (*.json)"
        )
        if path:
            self.openSession(path)

    def openSession(self, path):
        """Brings the review of a session file back."""
        with self.section.problems_are_said(self.section.say):
            self.section.open_session(session_text(Path(path)), Path(path).name)

    def saveMetrics(self, path):
        """Writes the metrics as CSV."""
        with self.section.problems_are_said(self.section.say):
            file = Path(path)
            self._run(ExportKind.METRICS, file.parent, name=file.name)
            self.section.say(_("Written: {path}").format(path=path))

    def _write(self, kind):
        with self.section.problems_are_said(self.section.say):
            folder = Path(self.widget.parameters.exportFolder)
            if kind in (ExportKind.DICOM, ExportKind.REGION_OBJECTS):
                self._ensure()
            if kind is ExportKind.PAGE or (kind is ExportKind.DICOM and self.widget.parameters.pageInDicom):
                dependencies.ensurePage(self.widget)
            if kind is ExportKind.REGION_OBJECTS:
                dependencies.ensureRegionObjects(self.widget)
            names = ", ".join(path.name for path in self._run(kind, folder))
            self.section.say(_("Written to {folder}: {names}").format(folder=folder, names=names))

    def _run(self, kind, folder, **more):
        for read in self.section.unread():
            wait_for(read, _("Reading the headers of the series"))
        written, pause = [], [lambda: None]
        for step in self.section.steps(kind, folder, pause=lambda: pause[0](), **more):
            if step.draws:  # OpenGL belongs to the main thread
                with bar(_("Drawing")) as pause[0]:
                    written += step()
            else:
                written += wait_for(step, _("Exporting"))
        return written

    def _ensure(self):
        if self.widget.parameters.deidentify:
            dependencies.ensureDeidentification(self.widget)
            slicer.app.processEvents()
