"""Fused volumes in Slicer's own DICOM export dialog, as what they are: derived images with their sources, not originals."""

import sys
from pathlib import Path

import slicer
from DICOMLib import DICOMPlugin
from slicer.i18n import tr as _

for place in (Path(__file__).resolve().parents[1], Path(__file__).resolve().parent):  # as in LCDFusion.py
    if str(place) not in sys.path and (place / "LCDFusionLib").is_dir():
        sys.path.insert(0, str(place))


class DICOMLCDFusionPluginClass(DICOMPlugin):
    """Export of a fused volume; nothing is imported this way."""

    def __init__(self):
        super().__init__()
        self.loadType = _("LCD Fusion")

    def examineForImport(self, fileLists):
        """Fused series are loaded by Slicer's own plugins."""
        return []

    def examineForExport(self, subjectHierarchyItemID):
        """Offers a fused volume for export, before Slicer's scalar volume plugin does, which would call it an original."""
        from LCDFusionLib.mrml.result_nodes import result_of

        node = _node(subjectHierarchyItemID)
        result = result_of(node) if node is not None else None
        if result is None or not result.is_complete or result.is_preview:
            return []
        exportable = slicer.qSlicerDICOMExportable()
        exportable.name = self.loadType
        exportable.tooltip = _("Derived series in the study of the CT or MR, with references to both sources")
        exportable.subjectHierarchyItemID = subjectHierarchyItemID
        exportable.pluginClass = self.__module__
        exportable.confidence = 0.9
        return [exportable]

    def export(self, exportables):
        """Writes each into a folder of its own; returns what went wrong, or nothing."""
        from LCDFusionLib.errors import InputError
        from LCDFusionLib.mrml.export import Export
        from LCDFusionLib.mrml.result_nodes import result_of

        for exportable in exportables:
            node = _node(exportable.subjectHierarchyItemID)
            result = result_of(node) if node is not None else None
            if result is None:
                return _("This is no fused volume any more; one of its nodes was deleted.")
            folder = Path(exportable.directory) / f"LCDFusion_{exportable.subjectHierarchyItemID}"
            is_color = node is result.color
            try:
                find_file = slicer.dicomDatabase.fileForInstance
                Export.of(result, find_file=find_file).dicom(folder, color=is_color, gray=not is_color)
            except InputError as error:
                return str(error)
        return ""


def _node(item):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    return hierarchy.GetItemDataNode(item)


class DICOMLCDFusionPlugin:
    """What makes Slicer's DICOM module find the plugin."""

    def __init__(self, parent):
        parent.title = "DICOM LCD Fusion Plugin"
        parent.categories = ["Developer Tools.DICOM Plugins"]
        parent.contributors = ["LCDFusion contributors"]
        parent.helpText = "Exports volumes fused by LCD Fusion as derived DICOM series. No module interface here, only in the DICOM module."
        parent.acknowledgementText = ""
        parent.hidden = True
        if (slicer.app.majorVersion, slicer.app.minorVersion) < (5, 10):  # as in LCDFusion.py, which says so
            return
        if not hasattr(slicer.modules, "dicomPlugins"):
            slicer.modules.dicomPlugins = {}
        slicer.modules.dicomPlugins["DICOMLCDFusionPlugin"] = DICOMLCDFusionPluginClass
