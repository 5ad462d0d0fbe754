"""Patient and study of what is written: those of the source, and what a person has changed on the way out."""

import pytest
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from LCDFusionLib.dicom.patient_and_study import edit_patient_and_study, patient_and_study
from LCDFusionLib.errors import InputError


def source(**attributes):
    header = Dataset()
    with disable_value_validation():
        for keyword, value in {"PatientName": "Doe^Jane", "PatientID": "P-1", "StudyInstanceUID": "1.2.3", **attributes}.items():
            setattr(header, keyword, value)
    return header


def carried_over(**attributes):
    with disable_value_validation():
        return patient_and_study(source(**attributes))


def test_what_every_object_has_is_there_though_empty():
    """Type 2 of PS3.3 C.7.1.1 and C.7.2.1: present, empty where it is not known; what is type 3 is not made up."""
    dataset = carried_over(StudyDate="20250314")
    assert dataset.StudyDate == "20250314"
    for keyword in ("PatientBirthDate", "PatientSex", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
        assert not dataset[keyword].value
    for keyword in ("PatientWeight", "PatientAge", "StudyDescription", "IssuerOfPatientID"):
        assert keyword not in dataset


@pytest.mark.parametrize("keyword", ["PatientName", "PatientID", "AccessionNumber"])
def test_what_identifies_is_never_cut(keyword):
    """A VR of 16 or 64 characters at most: of two patients whose names begin alike a cut one may be either."""
    long = "Doe^" + "Jane" * 20
    assert carried_over(**{keyword: long})[keyword].value == long


def test_a_description_is_cut_to_what_its_attribute_can_hold():
    """LO: 64 characters (PS3.5 6.2)."""
    assert carried_over(StudyDescription="a" * 63 + "bc").StudyDescription == "a" * 63 + "b"
    assert carried_over(StudyDescription="a" * 64).StudyDescription == "a" * 64


def test_another_patients_number_takes_the_other_numbers_with_it():
    others = {"IssuerOfPatientID": "Clinic", "IssuerOfPatientIDQualifiersSequence": [Dataset()], "OtherPatientIDsSequence": [Dataset()]}
    same, other = carried_over(**others), carried_over(**others)
    edit_patient_and_study(same, {"PatientID": "P-1", "PatientName": "Roe^Jane"})
    edit_patient_and_study(other, {"PatientID": "TRIAL-7"})
    assert [keyword in same for keyword in others] == [True] * 3
    assert [keyword in other for keyword in others] == [False] * 3
    assert (same.PatientName, other.PatientID) == ("Roe^Jane", "TRIAL-7")


@pytest.mark.parametrize("sex", ["M", "F", "O", ""])
def test_every_sex_of_the_standard_may_be_written(sex):
    dataset = carried_over(PatientSex="M")
    edit_patient_and_study(dataset, {"PatientSex": sex})
    assert dataset.PatientSex == sex


@pytest.mark.parametrize(
    ("keyword", "value", "form"),
    [
        ("PatientSex", "W", "M, F or O"),
        ("StudyDate", "14.3.2025", "YYYYMMDD"),
        ("PatientBirthDate", "20250231", "YYYYMMDD"),
        ("StudyTime", "9:30", "HHMMSS"),
    ],
)
def test_a_refusal_tells_the_form(keyword, value, form):
    with pytest.raises(InputError, match=rf"cannot be '{value}' \({form}\)"):
        edit_patient_and_study(carried_over(), {keyword: value})


def test_a_name_that_needs_unicode_says_so():
    plain, umlaut = carried_over(SpecificCharacterSet="ISO_IR 6"), carried_over(SpecificCharacterSet="ISO_IR 6")
    edit_patient_and_study(plain, {"PatientName": "Mueller^Anna"})
    edit_patient_and_study(umlaut, {"PatientName": "Müller^Anna"})
    assert (plain.SpecificCharacterSet, umlaut.SpecificCharacterSet) == ("ISO_IR 6", "ISO_IR 192")


def test_an_empty_study_uid_keeps_the_study():
    dataset = carried_over()
    edit_patient_and_study(dataset, {"StudyInstanceUID": "", "StudyDescription": "PET/CT"})
    assert (dataset.StudyInstanceUID, dataset.StudyDescription) == ("1.2.3", "PET/CT")
