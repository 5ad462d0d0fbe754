"""Patient and study of a source, as every object that we make of it carries them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime

from pydicom.config import RAISE
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import MAX_VALUE_LEN, STR_VR_REGEXES, validate_value

from LCDFusionLib.errors import InputError

from . import elements
from .utc_offset import utc_offset

_PATIENT_AND_STUDY = (
    "SpecificCharacterSet",
    "TimezoneOffsetFromUTC",
    # Patient
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "IssuerOfPatientIDQualifiersSequence",
    "OtherPatientIDsSequence",
    "PatientBirthDate",
    "PatientSex",
    "PatientSpeciesDescription",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    # General Study, Patient Study
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "StudyDescription",
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "ReferringPhysicianName",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "LongitudinalTemporalInformationModified",
    # Clinical Trial Subject
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName",
    "ClinicalTrialSiteID",
    "ClinicalTrialSiteName",
    "ClinicalTrialSubjectID",
)
_TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)


EDITABLE = (
    "PatientName",
    "PatientID",
    "PatientSex",
    "PatientBirthDate",
    "PatientComments",
    "StudyInstanceUID",
    "StudyID",
    "StudyDescription",
    "StudyDate",
    "StudyTime",
)
"""What a person may change on the way out: the patient and study tags of Slicer's export dialog (vtkMRMLSubjectHierarchyConstants)."""


def edit_patient_and_study(dataset: Dataset, edited: Mapping[str, str]) -> None:
    """Put what a person has written into a data set of `patient_and_study`; other numbers of a patient who is called otherwise now go.

    Args:
        dataset: to be changed.
        edited: values by keyword, of `EDITABLE`; an empty Study Instance UID keeps what there is.

    Raises:
        InputError: a value that the attribute cannot have.
    """
    for keyword, value in edited.items():
        if keyword == "StudyInstanceUID" and not value:
            continue
        _check_edited(keyword, value)
        if keyword == "PatientID" and value != str(dataset.get(keyword, "")):
            for other in ("IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", "OtherPatientIDsSequence"):
                if other in dataset:
                    delattr(dataset, other)
        setattr(dataset, keyword, value)
    if not all(value.isascii() for value in edited.values()):
        dataset.SpecificCharacterSet = "ISO_IR 192"


def _check_edited(keyword: str, value: str) -> None:
    vr = dictionary_VR(keyword)
    try:
        validate_value(vr, value, RAISE)
        if vr == "DA" and value:
            datetime.strptime(value, "%Y%m%d")
        is_right = keyword != "PatientSex" or value in ("", "M", "F", "O")
    except ValueError:
        is_right = False
    if not is_right:
        how = {"DA": " (YYYYMMDD)", "TM": " (HHMMSS)", "CS": " (M, F or O)"}.get(vr, "")
        raise InputError(f"{elements.attribute(keyword)} cannot be '{elements.printable(value)[:64]}'{how}: change it and export again.")


def patient_and_study(header: Dataset) -> Dataset:
    """Patient and study of a source: public attributes of those modules alone, valid even where the source's were not.

    Raises:
        ElementError: one holds bytes where text belongs, or a sequence, or none where one does.
    """
    dataset = Dataset()
    for keyword in _PATIENT_AND_STUDY:
        if keyword in header:
            (elements.items if keyword.endswith("Sequence") else elements.text)(header, keyword)
            element = copy.deepcopy(header[keyword])
            _make_valid(element)
            dataset.add(element)
        elif keyword in _TYPE_2:
            setattr(dataset, keyword, "")
    dataset.remove_private_tags()
    try:
        utc_offset(dataset)
    except ValueError:
        del dataset.TimezoneOffsetFromUTC
    return dataset


def _make_valid(element: DataElement) -> None:
    """Cut descriptive text that is too long and empty dates that are none; names and identifiers stay as they are."""
    if element.keyword in ("PatientName", "PatientID", "AccessionNumber", "StudyInstanceUID") or not isinstance(element.value, str):
        return
    longest = MAX_VALUE_LEN.get(element.VR)
    if longest is not None and len(element.value) > longest:
        element.value = element.value[:longest]
    pattern = STR_VR_REGEXES.get(element.VR)
    if element.value and pattern is not None and not pattern.match(element.value):
        element.value = ""
