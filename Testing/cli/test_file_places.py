"""Files that do not say where in the patient they lie: fused only with consent, and then nothing is claimed of their place."""

import csv
import json
import re
from dataclasses import replace

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from LCDFusionLib.images.file_content import centred
from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import body, write_series


def write_unsaid(volume, path):
    """As a program that knows spacings alone leaves it: NIfTI codes 0 and 0."""
    image = nibabel.Nifti1Image(volume.array.T, None)
    image.header.set_zooms(volume.spacing)
    nibabel.save(image, path)
    assert (image.header["qform_code"], image.header["sform_code"]) == (0, 0)
    return path


@pytest.mark.parametrize("anatomy_is_dicom", [False, True])
def test_consent(place, weights, tmp_path, anatomy_is_dicom):
    ct, pet = (replace(volume, ijk_to_lps=centred(volume.spacing, volume.shape)) for volume in (body(Modality.CT), body(Modality.PET)))
    anatomy = write_series(tmp_path / "CT", ct) if anatomy_is_dicom else write_unsaid(ct, tmp_path / "ct.nii.gz")
    function = write_unsaid(pet, tmp_path / "pet.nii.gz")
    sentence = place.refuse(anatomy, function)
    who = "the function's file does not say where it lies" if anatomy_is_dicom else "neither file says where in the patient it lies"
    assert who in sentence
    assert sentence.endswith("--confirm-mismatch place.")
    result = place.fuse(anatomy, function, "--confirm-mismatch", "place", "--weights", weights)
    assert "overlap" not in result.stdout.splitlines()[0]
    assert "MISMATCH, confirmed: " in result.stdout
    report = json.loads((place.out / "report.json").read_text())
    assert report["overlap"] is None
    assert list(report["confirmed_mismatches"]) == ["place"]
    with (place.out / "metrics.csv").open() as file:
        assert {row["x_mm"] for row in csv.DictReader(file)} != {""} if anatomy_is_dicom else {""}
    assert (place.out / "dicom_color").exists() is anatomy_is_dicom
    header = (place.out / "fused_gray.nrrd").read_bytes().partition(b"\n\n")[0]
    assert (b"left-posterior-superior" in header) is anatomy_is_dicom


def test_a_file_without_a_place_becomes_no_dicom(place, tmp_path):
    files = [write_unsaid(body(modality), tmp_path / f"{modality.name}.nii") for modality in (Modality.CT, Modality.PET)]
    assert "so it cannot become DICOM: give one that does; or omit --dicom." in place.refuse(
        *files, "--dicom", "--confirm-mismatch", "place"
    )


def test_a_sheared_file_becomes_no_dicom_and_that_is_said_before_the_fusion(place, weights, tmp_path):
    """Without --dicom it is fused as it lies."""
    for modality in (Modality.CT, Modality.PET):
        volume = body(modality)
        matrix = volume.ijk_to_lps.copy()
        matrix[1, 2] += 0.3 * volume.spacing[2]
        write_volume(replace(volume, ijk_to_lps=matrix), tmp_path / f"{modality.name}.nrrd")
    files = tmp_path / "CT.nrrd", tmp_path / "PET.nrrd"
    result = place.run("fuse", *files, "-o", place.out, "--dicom", "--weights", weights)
    assert result.returncode == 2
    assert result.stdout == ""  # not even the line that says what will be done
    assert "is sheared" in result.stderr
    assert result.stderr.endswith("; or omit --dicom.\n")
    place.fuse(*files, "--weights", weights)


def test_suv_by_the_json_beside_the_file(place, weights, tmp_path):
    """--function-unit SUVbw alone does not make SUV of Bq/ml."""
    pet = body(Modality.PET)
    image = nibabel.Nifti1Image((pet.array * 5000).T, np.diag([-1, -1, 1, 1]) @ pet.ijk_to_lps)
    nibabel.save(image, tmp_path / "pet.nii")
    ct = write_series(tmp_path / "CT", body(Modality.CT))
    fields = {"Modality": "PT", "Units": "Bq/mL", "DecayCorrection": "ADMIN"}
    (tmp_path / "pet.json").write_text(json.dumps(fields))
    result = place.fuse(ct, tmp_path / "pet.nii", "--function-unit", "SUVbw", "--weights", weights)
    assert "PT Bq/ml" in result.stdout
    assert (
        "PatientWeight (kg) and InjectedRadioactivity with InjectedRadioactivityUnits are missing; add them in 'pet.json'" in result.stdout
    )
    assert "--function-unit SUVbw was left aside" in result.stdout
    more = {"PatientWeight": 70, "InjectedRadioactivity": 350, "InjectedRadioactivityUnits": "MBq"}  # SUV 1 = 5000 Bq/ml
    (tmp_path / "pet.json").write_text(json.dumps({**fields, **more}))
    result = place.fuse(ct, tmp_path / "pet.nii", "--weights", weights, "--overwrite")
    assert "PT SUVbw 0-10" in result.stdout


def test_pictures_of_two_sizes(place, tmp_path):
    for name, shape in (("mr", (64, 64)), ("pet", (48, 64))):
        sitk.WriteImage(
            sitk.GetImageFromArray(np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)), str(tmp_path / f"{name}.png")
        )
    assert re.search(r"have 64x64 and 64x48 pixels", place.refuse(tmp_path / "mr.png", tmp_path / "pet.png"))


def test_what_a_header_contradicts_stands_in_the_report(place, weights, tmp_path):
    pet = body(Modality.PET)
    image = nibabel.Nifti1Image(pet.array.T, np.diag([-1, -1, 1, 1]) @ pet.ijk_to_lps)
    image.set_sform(image.affine, 2)
    moved = image.affine.copy()
    moved[0, 3] += 30
    image.set_qform(moved, 1)
    nibabel.save(image, tmp_path / "pet.nii")
    result = place.fuse(write_series(tmp_path / "CT", body(Modality.CT)), tmp_path / "pet.nii", "--weights", weights)
    sentence = "its sform and qform put it up to 30.0 mm apart; the sform was used"
    assert sentence in result.stdout
    assert any(sentence in note for note in json.loads((place.out / "report.json").read_text())["notes"])
