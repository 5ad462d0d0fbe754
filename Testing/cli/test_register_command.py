"""`lcdfusion register` and `fuse --register`, `--transform`: files, report, and the refusal of a pair that cannot be aligned."""

import json
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from LCDFusionLib import phantom
from LCDFusionLib.images.files import read_volume, write_volume
from LCDFusionLib.images.registration import rotation_degrees
from LCDFusionLib.images.transform_files import read_transform, write_transform
from LCDFusionLib.images.volume import Modality
from Testing.cli.place import refusal
from Testing.cli.small_study import body, write_series
from Testing.images.evaluate_registration import centre_of, error, rigid_motion


def test_register_a_moved_head(place, tmp_path):
    made = phantom.head()
    motion = rigid_motion(np.random.default_rng(5), centre_of(made.anatomy))
    write_volume(made.anatomy, tmp_path / "mr.nrrd")
    write_volume(replace(made.function, ijk_to_lps=motion @ made.function.ijk_to_lps), tmp_path / "pet.nrrd")
    result = place.run("register", tmp_path / "mr.nrrd", tmp_path / "pet.nrrd", "-o", place.out)
    assert result.returncode == 0, result.stderr
    assert "starts agree" in result.stdout
    assert sorted(path.name for path in place.out.iterdir()) == ["registration.json", "registration.png", "registration.tfm"]
    mm, degrees = error(read_transform(place.out / "registration.tfm")[0] @ motion, np.eye(4), centre_of(made.anatomy))
    assert (mm < 1, degrees < 0.5) == (True, True)
    facts = json.loads((place.out / "registration.json").read_text())
    assert facts["kind"] == "rigid"
    assert facts["agreeing_starts"] >= 3
    assert place.is_clean()


def test_a_pair_that_cannot_be_aligned_ends_with_a_sentence(place, tmp_path):
    pet = body(Modality.PET, slices=12)
    noise = pet.with_array(np.random.default_rng(3).random(pet.shape, dtype=np.float32))
    write_volume(body(Modality.CT, slices=12), tmp_path / "ct.nrrd")
    write_volume(noise, tmp_path / "pet.nrrd")
    result = place.run("register", tmp_path / "ct.nrrd", tmp_path / "pet.nrrd", "-o", place.out)
    assert "cannot be aligned with confidence" in refusal(result)
    assert not place.out.exists()


@pytest.fixture
def shifted(tmp_path):
    """CT and PET of one study whose frames differ; the PET lies 12 mm beside its place. And the transform that brings it back."""
    ct, pet = body(Modality.CT), body(Modality.PET)
    matrix = pet.ijk_to_lps.copy()
    matrix[0, 3] += 12
    pet = replace(pet, ijk_to_lps=matrix, frame_of_reference="2.25.99")
    back = np.eye(4)
    back[0, 3] = -12
    write_transform(back, tmp_path / "back.tfm")
    return write_series(tmp_path / "CT", ct), write_series(tmp_path / "PT", pet), tmp_path / "back.tfm"


def test_fuse_with_a_transform_gives_what_the_unmoved_pair_gives(place, study, shifted, weights):
    ct, pet, transform = shifted
    place.fuse(study / "CT", study / "PT", "--weights", weights)
    expected = read_volume(place.out / "fused_gray.nrrd")
    place.out = place.folder / "moved"
    result = place.fuse(ct, pet, "--weights", weights, "--transform", transform)
    np.testing.assert_allclose(read_volume(place.out / "fused_gray.nrrd").array, expected.array, atol=2e-3)
    assert "moved by a transform that the user gave" in result.stdout
    assert "different frames of reference" not in result.stdout
    report = json.loads((place.out / "report.json").read_text())
    assert report["registration"]["function_to_anatomy_lps_mm"][0][3] == -12
    assert {"registration.tfm", "registration.png"} <= set(report["files"])
    assert rotation_degrees(read_transform(place.out / "registration.tfm")[0]) == 0
    for path in (place.out / "dicom_gray").iterdir():
        header = pydicom.dcmread(path)
        assert "moved by a transform" in header.DerivationDescription
        assert len(header.SourceImageSequence) > 1  # the PET slices that lie there after the motion
