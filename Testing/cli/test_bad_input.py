"""Bad input gets one clear sentence, exit code 2 and no output. What a hurried radiologist does wrong."""

import json
import os
import shutil
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
import torch

from LCDFusionLib.dicom import Patient
from LCDFusionLib.images.volume import Modality, Unit
from Testing.cli.small_study import PATIENT, STUDY, TRACER, body, write_series


@pytest.fixture
def files(tmp_path):
    """CT, MR and PET of the small study as NRRD from elsewhere, without notes of what they are."""
    folder = tmp_path / "files"
    folder.mkdir()
    for modality in (Modality.CT, Modality.MR, Modality.PET):
        write_plainly(body(modality), folder / f"{modality.name.lower()}.nrrd")
    return folder


def write_plainly(volume, path):
    image = sitk.GetImageFromArray(volume.array, isVector=volume.is_color)
    image.SetSpacing(volume.spacing.tolist())
    image.SetOrigin(volume.origin.tolist())
    sitk.WriteImage(image, str(path))
    return path


def edit(folder, change, *, index=None):
    """Change the data set of every file of a folder, or of one."""
    for number, path in enumerate(sorted(folder.iterdir())):
        if index in (None, number):
            dataset = pydicom.dcmread(path)
            change(dataset)
            dataset.save_as(path)


@pytest.fixture
def copy(study, tmp_path):
    """Copy one series of the study, to be spoilt."""
    return lambda name: shutil.copytree(study / name, tmp_path / "copies" / name)


# In space


def test_no_overlap(place, files):
    pet = body(Modality.PET)
    away = pet.ijk_to_lps.copy()
    away[2, 3] += 500
    write_plainly(pet.with_array(pet.array, ijk_to_lps=away), files / "away.nrrd")
    sentence = place.refuse(files / "ct.nrrd", files / "away.nrrd")
    assert "do not overlap in space" in sentence
    assert "'ct.nrrd'" in sentence
    assert "'away.nrrd'" in sentence


# One thing twice, or two things exchanged


def test_the_same_file_by_any_path(place, files, tmp_path):
    (tmp_path / "link.nrrd").symlink_to(files / "ct.nrrd")
    os.link(files / "ct.nrrd", tmp_path / "hard.nrrd")
    roundabout = files / ".." / files.name / "ct.nrrd"
    for other in (files / "ct.nrrd", roundabout, tmp_path / "link.nrrd", tmp_path / "hard.nrrd"):
        assert "Anatomy and function are both" in place.refuse(files / "ct.nrrd", other)


def test_a_copy_of_the_same_volume(place, files):
    shutil.copy(files / "mr.nrrd", files / "mr2.nrrd")
    assert "are the same volume" in place.refuse(files / "mr.nrrd", files / "mr2.nrrd")


def test_the_same_folder(place, study, tmp_path):
    (tmp_path / "link").symlink_to(study / "CT")
    assert "Anatomy and function are both" in place.refuse(study / "CT", tmp_path / "link")
    sentence = place.refuse(study, study)
    assert "--anatomy-series and --function-series" in sentence


@pytest.mark.parametrize(("anatomy", "function"), [("PT", "CT"), ("PT", "MR"), ("MR", "CT"), ("CT", "another CT")])
def test_exchanged_series(place, study, tmp_path, anatomy, function):
    function = write_series(tmp_path / "other", body(Modality.CT, slices=5)) if function == "another CT" else study / function
    sentence = place.refuse(study / anatomy, function)
    assert "PET" in sentence
    assert "first" in sentence or "exchanged" in sentence


@pytest.mark.parametrize("kind", ["int16", "float32"])
def test_a_ct_file_as_function(place, files, kind):
    ct = body(Modality.CT)
    write_plainly(ct.with_array(ct.array.astype(kind) + (0.25 if kind == "float32" else 0)), files / "ct2.nrrd")
    sentence = place.refuse(files / "mr.nrrd", files / "ct2.nrrd")
    assert "is no PET or SPECT" in sentence
    assert "the PET or SPECT second" in sentence


def test_two_patients(place, study, tmp_path, weights):
    """Refused; fused only when the user names what differs, and then it stands in report, pictures' headers and on the screen."""
    other = write_series(tmp_path / "other", body(Modality.PET), patient=replace(PATIENT, id="P-18"))
    sentence = place.refuse(study / "CT", other)
    assert "of two patients: Patient ID (0010,0020) differs" in sentence
    assert sentence.endswith("--confirm-mismatch patient-id.")
    assert "P-18" not in sentence
    assert "Patient ID" in place.refuse(study / "CT", other, "--confirm-mismatch", "patient-name,study-date")
    assert "knows no 'all'" in place.refuse(study / "CT", other, "--confirm-mismatch", "all")

    result = place.fuse(study / "CT", other, "--confirm-mismatch", "patient-id", "--weights", weights)
    assert "MISMATCH, confirmed: Patient ID (0010,0020) differs" in result.stdout
    report = json.loads((place.out / "report.json").read_text())
    assert report["confirmed_mismatches"] == {"patient-id": "Patient ID (0010,0020) differs"}
    for kind in ("dicom_color", "dicom_gray"):
        for path in (place.out / kind).iterdir():
            header = pydicom.dcmread(path)
            assert header.ImageComments == "MISMATCH OF THE INPUTS, CONFIRMED BY THE USER: Patient ID (0010,0020) differs"
            assert header.DerivationDescription.startswith(header.ImageComments)


def test_inputs_that_agree_carry_no_mismatch(place, study, weights):
    place.fuse(study / "CT", study / "PT", "--confirm-mismatch", "patient-id", "--weights", weights)
    assert json.loads((place.out / "report.json").read_text())["confirmed_mismatches"] == {}
    assert "ImageComments" not in pydicom.dcmread(next((place.out / "dicom_color").iterdir()))


def test_another_side_and_another_time(place, study, tmp_path, weights):
    left, right = ({"Laterality": side, "BodyPartExamined": "KNEE"} for side in "LR")
    ct = write_series(tmp_path / "ct", body(Modality.CT), attributes=left)
    later = {
        "study": replace(STUDY, started=STUDY.started + timedelta(days=61)),
        "radiopharmaceutical": replace(TRACER, injected=TRACER.injected + timedelta(days=61)),
    }
    pet = write_series(tmp_path / "pet", body(Modality.PET), attributes=right, **later)
    sentence = place.refuse(ct, pet)
    assert "do not belong together: the scans are 61 days apart" in sentence
    assert sentence.endswith("--confirm-mismatch study-date,laterality.")
    place.fuse(ct, pet, "--confirm-mismatch", "study-date,laterality", "--weights", weights)


def test_one_patient_written_in_two_ways(place, study, tmp_path, weights):
    other = write_series(tmp_path / "other", body(Modality.PET), patient=Patient(name="MÜLLER^ANNA^^", id="p-17 ", weight_kg=70))
    place.fuse(study / "CT", other, "--weights", weights)


def test_a_fused_image_as_anatomy(place, study, weights):
    place.fuse(study / "CT", study / "PT", "--weights", weights)
    first, place.out = place.out, place.folder / "second"
    for again in ("fused_gray.nrrd", "fused_color.nrrd", "dicom_color"):
        assert place.refuse(first / again, study / "PT")


# Files and folders


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.nrrd", b"", "is empty"),
        ("text.nrrd", b"These are my notes.\n" * 50, "cannot be read as an image"),
        ("text.nii.gz", b"These are my notes.\n" * 50, "cannot be read as an image"),
        ("notes.txt", b"These are my notes.\n", "is no NRRD, NIfTI"),
        ("without-suffix", b"These are my notes.\n", "is no NRRD, NIfTI"),
    ],
)
def test_files_that_are_no_images(place, files, name, content, words):
    (files / name).write_bytes(content)
    assert words in place.refuse(files / name, files / "pet.nrrd")


@pytest.mark.parametrize("name", ["ct.nrrd", "ct.nii", "ct.nii.gz", "ct.mha"])
def test_files_cut_short(place, files, name):
    write_plainly(body(Modality.CT), files / name)
    data = (files / name).read_bytes()
    (files / name).write_bytes(data[: len(data) // 2])
    assert "cannot be read as an image" in place.refuse(files / name, files / "pet.nrrd")


def test_paths_that_do_not_exist(place, files, tmp_path):
    (tmp_path / "dangling.nrrd").symlink_to(tmp_path / "nowhere")
    assert "The function" in place.refuse(files / "ct.nrrd", files / "nowhere.nrrd")
    for missing in (files / "ct.nrrd" / "below", tmp_path / "dangling.nrrd"):
        assert "does not exist" in place.refuse(missing, files / "pet.nrrd")
    assert "cannot be read" in place.refuse(files / ("x" * 300), files / "pet.nrrd")


def test_names_of_an_old_encoding(place, study, files, weights):
    """Bytes that are no UTF-8, as unpacked archives have them."""
    name = b"m\xfcller.nrrd".decode(errors="surrogateescape")
    shutil.copy(files / "ct.nrrd", files / name)
    assert "old encoding" in place.refuse(files / name, files / "pet.nrrd")
    place.out = place.folder / name
    assert "old encoding" in place.refuse(study / "CT", study / "PT", "--weights", weights)


def test_folders_without_a_series(place, files, study):
    empty = files / "empty"
    empty.mkdir()
    assert "holds no DICOM images" in place.refuse(empty, study / "PT")
    assert "holds no DICOM images" in place.refuse(study / "CT", files)
    one_file = next((study / "CT").iterdir())
    assert "the folder of a DICOM series" in place.refuse(one_file, study / "PT")


def test_several_series(place, study):
    sentence = place.refuse(study, study / "PT")
    assert "holds 3 series" in sentence
    for words in ("number 2, CT, 'CT body', 6 images", "number 3, MR", "number 4, PT", "--anatomy-series"):
        assert words in sentence
    assert "--function-series" in place.refuse(study / "CT", study)
    assert "names no series" in place.refuse(study, study / "PT", "--anatomy-series", "99")


# Series


def test_missing_slice(place, study, copy):
    folder = copy("CT")
    sorted(folder.iterdir())[2].unlink()
    assert "lacks 1 slice(s) between slice 2 and 3" in place.refuse(folder, study / "PT")


def test_uneven_spacing(place, study, copy):
    folder = copy("PT")

    def move(dataset):
        dataset.ImagePositionPatient[2] += 1.3

    edit(folder, move, index=3)
    assert "uneven distances" in place.refuse(study / "CT", folder)


def test_slices_twice(place, study, copy):
    folder = copy("CT")
    dataset = pydicom.dcmread(next(folder.iterdir()))
    dataset.SOPInstanceUID += ".1"
    dataset.save_as(folder / "again.dcm")
    assert "several images of the same place" in place.refuse(folder, study / "PT")


def test_damaged_dicom_file(place, study, copy):
    folder = copy("CT")
    path = sorted(folder.iterdir())[4]
    path.write_bytes(path.read_bytes()[:1500])
    sentence = place.refuse(folder, study / "PT")
    assert "is damaged" in sentence
    assert path.name in sentence


@pytest.mark.parametrize(
    ("keyword", "tag"),
    [
        ("PatientWeight", "Patient's Weight (0010,1030)"),
        ("RadionuclideTotalDose", "Radionuclide Total Dose (0018,1074)"),
        ("Units", "Units (0054,1001)"),
    ],
)
def test_pet_without_what_suv_needs(place, study, copy, keyword, tag):
    folder = copy("PT")

    def remove(dataset):
        del (dataset if keyword in dataset else dataset.RadiopharmaceuticalInformationSequence[0])[keyword]

    edit(folder, remove)
    sentence = place.refuse(study / "CT", folder)
    assert tag in sentence
    assert "--relative" in sentence


def test_pet_without_suv_goes_on_when_told(place, study, copy, weights):
    folder = copy("PT")

    def remove(dataset):
        del dataset.PatientWeight

    edit(folder, remove)
    result = place.fuse(study / "CT", folder, "--relative", "--weights", weights)
    assert "PT relative 0-" in result.stdout
    assert "relative intensities, neither HU nor SUV" in result.stdout
    header = pydicom.dcmread(next((place.out / "dicom_color").iterdir()))
    assert "relative intensities" in header.DerivationDescription


def test_relative_keeps_suv_where_it_is_known(place, study, weights):
    result = place.fuse(study / "CT", study / "PT", "--relative", "--weights", weights)
    assert "CT window 350/40, PT SUVbw 0-10" in result.stdout


def test_ct_without_hounsfield_units(place, study, copy):
    folder = copy("CT")

    def remove(dataset):
        del dataset.RescaleSlope, dataset.RescaleIntercept

    edit(folder, remove)
    assert "Rescale Slope (0028,1053)" in place.refuse(folder, study / "PT")


# Voxels


def spoil(array, how):
    array = array.astype(np.float32)
    if how == "nan":
        array[1, 2, 3] = np.nan
    elif how == "infinite":
        array[1, 2, 3] = np.inf
    else:
        array[:] = 7
    return array


@pytest.mark.parametrize(("how", "words"), [("nan", "NaN or infinite"), ("infinite", "NaN or infinite"), ("constant", "same value")])
def test_voxels_that_show_nothing(place, files, how, words):
    for modality, name in ((Modality.CT, "ct.nrrd"), (Modality.PET, "pet.nrrd")):
        volume = body(modality)
        write_plainly(volume.with_array(spoil(volume.array, how)), files / f"bad-{name}")
    for pair in (("bad-ct.nrrd", "pet.nrrd"), ("ct.nrrd", "bad-pet.nrrd")):
        sentence = place.refuse(*(files / name for name in pair))
        assert words in sentence
        assert "bad-" in sentence


def test_constant_dicom_series(place, study, tmp_path):
    pet = body(Modality.PET)
    folder = write_series(tmp_path / "zero", pet.with_array(np.zeros_like(pet.array)))
    assert "same value" in place.refuse(study / "CT", folder)


@pytest.mark.parametrize(("suffix"), [".nrrd", ".nii.gz"])
def test_time_series_and_vectors(place, files, suffix):
    four = sitk.JoinSeries([sitk.GetImageFromArray(body(Modality.PET).array)] * 3)
    sitk.WriteImage(four, str(files / f"time{suffix}"))
    assert "4 dimensions" in place.refuse(files / "ct.nrrd", files / f"time{suffix}")
    vector = sitk.GetImageFromArray(np.zeros((6, 48, 48, 3), np.float32), isVector=True)
    sitk.WriteImage(vector, str(files / f"vector{suffix}"))
    assert "3 values in each voxel" in place.refuse(files / f"vector{suffix}", files / "pet.nrrd")


def test_colour_anatomy_and_small_slices(place, files):
    rgb = np.random.default_rng(1).integers(0, 255, (6, 48, 48, 3), dtype=np.uint8)
    write_plainly(body(Modality.CT).with_array(rgb, modality=Modality.OTHER), files / "rgb.nrrd")
    assert "colour image" in place.refuse(files / "rgb.nrrd", files / "pet.nrrd")
    ct = body(Modality.CT)
    write_plainly(ct.with_array(ct.array[:, 20:32, 20:32]), files / "small.nrrd")
    assert "12x12 pixels" in place.refuse(files / "small.nrrd", files / "pet.nrrd")


# Options


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--window", "foo"), "There is no window 'foo'; choose one of lung"),
        (("--window", "350,40"), "WIDTH/LEVEL such as 350/40"),
        (("--window", "0/40"), "window 0/40 cannot be used"),
        (("--window", "1/5000"), "shows nothing of"),
        (("--function-max", "-1"), "must be above 0"),
        (("--function-max", "nan"), "must be above 0"),
        (("--function-max", "1e999"), "must be above 0"),
        (("--weights", "nowhere.pt"), "There are no weights"),
        (("--weights", "ct_pet"), "choose one of ct-pet, mr-pet"),
    ],
)
def test_option_values(place, study, options, words):
    assert words in place.refuse(study / "CT", study / "PT", *options)


def test_ct_window_for_mr(place, study):
    assert "made for CT" in place.refuse(study / "MR", study / "PT", "--window", "lung")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has what the test wants to be missing")
def test_device_that_is_not_there(place, study, weights):
    assert "Device 'cuda' cannot be used" in place.refuse(study / "CT", study / "PT", "--device", "cuda", "--weights", weights)


@pytest.mark.parametrize(
    "arguments", [(), ("fuse",), ("fuse", "a", "b"), ("fuse", "a", "b", "-o", "c", "--color-table", "pink"), ("melt",)]
)
def test_usage(place, arguments):
    result = place.run(*arguments)
    assert result.returncode == 2
    assert result.stderr.startswith("usage: lcdfusion")
    assert "Traceback" not in result.stderr


# Weights


def test_weights_that_do_not_match_their_card(place, study, weights, tmp_path):
    for suffix in (".pt", ".json"):
        shutil.copy(weights.removesuffix(".pt") + suffix, tmp_path / f"mine{suffix}")
    data = bytearray((tmp_path / "mine.pt").read_bytes())
    data[-100] ^= 1
    (tmp_path / "mine.pt").write_bytes(data)
    assert "does not match the SHA-256" in place.refuse(study / "CT", study / "PT", "--weights", tmp_path / "mine.pt")
    (tmp_path / "mine.json").unlink()
    assert "is missing or damaged" in place.refuse(study / "CT", study / "PT", "--weights", tmp_path / "mine.pt")


def test_unit_of_a_dicom_pet_is_not_asked(place, study, weights):
    """An option for files does not change what a DICOM series says of itself."""
    result = place.fuse(study / "CT", study / "PT", "--function-unit", "relative", "--weights", weights)
    assert f"PT {Unit.SUVBW.value} 0-10" in result.stdout
