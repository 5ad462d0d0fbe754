"""Original series: valid DICOM, the values and the place that went in."""

import subprocess
from datetime import datetime

import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from LCDFusionLib.dicom import Patient, read_folder
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Unit


@pytest.mark.parametrize("modality", [Modality.CT, Modality.MR, Modality.PET])
@pytest.mark.parametrize("body_part", ["", "CHEST", "HEAD", "THIGH"])
def test_dciodvfy_finds_no_error(modality, body_part, write_series, dicom_errors):
    assert dicom_errors(write_series(modality, body_part=body_part), step=5) == []


@pytest.mark.parametrize("modality", [Modality.CT, Modality.MR, Modality.PET])
def test_dciodvfy_finds_no_error_in_any_direction(modality, make, direction, write_series, dicom_errors):
    assert dicom_errors(write_series(make(modality, direction=direction)), step=5) == []
    assert dicom_errors(write_series(make(modality, shape=(1, 16, 16), direction=direction), "single")) == []


def test_the_series_of_one_visit_agree(tmp_path, write_series):
    """dcentvfy: patient, study and frame of reference do not contradict each other."""
    files = [str(path) for modality in (Modality.CT, Modality.MR, Modality.PET) for path in write_series(modality).iterdir()]
    try:
        report = subprocess.run(["dcentvfy", *files], capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("dcentvfy is not installed (Debian package dicom3tools)")
    assert report.stderr.strip() == ""


def test_pet_in_bqml_is_stored_as_it_is(make, write_series, rescaled_values):
    suv = make(Modality.PET)
    activity = suv.with_array(suv.array * 4000, unit=Unit.BQML)
    np.testing.assert_allclose(rescaled_values(write_series(activity)), activity.array, rtol=0, atol=activity.array.max() / 32767)


def test_an_empty_pet_slice(make, write_series):
    pet = make(Modality.PET)
    pet.array[2] = 0
    assert (read_folder(write_series(pet))[0].array[2] == 0).all()


def test_ct_below_air_and_bright_mr(make, write_series):
    ct = make(Modality.CT)
    ct.array[0] = -3000
    assert (read_folder(write_series(ct))[0].array[0] == -1024).all()
    mr = make(Modality.MR)
    volume, _ = read_folder(write_series(mr.with_array(mr.array / np.float32(mr.array.max()))))
    assert volume.array.max() == 4095
    np.testing.assert_allclose(volume.array / 4095, mr.array / mr.array.max(), atol=0.5 / 4095)


def test_ct_brighter_than_16_bits_hold_is_their_brightest(make, write_series):
    """65535 less 1024; one more would be air."""
    ct = make(Modality.CT)
    ct.array[0, 0, :3] = 64510, 64512, 100_000
    assert read_folder(write_series(ct))[0].array[0, 0, :3].tolist() == [64510, 64511, 64511]


def test_a_black_mr_stays_black(make, write_series):
    mr = make(Modality.MR)
    assert (read_folder(write_series(mr.with_array(np.zeros(mr.shape, np.float32))))[0].array == 0).all()


@pytest.mark.parametrize(("body_part", "is_paired"), [("CHEST", False), ("HEAD", False), ("THIGH", True), ("KNEE", True), ("", True)])
def test_laterality_is_there_for_paired_parts_alone(write_series, body_part, is_paired):
    """PS3.3 C.7.3.1: type 2C, of a paired body part; empty where the side is not known."""
    header = pydicom.dcmread(write_series(Modality.CT, body_part=body_part) / "0001.dcm")
    assert ("Laterality" in header) == is_paired


@pytest.mark.parametrize("modality", [Modality.CT, Modality.MR, Modality.PET])
def test_pixels_of_16_bits_are_words(modality, write_series):
    """PS3.5 A.2: with more than 8 Bits Allocated the value representation of Pixel Data is OW."""
    assert b"\xe0\x7f\x10\x00OW\0\0" in (write_series(modality) / "0001.dcm").read_bytes()


def test_attributes_are_set_last(write_series):
    folder = write_series(
        Modality.PET, attributes={"ImageComments": "phantom", "PatientWeight": None}, acquired=datetime(2025, 3, 14, 10, 20)
    )
    header = pydicom.dcmread(folder / "0001.dcm")
    assert header.ImageComments == "phantom"
    assert "PatientWeight" not in header
    assert (header.SeriesTime, header.AcquisitionTime, header.StudyTime) == ("102000.000000", "102000.000000", "100000")


def test_what_is_no_original_series(make, write_series):
    with pytest.raises(ValueError, match="gray CT, MR or PET; volume 'CT test' is OT"):
        write_series(make(Modality.CT).with_array(np.zeros((2, 4, 4)), modality=Modality.OTHER))
    with pytest.raises(ValueError, match="is in relative"):
        write_series(make(Modality.CT).with_array(np.zeros((2, 4, 4)), unit=Unit.RELATIVE))
    with pytest.raises(ValueError, match="not finite"):
        write_series(make(Modality.CT).with_array(np.full((2, 4, 4), np.nan)))
    with pytest.raises(ValueError, match="needs a radiopharmaceutical and the patient's weight"):
        write_series(Modality.PET, patient=Patient("A", "1"))
    assert not list(write_series(Modality.CT).parent.glob(".*"))


def test_an_empty_folder_may_be_there(write_series, tmp_path):
    (tmp_path / "CT").mkdir()
    assert len([*write_series(Modality.CT).iterdir()]) == 6


def test_an_occupied_folder_is_left_alone(write_series):
    folder = write_series(Modality.CT)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError, match="is not empty"):
        write_series(Modality.CT)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


CORRECTIONS = {*("DECY", "ATTN", "SCAT", "DTIM", "MOTN", "PMOT", "CLN", "RAN", "RADL", "DCAL", "NORM")}
"""Defined Terms of Corrected Image (0028,0051), PS3.3 C.8.9.1.1.1 of PET Series."""


def test_codes_are_those_of_the_standard(write_series):
    """CID 19, 20 and 21 of PS3.16 in a PET's header, and the tracer's; pydicom's tables are the other side."""
    header = pydicom.dcmread(next(write_series(Modality.PET).iterdir()))
    assert {*header.CorrectedImage} <= CORRECTIONS
    tracer, (lying,) = header.RadiopharmaceuticalInformationSequence[0], header.PatientOrientationCodeSequence
    for item, context in (
        (lying, codes.cid19),
        (lying.PatientOrientationModifierCodeSequence[0], codes.cid20),
        (header.PatientGantryRelationshipCodeSequence[0], codes.cid21),
        (tracer.RadionuclideCodeSequence[0], codes.cid4020),
        (tracer.RadiopharmaceuticalCodeSequence[0], codes.cid4021),
    ):
        known = {(code.value, code.scheme_designator): code.meaning for code in (getattr(context, name) for name in context.dir())}
        assert known[item.CodeValue, item.CodingSchemeDesignator].casefold() == item.CodeMeaning.casefold()
