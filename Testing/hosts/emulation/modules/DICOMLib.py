"""Stand-in for DICOMLib: imports into the emulation's database, base class of export plugins."""

import shutil
import tempfile
from pathlib import Path

import slicer


class qSlicerDICOMExportable:
    """What an export plugin offers."""

    name = tooltip = pluginClass = directory = ""
    subjectHierarchyItemID = confidence = 0


slicer.qSlicerDICOMExportable = qSlicerDICOMExportable


class DICOMUtils:
    @staticmethod
    def importDicom(folder, copyFiles=False):
        kept = Path(tempfile.mkdtemp(prefix="lcdfusion-database-")) if copyFiles else Path(folder)
        if copyFiles:
            shutil.copytree(folder, kept, dirs_exist_ok=True)
        slicer.dicomDatabase.add(sorted(kept.rglob("*.dcm")))
        return True


class DICOMPlugin:
    def __init__(self):
        self.loadType = "Generic DICOM"
        self.tags = {}
