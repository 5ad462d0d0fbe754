"""A DICOM series that a host has read itself becomes a node, under its patient and study, as Slicer's own DICOM readers leave it."""

from __future__ import annotations

import slicer

from LCDFusionLib.dicom import SeriesSource
from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.images.window import anatomy_window
from LCDFusionLib.mrml.dicom_source import PART_ATTRIBUTE, keep_source
from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume

_NAMES = slicer.vtkMRMLSubjectHierarchyConstants


def node_from_series(scene: slicer.vtkMRMLScene, volume: Volume, source: SeriesSource) -> slicer.vtkMRMLVolumeNode:
    """A new volume node with its place in subject hierarchy, from what `read_series` gave.

    `dicom_source` finds the series again, where `find_file` of the host knows the files of `source`.
    """
    # MRML takes half a second to find a window for a large CT, which the reading windows are better than.
    is_ct = volume.modality is Modality.CT and volume.unit is Unit.HU
    node = node_from_volume(scene, volume, window=anatomy_window(volume) if is_ct else None)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    item, series = hierarchy_item(node), source.series
    uids = dict.fromkeys(str(header.SOPInstanceUID) for header in source.headers)
    hierarchy.SetItemUID(item, _NAMES.GetDICOMInstanceUIDName(), " ".join(uids))
    hierarchy.SetItemUID(item, _NAMES.GetDICOMUIDName(), series.uid)
    if series.part_key:
        node.SetAttribute(PART_ATTRIBUTE, series.part_key)
    hierarchy.SetItemParent(item, _study(hierarchy, source))
    keep_source(source)
    return node


def _study(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, source: SeriesSource) -> int:
    series = source.series
    if series.study_uid and (item := hierarchy.GetItemByUID(_NAMES.GetDICOMUIDName(), series.study_uid)):
        return item
    item = hierarchy.CreateStudyItem(_patient(hierarchy, source), series.study_description or "Study")
    hierarchy.SetItemUID(item, _NAMES.GetDICOMUIDName(), series.study_uid)
    hierarchy.SetItemAttribute(item, _NAMES.GetDICOMStudyDateAttributeName(), series.study_date)
    return item


def _patient(hierarchy: slicer.vtkMRMLSubjectHierarchyNode, source: SeriesSource) -> int:
    header = source.headers[0]
    identity = [str(header.get(keyword) or "") for keyword in ("PatientID", "PatientName", "PatientBirthDate")]
    uid = "\\".join(identity)
    if item := hierarchy.GetItemByUID(_NAMES.GetDICOMUIDName(), uid):
        return item
    item = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), identity[1] or identity[0] or "Patient")
    hierarchy.SetItemUID(item, _NAMES.GetDICOMUIDName(), uid)
    for attribute, value in zip(
        (
            _NAMES.GetDICOMPatientIDAttributeName(),
            _NAMES.GetDICOMPatientNameAttributeName(),
            _NAMES.GetDICOMPatientBirthDateAttributeName(),
        ),
        identity,
        strict=True,
    ):
        hierarchy.SetItemAttribute(item, attribute, value)
    return item
