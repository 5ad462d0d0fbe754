"""Patient and study in Slicer's DICOM export dialog: what it shows for a result, and what the person made of it."""

from __future__ import annotations

from collections.abc import Mapping

import slicer
from pydicom.dataset import Dataset

from LCDFusionLib.dicom import EDITABLE
from LCDFusionLib.mrml.belonging import ancestor

_NAMES = slicer.vtkMRMLSubjectHierarchyConstants


def shown_tags(node: slicer.vtkMRMLNode, source: Dataset | None) -> dict[str, str]:
    """Values of patient and study by the dialog's names of them, which are DICOM keywords.

    They are the attributes of the node's patient and study in subject hierarchy. The dialog adds those that are not there as empty ones
    (``qSlicerDICOMTagEditorWidget::setExportables``), which then could not be told from what a person has emptied: so they are added here,
    as the source has them.

    Args:
        node: of a result.
        source: header of the anatomy; None where it did not come from DICOM.
    """
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    shown = {}
    for keyword in EDITABLE:
        is_of_patient = keyword.startswith("Patient")
        item = ancestor(node, _NAMES.GetDICOMLevelPatient() if is_of_patient else _NAMES.GetDICOMLevelStudy())
        name = _NAMES.GetDICOMAttributePrefix() + keyword
        if item and not hierarchy.HasItemAttribute(item, name) and source is not None:
            hierarchy.SetItemAttribute(item, name, _as_slicer_reads(source, keyword))
        shown[keyword] = hierarchy.GetItemAttribute(item, name) if item else _as_slicer_reads(source, keyword)
    return shown


def edited_tags(tags: Mapping[str, str], source: Dataset | None) -> dict[str, str]:
    """Those that a person has changed: what differs from `source` as Slicer reads it; without a source what is there at all."""
    if source is None:
        return {keyword: value.strip() for keyword, value in tags.items() if value.strip() not in ("", *_INVENTED.values())}
    return {keyword: value.strip() for keyword, value in tags.items() if value.strip() != _as_slicer_reads(source, keyword)}


# DICOMPlugin.addSeriesInSubjectHierarchy puts these in the place of nothing, and no person has written them.
_INVENTED = {"PatientName": "No name", "StudyDescription": "No study description"}


def _as_slicer_reads(source: Dataset | None, keyword: str) -> str:
    if source is None:
        return ""
    value = str(source.get(keyword) or "").strip()
    if not value and keyword == "PatientID":
        return f"Patient-{source.get('StudyInstanceUID', '')}"
    return value or _INVENTED.get(keyword, "")
