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
        from LCDFusionLib.mrml.edited_tags import shown_tags
        from LCDFusionLib.mrml.result_nodes import result_of

        node = _node(subjectHierarchyItemID)
        result = result_of(node) if node is not None else None
        if result is None or not result.is_complete or result.is_preview or node is result.metrics:
            return []
        exportable = slicer.qSlicerDICOMExportable()
        exportable.name = self.loadType
        exportable.tooltip = _("Derived series in the study of the CT or MR, with references to both sources")
        exportable.subjectHierarchyItemID = subjectHierarchyItemID
        exportable.pluginClass = self.__module__
        exportable.confidence = 0.9
        # What the dialog then shows, and gives back as the person has edited it.
        for name, value in shown_tags(node, _source_header(result)).items():
            exportable.setTag(name, value)
        return [exportable]

    def export(self, exportables):
        """Writes each series once, those of one fusion into a folder of their own; returns what went wrong, or nothing."""
        from LCDFusionLib.dicom import EDITABLE
        from LCDFusionLib.errors import InputError
        from LCDFusionLib.mrml.edited_tags import edited_tags
        from LCDFusionLib.mrml.export import Export
        from LCDFusionLib.mrml.result_nodes import result_of

        fusions = {}
        for exportable in exportables:
            node = _node(exportable.subjectHierarchyItemID)
            result = result_of(node) if node is not None else None
            if result is None:
                return _("This is no fused volume any more; one of its nodes was deleted.")
            fusions.setdefault(result.gray.GetID(), (exportable, result, []))[2].append(node)
        for exportable, result, nodes in fusions.values():
            folder = Path(exportable.directory) / f"LCDFusion_{exportable.subjectHierarchyItemID}"
            tags = {name: exportable.tag(name) for name in EDITABLE}
            try:
                export = Export.of(result, find_file=slicer.dicomDatabase.fileForInstance)
                edited = edited_tags(tags, _source_header(result))
                export.dicom(folder, color=result.color in nodes, gray=result.gray in nodes, edited=edited)
            except InputError as error:
                return str(error)
        return ""


def _source_header(result):
    """Of the anatomy's first image; None where it did not come from DICOM, or is not in the database any more."""
    from LCDFusionLib.mrml.dicom_source import dicom_header

    anatomy, _function = result.inputs
    return dicom_header(anatomy, slicer.dicomDatabase.fileForInstance) if anatomy is not None else None


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
