"""One small case from DICOM files to DICOM files, by clicking in the open panel: what a host must be able to do."""

import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pydicom
import slicer
from pydicom.uid import generate_uid

from LCDFusionLib.dicom import Patient, Radiopharmaceutical, Study, read_folder, write_original_series
from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume
from LCDFusionLib.views import layouts

SCANNED = datetime(2025, 3, 14, 10, 30)


def go_through(module):
    """Loads, fuses, arranges, measures, exports; raises where anything goes wrong."""
    panel = module.open()
    ui = panel.ui
    with tempfile.TemporaryDirectory() as folder:
        load(write(Path(folder)))
        module.widget.exit()
        module.widget.enter()
        wait(lambda: ui.fuseButton.enabled, ui)
        ui.fuseButton.click()
        wait(lambda: panel.parameters.fusedColor is not None, ui)
        for button in (ui.sideBySideButton, ui.fourUpButton, ui.oneViewButton, ui.readingButton):
            button.click()
            slicer.app.processEvents()
        crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        crosshair.SetCrosshairRAS(56.0, 40.0, 4.0)
        panel._checkCanApply()
        ui.sphereButton.click()
        wait(lambda: "SUVmax" in ui.regionLabel.text, ui)
        plot = slicer.app.layoutManager().plotWidget(0).plotView()
        plot.click(plot.series()[0].GetName(), 1)
        shown = slicer.app.layoutManager().sliceWidget(layouts.FUSED).sliceView().picture()
        assert np.ptp(shown.astype(int), axis=-1).max() > 60, "nothing is in colour"
        panel.parameters.exportFolder = Path(folder) / "out"
        ui.keySliceButton.click()
        for button in (ui.dicomFolderButton, ui.dicomDatabaseButton, ui.nrrdButton, ui.niftiButton, ui.picturesButton):
            ui.exportLabel.text = ""
            button.click()
            wait(lambda: ui.exportLabel.text, ui)
            assert "did not work" not in ui.exportLabel.text, ui.exportLabel.text
        written = {path.suffix for path in (Path(folder) / "out").rglob("*")}
        assert {".dcm", ".nrrd", ".gz", ".png"} <= written, written
    module.close()
    print(f"pydicom {pydicom.__version__}, numpy {np.__version__}, Slicer {slicer.app.majorVersion}.{slicer.app.minorVersion}")
    assert not {"gdcm", "matplotlib", "tqdm", "pynetdicom"} & set(sys.modules)


def write(folder):
    """CT and PET of one patient as DICOM, three small slices; returns their folders."""
    _k, j, i = np.mgrid[:3, :48, :48]
    body = np.hypot(j - 24, i - 24) < 20
    place = np.diag([-2.0, -2.0, 4.0, 1.0])
    ct = Volume(np.where(body, 40, -1000).astype(np.int16), place, Modality.CT, Unit.HU, "CT", "2.25.770077007700770077")
    hot = (8 * np.exp(-((j - 20) ** 2 + (i - 28) ** 2) / 20) + body).astype(np.float32)
    pet = Volume(hot, place, Modality.PET, Unit.SUVBW, "PET", "2.25.770077007700770077")
    patient = Patient(name="Case^One", id="1", weight_kg=74.0, size_m=1.75)
    study = Study(uid=generate_uid(), started=SCANNED, description="")
    fdg = Radiopharmaceutical(injected=SCANNED - timedelta(minutes=50), dose_bq=296e6)
    common = {"patient": patient, "study": study, "acquired": SCANNED, "body_part": "CHEST"}
    return [
        write_original_series(ct, folder / "CT", series_number=1, **common),
        write_original_series(pet, folder / "PET", series_number=2, radiopharmaceutical=fdg, **common),
    ]


def load(folders):
    """As Slicer's DICOM module does: values as stored, instance UIDs in subject hierarchy, files in the database."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.CreateStudyItem(hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Case^One"), "PET/CT")
    for folder in folders:
        volume, source = read_folder(folder)
        if source.suv is not None:
            volume = volume.with_array((volume.array / source.suv.factor).astype(np.float32), unit=Unit.BQML)
        item = hierarchy_item(node_from_volume(slicer.mrmlScene, volume))
        hierarchy.SetItemParent(item, study)
        uids = " ".join(str(header.SOPInstanceUID) for header in source.headers)
        hierarchy.SetItemUID(item, slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMInstanceUIDName(), uids)
        slicer.dicomDatabase.add(source.files)


def wait(until, ui, seconds=240):
    """Lets Qt work until something is so."""
    end = time.monotonic() + seconds
    while not until():
        slicer.app.processEvents()
        assert time.monotonic() < end, f"waited in vain; the panel says: {ui.statusLabel.text} {ui.regionLabel.text} {ui.exportLabel.text}"
        time.sleep(0.01)
