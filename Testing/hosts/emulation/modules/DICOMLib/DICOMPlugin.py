"""Base class of plugins of the DICOM module, and what they offer to load (Modules/Scripted/DICOMLib/DICOMPlugin.py)."""


class DICOMLoadable:
    def __init__(self):
        self.files, self.name, self.selected, self.confidence = [], "Unknown", False, 0.5


class DICOMPlugin:
    def __init__(self):
        self.loadType = "Generic DICOM"
        self.tags = {}

    def examineForImport(self, fileList):
        return []
