"""`lcdfusion register` and `fuse --register`, `--transform`: files, report, and the refusal of a pair that cannot be aligned."""

import json
from dataclasses import replace

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from LCDFusionLib.dicom import read_folder
from LCDFusionLib.images.files import read_volume, write_volume
from LCDFusionLib.images.registration import rotation_degrees
from LCDFusionLib.images.transform_files import read_transform, write_transform
from LCDFusionLib.images.volume import Modality
from Testing import kept_phantoms
from Testing.cli.place import refusal
from Testing.cli.small_study import body, write_series
from Testing.images.evaluate_registration import centre_of, error, rigid_motion


def test_register_a_moved_head(place, tmp_path):
    made = kept_phantoms.head()
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


class TestDeformation:
    """A deformation that lies in a file; finding one is tested in Testing/images/test_deformation.py."""

    @pytest.fixture
    def bend(self, study):
        """bend(file, matrix): a deformation, `points @ matrix` mm, over the study's CT; written with no rigid motion."""
        ct, _ = read_folder(study / "CT")

        def write(file, matrix, shift=(0.0, 0.0, 0.0)):
            k, j, i = np.indices(ct.shape)
            points = np.stack([i, j, k, np.ones_like(i)], -1) @ ct.ijk_to_lps.T
            middle = points[..., :3].mean(axis=(0, 1, 2))
            field = sitk.GetImageFromArray((points[..., :3] - middle) @ np.asarray(matrix, float) + shift, isVector=True)
            field.SetSpacing(ct.spacing.tolist())
            field.SetDirection(ct.direction.ravel().tolist())
            field.SetOrigin(ct.origin.tolist())
            write_transform(np.eye(4), file, sitk.DisplacementFieldTransform(field))
            return file

        return write

    def test_it_is_named_everywhere(self, place, study, bend, weights, tmp_path):
        file = bend(tmp_path / "bend.h5", 0.05 * np.eye(3), shift=(4.0, 0, 0))
        result = place.fuse(study / "CT", study / "PT", "--weights", weights, "--transform", file)
        assert "The function was deformed (not only moved)" in result.stdout
        report = json.loads((place.out / "report.json").read_text())
        assert report["registration"]["kind"] == "deformable"
        assert report["registration"]["deformation"]["largest_volume"] == pytest.approx(1.05**3, abs=0.01)
        assert {"registration.tfm", "deformation.h5", "registration.png"} <= set(report["files"])
        assert not (place.out / "dicom_blend").exists()
        assert any("because the function was deformed" in note for note in report["notes"])
        for path in (place.out / "dicom_color").iterdir():
            assert "The function was deformed" in pydicom.dcmread(path).DerivationDescription

    def test_the_function_is_read_through_it(self, place, study, bend, weights, tmp_path):
        """Twelve millimetres to the side and back by both parts of one file: the fusion is that of the unmoved pair."""
        place.fuse(study / "CT", study / "PT", "--weights", weights)
        expected = read_volume(place.out / "fused_gray.nrrd")
        motion = np.eye(4)
        motion[0, 3] = 12.0
        bend(tmp_path / "shift.h5", np.zeros((3, 3)), shift=(12.0, 0, 0))
        write_transform(motion, tmp_path / "both.h5", read_transform(tmp_path / "shift.h5")[1])
        place.out = place.folder / "both"
        place.fuse(study / "CT", study / "PT", "--weights", weights, "--transform", tmp_path / "both.h5")
        np.testing.assert_allclose(read_volume(place.out / "fused_gray.nrrd").array, expected.array, atol=2e-3)

    def test_one_that_folds_is_refused(self, place, study, bend, weights, tmp_path):
        file = bend(tmp_path / "fold.h5", np.diag([-1.5, 0, 0]))
        result = place.run("fuse", study / "CT", study / "PT", "-o", place.out, "--weights", weights, "--transform", file)
        assert "must not be used: it would fold the patient" in refusal(result)
        assert not place.out.exists()

    def test_it_is_never_done_alone(self, place, study):
        result = place.run("fuse", study / "CT", study / "PT", "-o", place.out, "--deformable")
        assert "--deformable goes with --register" in refusal(result)
