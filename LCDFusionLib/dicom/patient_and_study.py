"""Patient and study of a source, as every object that we make of it carries them."""

from __future__ import annotations

import copy

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.valuerep import MAX_VALUE_LEN, STR_VR_REGEXES

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
