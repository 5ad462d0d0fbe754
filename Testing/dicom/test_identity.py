"""Whether two series are of one patient, time, side and part of the body, as their headers say it."""

from datetime import date

import pytest
from pydicom.dataset import Dataset

from LCDFusionLib.dicom import Patient, find_mismatches, identity_is_known, notes_on_belonging, place_mismatch, read_folder, unconfirmed
from LCDFusionLib.images.volume import Modality, Place

BORN = date(1961, 7, 4)


@pytest.fixture
def compare(make, write_series):
    """Kinds of mismatch between two series with these patients."""

    def answer(first, second):
        volume = make(Modality.MR, shape=(1, 4, 4))
        headers = (read_folder(write_series(volume, n, patient=p))[1].headers[0] for n, p in (("a", first), ("b", second)))
        return [mismatch.kind for mismatch in find_mismatches(*headers)]

    return answer


@pytest.mark.parametrize(
    "other",
    [
        Patient("Müller^Anna", "P-17", BORN),
        Patient("MÜLLER^ANNA^^^", "p-17 ", BORN),
        Patient(" müller^anna ^ ", "P-17", BORN),
        Patient("Müller^Anna=山田^太郎", "P-17", BORN),
        Patient("", "P-17", BORN),
        Patient("Müller^Anna", "", None),
        Patient("", "", None),
    ],
)
def test_one_patient(compare, other):
    assert compare(Patient("Müller^Anna", "P-17", BORN), other) == []


@pytest.mark.parametrize(
    ("other", "kinds"),
    [
        (Patient("Müller^Anna", "P-18", BORN), ["patient-id"]),
        (Patient("Müller^Anne", "P-17", BORN), ["patient-name"]),
        (Patient("Müller", "", None), ["patient-name"]),
        (Patient("Müller^Anna", "P-17", date(1961, 4, 7)), ["birth-date"]),
        (Patient("Else^Somebody", "P-18", date(2000, 1, 1)), ["patient-id", "patient-name", "birth-date"]),
    ],
)
def test_two_patients(compare, other, kinds):
    assert compare(Patient("Müller^Anna", "P-17", BORN), other) == kinds


def test_two_names_in_one_script_of_two(compare):
    assert compare(Patient("Yamada^Tarou=山田^太郎", "1"), Patient("Yamada^Tarou=山田^次郎", "1")) == ["patient-name"]


def header(**attributes):
    dataset = Dataset()
    dataset.update(attributes)
    return dataset


def kinds(first, second):
    found = find_mismatches(header(**first), header(**second))
    assert [m.kind for m in found] == [m.kind for m in find_mismatches(header(**second), header(**first))]
    return [mismatch.kind for mismatch in found]


@pytest.mark.parametrize(
    ("first", "second", "differ"),
    [
        ({"StudyDate": "20250314"}, {"StudyDate": "20250413"}, False),
        ({"StudyDate": "20250314"}, {"StudyDate": "20250414"}, True),
        ({"StudyDate": "20250414"}, {"StudyDate": "20250314"}, True),
        # one study number for two visits: the acquisition knows better
        ({"StudyDate": "20250314", "AcquisitionDate": "20240314"}, {"StudyDate": "20250314"}, True),
        # what de-identification writes is no date
        ({"StudyDate": "20250314", "AcquisitionDate": "19000101"}, {"StudyDate": "20250314", "AcquisitionDate": "20250314"}, False),
        ({"StudyDate": "20250314", "AcquisitionDate": "19000101"}, {"StudyDate": "20240314"}, True),
        ({"StudyDate": "20250314"}, {"StudyDate": ""}, False),
        ({"StudyDate": "20250314"}, {"StudyDate": "yesterday"}, False),
    ],
)
def test_time_between_the_scans(first, second, differ):
    assert kinds(first, second) == ["study-date"] * differ


@pytest.mark.parametrize(("first", "second", "differ"), [("F", "M", True), ("F", "f ", False), ("F", "O", False), ("F", "", False)])
def test_sexes(first, second, differ):
    assert kinds({"PatientSex": first}, {"PatientSex": second}) == ["sex"] * differ


@pytest.mark.parametrize(
    ("first", "second", "differ"),
    [("L", "R", True), ("L", "L", False), ("L", "", False), ("L", "B", False), ("R", "U", False)],
)
def test_sides(first, second, differ):
    for one, other in (("Laterality", "ImageLaterality"), ("FrameLaterality", "Laterality"), ("ImageLaterality", "FrameLaterality")):
        assert kinds({one: first}, {other: second}) == ["laterality"] * differ


@pytest.mark.parametrize(
    ("first", "second", "differ"),
    [
        ("CHEST", "HEAD", True),
        ("KNEE", "BRAIN", True),
        ("CHEST", "WHOLEBODY", False),
        ("Whole Body", "KNEE", False),
        ("LUNG", "CHESTABDOMEN", False),
        ("EXTREMITY", "THIGH", False),
        ("NECK", "HEADNECK", False),
        ("CHEST", "", False),
        ("CHEST", "PROTOCOL 7", False),
    ],
)
def test_parts_of_the_body(first, second, differ):
    assert kinds({"BodyPartExamined": first}, {"BodyPartExamined": second}) == ["body-part"] * differ


def test_a_confirmation_counts_for_what_it_names_alone():
    found = find_mismatches(header(PatientID="1", BodyPartExamined="HEAD"), header(PatientID="2", BodyPartExamined="FOOT"))
    assert [m.kind for m in found] == ["patient-id", "body-part"]
    assert [m.is_of_patient for m in found] == [True, False]
    assert [m.kind for m in unconfirmed(found, ["patient-id", "laterality"])] == ["body-part"]
    assert unconfirmed(found, ["patient-id", "body-part"]) == ()


def test_what_says_nothing_is_known_to_say_nothing():
    """Headers of anonymised series agree, and yet nothing says that they are of one patient."""
    named, birthday = header(PatientID="1", PatientName="A^B"), header(PatientID="", PatientBirthDate="19610704")
    assert identity_is_known(named, header(PatientName="A^B"))
    assert not identity_is_known(named, birthday)
    assert not identity_is_known(header(), header())
    assert find_mismatches(named, birthday) == ()


@pytest.mark.parametrize(
    ("anatomy", "function", "who"),
    [
        (Place.UNSAID, Place.UNSAID, "neither file says where in the patient it lies"),
        (Place.UNSAID, Place.PATIENT, "the anatomy's file does not say where it lies"),
        (Place.PATIENT, Place.UNSAID, "the function's file does not say where it lies"),
    ],
)
def test_whose_place_is_a_guess(anatomy, function, who):
    (found,) = place_mismatch(anatomy, function)
    assert found.kind == "place"
    assert found.text.startswith(who)
    assert place_mismatch(Place.PATIENT, Place.PATIENT) == place_mismatch(Place.PICTURE, Place.PICTURE) == ()


def test_notes_say_what_was_not_compared_and_how_far_apart():
    dated = [header(PatientID="1", StudyDate=f"202503{day}") for day in (14, 15, 20)]
    assert notes_on_belonging(dated[0], dated[0]) == ()
    assert notes_on_belonging(dated[0], dated[1]) == ("The scans are 1 day apart.",)
    assert notes_on_belonging(dated[2], dated[0]) == ("The scans are 6 days apart.",)
    assert notes_on_belonging(dated[2], dated[0], mismatches=["study-date"]) == ()
    (note,) = notes_on_belonging(dated[0], header())
    assert note.startswith("That both inputs are of one patient could not be checked")
    assert notes_on_belonging(dated[0], header(), is_known=True) == ()
