"""Base class of plugins of the DICOM module."""


class DICOMPlugin:
    def __init__(self):
        self.loadType = "Generic DICOM"
        self.tags = {}
