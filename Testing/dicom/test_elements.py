"""Each element with its number of values, type and range, or a sentence that names file and attribute."""

from datetime import timedelta

import pydicom
import pytest
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from LCDFusionLib.dicom import elements
from LCDFusionLib.dicom.elements import ElementError
from LCDFusionLib.dicom.moments import zone_of
from LCDFusionLib.images.volume import Modality


def header(**attributes):
    dataset = Dataset()
    with disable_value_validation():
        for keyword, (vr, value) in attributes.items():
            dataset.add_new(keyword, vr, value)
    return dataset


@pytest.mark.parametrize(
    ("vr", "value", "problem"),
    [
        ("DS", ["1", "2", "3"], "has 3 values and not 2"),
        ("DS", "1", "has 1 values and not 2"),
        ("DS", ["1", "nan"], "'nan' is no finite number"),
        ("DS", ["1e400", "1"], "'1e400' is no finite number|'inf' is no finite number"),
        ("DS", ["1", "0"], "'0' lies outside 0.001 to 100"),
        ("DS", ["1e-5", "1e-5"], "'1e-0?5' lies outside 0.001 to 100"),
        ("LO", ["one", "two"], "'one' is no number"),
        ("OB", b"\x01\x02", "has 1 values and not 2"),
        ("SQ", [Dataset(), Dataset()], "'' is no number"),
    ],
)
def test_numbers(vr, value, problem):
    with pytest.raises(ElementError, match=rf"Pixel Spacing \(0028,0030\) ({problem})"):
        elements.numbers(header(PixelSpacing=(vr, value)), "PixelSpacing", 2, least=1e-3, most=100)


@pytest.mark.parametrize("value", [None, "", []])
def test_empty_and_missing_are_the_same(value):
    empty = header(PixelSpacing=("DS", value), ImageType=("CS", value))
    assert elements.numbers(empty, "PixelSpacing", 2) is None
    assert elements.terms(empty, "ImageType") == ()
    assert elements.text(empty, "ImageType") == elements.text(Dataset(), "PatientName") == ""
    assert elements.whole(Dataset(), "Rows", least=1, most=9) is None


def test_good_values_of_any_type_that_says_the_same():
    given = header(
        Rows=("IS", "12"), PixelSpacing=("FD", [1.5, 2.0]), ImageType=("CS", ["ORIGINAL", "PRIMARY"]), RescaleSlope=("UN", b"2 ")
    )
    assert elements.whole(given, "Rows", least=1, most=65535) == 12
    assert elements.numbers(given, "PixelSpacing", 2) == (1.5, 2.0)
    assert elements.terms(given, "ImageType") == ("ORIGINAL", "PRIMARY")
    assert elements.number(given, "RescaleSlope") == 2.0


def test_text_moves_no_cursor():
    assert elements.text(header(SeriesDescription=("LO", "PET\x1b[2J\r\nAC")), "SeriesDescription") == "PET [2J  AC"


def test_several_values_stand_as_in_the_file():
    assert elements.text(header(ImageType=("CS", ["ORIGINAL", "PRIMARY", "AXIAL"])), "ImageType") == "ORIGINAL\\PRIMARY\\AXIAL"


def test_a_patient_is_never_named():
    with pytest.raises(ElementError) as caught:
        elements.number(header(PatientWeight=("LO", "Anna")), "PatientWeight")
    assert "Patient's Weight (0010,1030) is no number" in str(caught.value)
    assert "Anna" not in str(caught.value)


def test_a_sequence_where_a_number_belongs_and_the_other_way_round():
    with pytest.raises(ElementError, match="is no sequence"):
        elements.items(header(DetectorInformationSequence=("LO", "none")), "DetectorInformationSequence")
    with pytest.raises(ElementError, match="is a sequence and no text"):
        elements.text(header(SeriesDescription=("SQ", [Dataset()])), "SeriesDescription")


def test_the_file_is_named_for_an_item_of_it_too(write_series):
    path = write_series(Modality.PET) / "0001.dcm"
    dataset = pydicom.dcmread(path)
    tracer = elements.item(dataset, "RadiopharmaceuticalInformationSequence")
    with pytest.raises(ElementError, match=rf"The DICOM file '{path}' is damaged: Radionuclide Total Dose \(0018,1074\) '3"):
        elements.number(tracer, "RadionuclideTotalDose", most=1000)


@pytest.mark.parametrize("value", ["1.2 3", "1" * 65, ["1.2", "1.3"], "../1.2"])
def test_what_is_no_uid(value):
    with pytest.raises(ElementError, match=r"Study Instance UID \(0020,000D\) .*is no UID"):
        elements.uid(header(StudyInstanceUID=("UI", value)), "StudyInstanceUID")


def test_a_number_is_no_uid():
    with pytest.raises(ElementError, match="is no UID"):
        elements.uid(header(StudyInstanceUID=("FD", 1.5)), "StudyInstanceUID")


@pytest.mark.parametrize(
    ("value", "hours"),
    [("+1400", 14), ("-1200", -12), ("+0530", 5.5), ("Z", 0), ("+1401", None), ("-1201", None), ("+0160", None)],
)
def test_offsets_from_utc_are_those_of_the_standard(value, hours):
    """PS3.5 6.2: -1200 to +1400; Z is ISO 8601's, and some write it."""
    zone = zone_of(header(TimezoneOffsetFromUTC=("SH", value)))
    assert (None if zone is None else zone.utcoffset(None) / timedelta(hours=1)) == hours
