"""Whether the two inputs in a scene belong together, and what the person has confirmed of it.

A confirmation stands in the scene, on the function and for one anatomy alone: another pair asks anew, a saved scene keeps it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TypeAlias

import slicer
from pydicom.dataset import Dataset

from LCDFusionLib.dicom import Mismatch, find_mismatches, notes_on_belonging, place_mismatch, unconfirmed
from LCDFusionLib.mrml.dicom_source import FindFile, dicom_header, no_file
from LCDFusionLib.mrml.nodes import hierarchy_item, kept_in, place_of

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"

_CONFIRMED_ATTRIBUTE = "LCDFusion.Confirmed"
_CONFIRMED_ROLE = "LCDFusion.confirmedWith"


def pair_mismatches(anatomy: Node, function: Node, find_file: FindFile = no_file) -> tuple[Mismatch, ...]:
    """What says that the two do not belong together: patient, study date, side, part of the body, place; empty where nothing does.

    Their DICOM headers are compared; of a volume whose files are not at hand, what subject hierarchy says of its patient and study.
    """
    found = find_mismatches(*(description_of(node, find_file) for node in (anatomy, function)))
    patients = [ancestor(node, slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMLevelPatient()) for node in (anatomy, function)]
    if all(patients) and patients[0] != patients[1] and not any(mismatch.is_of_patient for mismatch in found):
        found = (Mismatch("patient-id", "they stand under two patients in the scene"), *found)
    return (*found, *place_mismatch(place_of(anatomy), place_of(function)))


def unconfirmed_mismatches(anatomy: Node, function: Node, find_file: FindFile = no_file) -> tuple[Mismatch, ...]:
    """Those of `pair_mismatches` that the person has not confirmed for this pair."""
    confirmed = [mismatch.kind for mismatch in confirmed_mismatches(anatomy, function)]
    return unconfirmed(pair_mismatches(anatomy, function, find_file), confirmed)


def confirm_mismatches(anatomy: Node, function: Node, kinds: Collection[str], find_file: FindFile = no_file) -> None:
    """The person takes it on themselves to fuse this pair although it differs in these kinds (`Mismatch.kind`); none withdraws it."""
    texts = {mismatch.kind: mismatch.text for mismatch in pair_mismatches(anatomy, function, find_file) if mismatch.kind in kinds}
    function.SetAttribute(_CONFIRMED_ATTRIBUTE, json.dumps(texts) if texts else None)
    function.SetNodeReferenceID(_CONFIRMED_ROLE, anatomy.GetID() if texts else None)


def confirmed_mismatches(anatomy: Node, function: Node) -> tuple[Mismatch, ...]:
    """What the person has confirmed for this pair."""
    if function.GetNodeReference(_CONFIRMED_ROLE) is not anatomy:
        return ()
    texts = kept_in(function, _CONFIRMED_ATTRIBUTE, dict)
    return tuple(Mismatch(kind, str(text)) for kind, text in texts.items())


def notes_on_pair(anatomy: Node, function: Node, find_file: FindFile = no_file) -> list[str]:
    """What the person should know of a pair that may be fused, in sentences: what was confirmed, or could not be compared; days apart."""
    confirmed = confirmed_mismatches(anatomy, function)
    notes = [f"Mismatch, confirmed: {mismatch.text}." for mismatch in confirmed]
    patients = {ancestor(node, slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMLevelPatient()) for node in (anatomy, function)}
    of_one_patient = len(patients) == 1 and 0 not in patients
    kinds = [mismatch.kind for mismatch in confirmed]
    headers = [description_of(node, find_file) for node in (anatomy, function)]
    return [*notes, *notes_on_belonging(*headers, mismatches=kinds, is_known=of_one_patient or "patient-id" in kinds)]


def patient_text(node: Node, find_file: FindFile = no_file) -> str:
    """Whose images a node holds, and when they were taken, in one line, as far as that is known; "" where it is not."""
    header = description_of(node, find_file)
    name, number, day = _patient_of(header)
    return "   ".join(filter(None, (name, number if number != name else "", day, str(header.get("StudyDescription") or ""))))


def patient_and_day(node: Node, find_file: FindFile = no_file) -> tuple[str, str]:
    """Name, or number, of the patient, and the day of the study as 2025-03-14; each "" where it is not known."""
    name, number, day = _patient_of(description_of(node, find_file))
    return name or number, day


def _patient_of(header: Dataset) -> tuple[str, str, str]:
    name, number, day = (str(header.get(keyword) or "").strip() for keyword in ("PatientName", "PatientID", "StudyDate"))
    return name.replace("^", " ").strip(), number, f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 else day


def patients_text(anatomy: Node | None, function: Node | None, find_file: FindFile = no_file) -> str:
    """`patient_text` of both; of each where they differ."""
    texts = {name: patient_text(node, find_file) for name, node in (("Anatomy", anatomy), ("Function", function)) if node is not None}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return "   |   ".join(f"{name}: {text or 'not known'}" for name, text in texts.items())


def ancestor(node: Node, level: str) -> int:
    """The item of a level (patient, study) that a node stands under in subject hierarchy; 0 where there is none."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    return hierarchy.GetItemAncestorAtLevel(hierarchy_item(node), level)


def description_of(node: Node, find_file: FindFile) -> Dataset:
    """The header of the node's first image; where that is not at hand, as much of it as Slicer's DICOM readers wrote into the scene."""
    header = dicom_header(node, find_file)
    if header is not None:
        return header
    names, header = slicer.vtkMRMLSubjectHierarchyConstants, Dataset()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    for level, keyword, attribute in (
        (names.GetDICOMLevelPatient(), "PatientID", names.GetDICOMPatientIDAttributeName()),
        (names.GetDICOMLevelPatient(), "PatientName", names.GetDICOMPatientNameAttributeName()),
        (names.GetDICOMLevelPatient(), "PatientBirthDate", names.GetDICOMPatientBirthDateAttributeName()),
        (names.GetDICOMLevelStudy(), "StudyDate", names.GetDICOMStudyDateAttributeName()),
    ):
        if item := ancestor(node, level):
            setattr(header, keyword, hierarchy.GetItemAttribute(item, attribute))
    return header
