"""Export of the result: DICOM, NRRD, NIfTI, pictures, metrics."""

import tempfile
from pathlib import Path

from slicer.i18n import tr as _

from LCDFusionLib.mrml.export import Export
from LCDFusionLib.views.slice_pictures import write_pictures

from .panel import Panel


class ExportPanel(Panel):
    """Writes what is in the scene, into the folder or into Slicer's DICOM database."""

    def __init__(self, widget):
        super().__init__(widget)
        self._buttons = {
            self.ui.dicomDatabaseButton: self.onDatabase,
            self.ui.dicomFolderButton: self.onDicom,
            self.ui.nrrdButton: self.onNrrd,
            self.ui.niftiButton: self.onNifti,
            self.ui.picturesButton: self.onPictures,
        }
        for button, slot in self._buttons.items():
            button.connect("clicked(bool)", slot)
        self.ui.keySliceButton.connect("clicked(bool)", self.onKeySlice)

    def update(self):
        result = self.widget.fusion.result
        can_export = result is not None and result.is_complete and not result.is_preview
        for button in (*self._buttons, self.ui.keySliceButton):
            button.enabled = can_export
        marked = ", ".join(str(index + 1) for index in self.parameters.keySlices)
        self.ui.keySlicesLabel.text = _("Marked: {slices}").format(slices=marked) if marked else ""

    def forgetScene(self):
        self.ui.exportLabel.text = self.ui.keySlicesLabel.text = ""

    def onDatabase(self, _checked=False):
        with self.problemsAreSaid(self.ui.exportLabel), tempfile.TemporaryDirectory(prefix="lcdfusion-") as folder:
            from DICOMLib import DICOMUtils

            self._export().dicom(folder, key_slices=self.parameters.keySlices)
            DICOMUtils.importDicom(folder, copyFiles=True)
            self.ui.exportLabel.text = _("The colour and the gray series are in the DICOM database.")

    def onDicom(self, _checked=False):
        self._write(lambda export, folder: export.dicom(folder, key_slices=self.parameters.keySlices))

    def onNrrd(self, _checked=False):
        self._write(lambda export, folder: export.volumes(folder))

    def onNifti(self, _checked=False):
        self._write(lambda export, folder: export.volumes(folder, suffix=".nii.gz"))

    def onPictures(self, _checked=False):
        shown = self.widget.review.slice
        slices = list(self.parameters.keySlices) or ([shown] if shown is not None else [])
        if slices:
            self._write(lambda export, folder: write_pictures(export, folder, slices, opacity=self.parameters.opacity))
        else:
            self.ui.exportLabel.text = _("Mark a key slice first, or show one.")

    def onKeySlice(self, _checked=False):
        """Marks the slice on show, or takes the mark away."""
        index = self.widget.review.slice
        if index is not None:
            self.parameters.keySlices = sorted(set(self.parameters.keySlices) ^ {index})

    def saveMetrics(self, path):
        """Writes the metrics as CSV."""
        with self.problemsAreSaid(self.ui.exportLabel):
            self.ui.exportLabel.text = _("Written: {path}").format(path=self._export().metrics(path))

    def _export(self):
        return Export.of(self.widget.fusion.result, find_file=self.logic.findFile)

    def _write(self, write):
        with self.problemsAreSaid(self.ui.exportLabel):
            folder = Path(self.parameters.exportFolder)
            names = ", ".join(path.name for path in write(self._export(), folder))
            self.ui.exportLabel.text = _("Written to {folder}: {names}").format(folder=folder, names=names)
