"""Stand-in for DICOMLib: as much of it as the module meets."""

import slicer

from emulation.contract import Contracted, ContractedModule

from . import DICOMPlugin as _plugin
from . import DICOMUtils
from .DICOMPlugin import DICOMPlugin
from .scalar_volumes import DICOMScalarVolumePlugin


class qSlicerDICOMExportable(Contracted):
    """What an export plugin offers."""

    name = tooltip = pluginClass = directory = ""
    subjectHierarchyItemID = confidence = 0

    def __init__(self):
        self._tags = {}

    def setTag(self, name, value):
        self._tags[name] = value

    def tag(self, name):
        return self._tags.get(name, "")  # PythonQt gives a null QString as ""


slicer.qSlicerDICOMExportable = qSlicerDICOMExportable
if not hasattr(slicer.modules, "dicomPlugins"):  # Slicer's own, registered when it starts
    slicer.modules.dicomPlugins = {}
slicer.modules.dicomPlugins["DICOMScalarVolumePlugin"] = DICOMScalarVolumePlugin
DICOMUtils.__class__ = _plugin.__class__ = ContractedModule

__all__ = ["DICOMPlugin", "DICOMUtils"]
