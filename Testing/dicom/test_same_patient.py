"""Whether two series are of one patient, as their headers say it."""

from datetime import date

import pytest

from LCDFusionLib.dicom import Patient, read_folder, same_patient
from LCDFusionLib.images.volume import Modality

BORN = date(1961, 7, 4)


@pytest.fixture
def compare(make, write_series):
    """same_patient of two series with these patients."""

    def answer(first, second):
        volume = make(Modality.MR, shape=(1, 4, 4))
        sources = (read_folder(write_series(volume, name, patient=patient))[1] for name, patient in (("a", first), ("b", second)))
        return same_patient(*sources)

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
    assert compare(Patient("Müller^Anna", "P-17", BORN), other) is None


@pytest.mark.parametrize(
    ("other", "difference"),
    [
        (Patient("Müller^Anna", "P-18", BORN), "patient ID"),
        (Patient("Müller^Anne", "P-17", BORN), "patient name"),
        (Patient("Müller", "", None), "patient name"),
        (Patient("Müller^Anna", "P-17", date(1961, 4, 7)), "birth date"),
        (Patient("Else^Somebody", "P-18", date(2000, 1, 1)), "patient ID"),
    ],
)
def test_two_patients(compare, other, difference):
    assert compare(Patient("Müller^Anna", "P-17", BORN), other) == difference


def test_two_names_in_one_script_of_two(compare):
    assert compare(Patient("Yamada^Tarou=山田^太郎", "1"), Patient("Yamada^Tarou=山田^次郎", "1")) == "patient name"
