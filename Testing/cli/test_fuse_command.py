"""`lcdfusion fuse` on DICOM, NRRD, NIfTI and PNG, made and real: what each file of the result holds."""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
import torch
from matplotlib.image import imread

from LCDFusionLib import DISCLAIMER, __version__
from LCDFusionLib.dicom import read_folder
from LCDFusionLib.fusion import FusionSettings, prepare
from LCDFusionLib.fusion.engine import NetworkBackend, fuse_slices
from LCDFusionLib.images.color import fused_color
from LCDFusionLib.images.files import read_volume, write_volume
from LCDFusionLib.images.transform_files import write_transform
from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.metrics import METRICS, PER_SOURCE, evaluate
from LCDFusionLib.network import load_weights
from Testing.cli.place import Place
from Testing.cli.small_study import body, write_series
from Testing.dicom.telling_patient import tell, told

WITHOUT_DICOM = {"fused_gray.nrrd", "fused_color.nrrd", "metrics.csv", "overview.png", "report.json"}
WHOLE = WITHOUT_DICOM | {"dicom_color", "dicom_gray", "dicom_key_images", "dicom_metrics"}


class Fused:
    """A result that was read back, and the pair that it must have come from."""

    def __init__(self, out, pair):
        self.out, self.pair = out, pair
        self.gray, self.color = (read_volume(out / f"fused_{kind}.nrrd") for kind in ("gray", "color"))
        self.report = json.loads((out / "report.json").read_text())
        with (out / "metrics.csv").open(newline="") as file:
            self.rows = list(csv.DictReader(file))


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.fixture(scope="module")
def fused(tmp_path_factory, study, weights) -> Fused:
    """CT and PET of the small study, both DICOM."""
    place = Place(tmp_path_factory.mktemp("dicom"))
    result = place.fuse(study / "CT", study / "PT", "--weights", weights)
    assert "CT window 350/40, PT SUVbw 0-10, 6 slices of 48x48" in result.stdout
    assert f"look at {place.out / 'overview.png'}" in result.stdout
    assert result.stderr == ""
    (anatomy, _), (function, _) = read_folder(study / "CT"), read_folder(study / "PT")
    return Fused(place.out, prepare(anatomy, function, FusionSettings(weights=weights)))


def check_volumes(fused: Fused) -> None:
    """Both NRRD lie where the anatomy lies, to 1e-5 mm, for this library and for SimpleITK alone."""
    for volume in (fused.gray, fused.color):
        assert volume.same_grid(fused.pair.anatomy, tolerance_mm=1e-5)
    assert fused.gray.array.dtype == np.float32
    assert 0 <= fused.gray.array.min() < fused.gray.array.max() <= 1
    assert fused.color.is_color
    image = sitk.ReadImage(str(fused.out / "fused_gray.nrrd"))
    k, j, i = fused.gray.shape
    corner = fused.pair.anatomy.ijk_to_lps @ [i - 1, j - 1, k - 1, 1]
    np.testing.assert_allclose(image.TransformIndexToPhysicalPoint((i - 1, j - 1, k - 1)), corner[:3], atol=1e-5)
    assert "not for diagnostic use" in image.GetMetaData("LCDFusion_note")


def check_metrics(fused: Fused) -> None:
    """Every number is that of the 8-bit image that was written; mean and SD are those of the rows."""
    columns = [*METRICS, *PER_SOURCE]
    table = np.array([[float(row[name] or "nan") for name in columns] for row in fused.rows])
    blend = np.array([[float(row[f"blend_{name}"] or "nan") for name in columns] for row in fused.rows])
    count = fused.gray.shape[0]
    assert [row["slice"] for row in fused.rows] == [*map(str, range(1, count + 1)), "mean", "SD"]

    a, f = fused.pair.anatomy01, fused.pair.function01
    for written, image in ((table, fused.gray.array), (blend, (a + f) / 2)):
        eight_bit = (torch.from_numpy(np.floor(255 * x.astype(np.float64) + 0.5))[:, None] for x in (image, a, f))
        values = evaluate(*eight_bit)
        np.testing.assert_allclose(written[:count], torch.stack([values[name] for name in columns], dim=1).numpy(), atol=1e-6)
        np.testing.assert_allclose(written[count], np.nanmean(written[:count], axis=0), atol=2e-6)
        np.testing.assert_allclose(written[count + 1], np.nanstd(written[:count], axis=0), atol=2e-6)
    k, j, i = fused.gray.shape
    for index in (0, k - 1):
        centre = fused.pair.anatomy.ijk_to_lps @ [(i - 1) / 2, (j - 1) / 2, index, 1]
        written = [fused.rows[index][f"{axis}_mm"] for axis in "xyz"]
        if fused.pair.anatomy.in_patient_space:
            np.testing.assert_allclose([float(x) for x in written], centre[:3], atol=1e-3)
        else:
            assert written == ["", "", ""]


def check_overview(fused: Fused) -> None:
    """A picture with a row for each slice shown, none of them black, and the hottest slice among them."""
    picture = imread(fused.out / "overview.png")[..., :3]
    shown = fused.report["slices_in_overview"]
    assert len(shown) == min(5, fused.gray.shape[0])
    heat = np.sort(fused.pair.function01.reshape(fused.gray.shape[0], -1), axis=1)
    hundredth = max(1, heat.shape[1] // 100)
    assert heat[:, -hundredth:].mean(axis=1).argmax() in shown
    # Anatomy, function, blend and both fused images are the first five of six columns.
    for row in np.array_split(picture[40:-20, : picture.shape[1] * 5 // 6], len(shown)):
        anatomy, _, *fused_and_blend = np.array_split(row, 5, axis=1)
        assert np.ptp(anatomy, axis=-1).mean() < 0.02  # gray, but for its letters
        for cell in (anatomy, *fused_and_blend):
            assert cell.max() > 0.2
            assert cell.std() > 0.02


def check_report(fused: Fused, weights) -> None:
    report = fused.report
    assert report["disclaimer"] == DISCLAIMER
    assert report["versions"]["lcdfusion"] == __version__
    assert report["versions"]["torch"].startswith(torch.__version__.partition("+")[0])
    assert report["weights"] == {"name": "plain", "sha256": hashlib.sha256(Path(weights).read_bytes()).hexdigest()}
    for role, volume in (("anatomy", fused.pair.anatomy), ("function", fused.pair.function)):
        given = report["inputs"][role]
        assert Path(given["path"]).is_absolute()
        assert given["shape_kji"] == list(volume.shape)
        assert given["modality"] == volume.modality.value
        assert given["unit"] == volume.unit.value
        np.testing.assert_allclose(given["spacing_mm_ijk"], volume.spacing, atol=1e-6)
    assert report["settings"]["anatomy_window"] == {"width": fused.pair.anatomy_window.width, "level": fused.pair.anatomy_window.level}
    assert report["settings"]["function_range"] == [fused.pair.function_window.lower, fused.pair.function_window.upper]
    seconds = report["seconds"]
    assert {"read", "prepare", "fuse", "write", "network_and_metrics"} <= seconds.keys()
    assert min(seconds["network"], seconds["metrics"]) > 0
    assert seconds["network"] + seconds["metrics"] <= seconds["network_and_metrics"] + 0.01
    assert all(seconds >= 0 for seconds in report["seconds"].values())
    assert report["overlap"] == pytest.approx(fused.pair.overlap)
    assert report["slices"] == fused.gray.shape[0]
    mean = fused.rows[-2]
    for name, value in report["mean_metrics"]["fused"].items():
        assert value == pytest.approx(float(mean[name]), abs=1e-6)
    assert {*(name.strip("/") for name in report["files"]), "report.json"} == names(fused.out)


def check_all(fused: Fused, weights) -> None:
    check_volumes(fused)
    check_metrics(fused)
    check_overview(fused)
    check_report(fused, weights)


def test_result_of_two_dicom_series(fused, weights):
    assert names(fused.out) == WHOLE
    check_all(fused, weights)
    facts = fused.report["inputs"]
    assert facts["anatomy"]["dicom"]["modality"] == "CT"
    assert facts["function"]["dicom"]["suvbw"]["units"] == "BQML"
    assert facts["function"]["dicom"]["suvbw"]["weight_kg"] == 70.0
    assert [row["image"] for row in fused.rows] == ["1", "2", "3", "4", "5", "6", "", ""]  # as viewers number them
    assert (fused.out.stat().st_mode & 0o777) == (fused.out.parent.stat().st_mode & 0o777)


@pytest.mark.parametrize("kind", ["color", "gray"])
def test_dicom_series_of_the_result(fused, study, kind):
    folder = fused.out / f"dicom_{kind}"
    files = sorted(folder.iterdir())
    assert len(files) == 6
    source = pydicom.dcmread(next((study / "CT").iterdir()))
    uids = set()
    for path in files:
        dataset = pydicom.dcmread(path)
        for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "StudyDescription"):
            assert dataset[keyword].value == source[keyword].value
        assert dataset.SeriesInstanceUID != source.SeriesInstanceUID
        assert fused.report["weights"]["sha256"] in dataset.DerivationDescription
        assert "NOT FOR DIAGNOSTIC USE" in dataset.SeriesDescription
        uids.add(dataset.SOPInstanceUID)
    assert len(uids) == 6
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    anatomy = fused.pair.anatomy
    np.testing.assert_allclose(image.GetSpacing(), anatomy.spacing, atol=1e-5)
    np.testing.assert_allclose(image.GetOrigin(), anatomy.origin, atol=1e-5)
    np.testing.assert_allclose(image.GetDirection(), anatomy.direction.ravel(), atol=1e-5)
    array = sitk.GetArrayFromImage(image)
    if kind == "color":
        np.testing.assert_array_equal(array, fused.color.array)
    else:
        np.testing.assert_allclose(array / 4095, fused.gray.array, atol=0.5 / 4095 + 1e-6)


def test_command_and_library_give_the_same_bits(fused, weights):
    pair = fused.pair
    gray, metrics = np.empty_like(pair.anatomy01), {}
    backend = NetworkBackend(load_weights(weights).network, torch.device("cpu"))
    for batch in fuse_slices(pair.anatomy01, pair.function01, order=range(len(gray)), backends=[backend]):
        gray[batch.indices] = batch.gray
        metrics.update(zip(batch.indices, batch.metrics, strict=True))
    np.testing.assert_array_equal(fused.gray.array, gray)
    np.testing.assert_array_equal(fused.color.array, fused_color(gray, pair.function01))
    for k, row in metrics.items():
        assert {name: fused.rows[k][name] for name in row} == {name: f"{value:.6f}" for name, value in row.items()}


def test_nrrd_and_nifti(place, weights, tmp_path):
    mr, pet = body(Modality.MR), body(Modality.PET)
    write_volume(mr, tmp_path / "mr.nii.gz")
    write_volume(pet, tmp_path / "pet.nrrd")
    result = place.fuse(
        tmp_path / "mr.nii.gz", tmp_path / "pet.nrrd", "--weights", weights, "--color-table", "hot-iron", "--function-max", "6"
    )
    assert names(place.out) == WITHOUT_DICOM
    settings = FusionSettings(weights=weights, color_table="hot-iron", function_upper=6)
    mr = read_volume(tmp_path / "mr.nii.gz", modality=Modality.MR)
    fused = Fused(place.out, prepare(mr, read_volume(tmp_path / "pet.nrrd"), settings))
    check_all(fused, weights)
    assert fused.pair.function.unit is Unit.SUVBW  # as the NRRD says
    assert fused.report["settings"]["color_table"] == "hot-iron"
    np.testing.assert_array_equal(fused.color.array, fused_color(fused.gray.array, fused.pair.function01, "hot-iron"))
    # NIfTI does not say what it is; that it was taken for MR is no secret.
    assert "taken for an MR" in result.stdout
    assert any("--anatomy-modality CT" in note for note in fused.report["notes"])


def test_nifti_with_options_and_dicom_on_request(place, weights, tmp_path):
    for volume, name in ((body(Modality.CT), "ct.nii"), (body(Modality.PET), "pet.nii.gz")):
        write_volume(volume, tmp_path / name)
    options = ("--window", "lung", "--function-unit", "SUVbw", "--dicom", "--weights", Path(weights).name)
    place.fuse(tmp_path / "ct.nii", tmp_path / "pet.nii.gz", *options, cwd=Path(weights).parent)
    assert names(place.out) == WHOLE
    ct, pet = read_volume(tmp_path / "ct.nii"), read_volume(tmp_path / "pet.nii.gz", modality=Modality.PET, unit=Unit.SUVBW)
    assert ct.unit is Unit.HU
    fused = Fused(place.out, prepare(ct, pet, FusionSettings(window="lung", weights=weights)))
    check_all(fused, weights)
    assert not any("taken for an MR" in note for note in fused.report["notes"])
    volume, _ = read_folder(place.out / "dicom_gray")
    assert volume.same_grid(ct, tolerance_mm=1e-4)


def test_real_sarcoma_as_nrrd(place, weights, shared_data, tmp_path):
    folder = shared_data / "pet-ct-mr-sarcoma" / "STS_003"
    ct, pet = (
        read_volume(folder / "ct.nrrd", modality=Modality.CT),
        read_volume(folder / "pet.nrrd", modality=Modality.PET, unit=Unit.SUVBW),
    )
    middle = ct.shape[0] // 2
    few = ct.ijk_to_lps.copy()
    few[:3, 3] = (ct.ijk_to_lps @ [0, 0, middle - 1, 1])[:3]
    ct = ct.with_array(ct.array[middle - 1 : middle + 2], ijk_to_lps=few)
    write_volume(ct, tmp_path / "ct.nrrd")
    options = ("--function-unit", "SUVbw", "--window", "350/40", "--weights", weights)
    place.fuse(tmp_path / "ct.nrrd", folder / "pet.nrrd", *options)
    assert names(place.out) == WITHOUT_DICOM
    check_all(Fused(place.out, prepare(ct, pet, FusionSettings(weights=weights))), weights)


def test_real_dicom_with_both_series_in_one_folder(place, weights, shared_data, tmp_path):
    """Four CT slices of the chest with the PET round them, under one folder, chosen by description and number."""
    source = shared_data / "dicom" / "STS_037"
    for modality, few in (("CT", 4), ("PET", 8)):
        (tmp_path / "study" / modality).mkdir(parents=True)
        files = {float(pydicom.dcmread(f, stop_before_pixels=True).ImagePositionPatient[2]): f for f in (source / modality).iterdir()}
        for z in sorted(files)[6 : 6 + few] if modality == "CT" else sorted(files)[4 : 4 + few]:
            shutil.copy(files[z], tmp_path / "study" / modality)
    (ct, _), (pet, facts) = read_folder(tmp_path / "study" / "CT"), read_folder(tmp_path / "study" / "PET")
    both = tmp_path / "study"
    sentence = place.refuse(both, tmp_path / "study" / "PET")
    assert "holds 2 series" in sentence
    assert "--anatomy-series" in sentence
    ct_uid = pydicom.dcmread(next((both / "CT").iterdir())).SeriesInstanceUID
    options = ("--anatomy-series", ct_uid[-12:], "--function-series", str(facts.series.number or facts.series.uid))
    place.fuse(both, both, *options, "--weights", weights)
    assert names(place.out) == WHOLE
    fused = Fused(place.out, prepare(ct, pet, FusionSettings(weights=weights)))
    check_all(fused, weights)
    assert fused.pair.function.unit is Unit.SUVBW


def test_colour_pet_of_the_brain_atlas(place, weights, shared_data):
    pair = shared_data / "brain-atlas" / "PET-MRI"
    name = "25040.png"
    place.fuse(pair / "MRI" / name, pair / "PET" / name, "--weights", weights)
    assert names(place.out) == WITHOUT_DICOM
    mr = read_volume(pair / "MRI" / name, modality=Modality.MR)
    pet = read_volume(pair / "PET" / name, modality=Modality.PET)
    assert pet.is_color
    fused = Fused(place.out, prepare(mr, pet, FusionSettings(weights=weights)))
    check_all(fused, weights)
    assert float(fused.rows[2]["SD"]) == float(fused.rows[2]["VIF"]) == 0  # of a single slice
    hot = np.ptp(pet.array.astype(int), axis=-1) > 100
    assert np.ptp(fused.color.array.astype(int), axis=-1)[hot].mean() > 60  # the function's colours are still there


def test_overwrite_replaces_the_earlier_result_whole(place, study, weights):
    place.fuse(study / "CT", study / "PT", "--weights", weights)
    place.fuse(study / "MR", study / "PT", "--weights", weights, "--overwrite")
    assert names(place.out) == WHOLE
    assert json.loads((place.out / "report.json").read_text())["inputs"]["anatomy"]["modality"] == "MR"
    assert names(place.folder) == {"out"}
    assert "earlier result" in place.refuse(study / "CT", study / "PT", "--weights", weights)


def test_empty_folder_is_filled_and_missing_folders_are_made(place, study, weights):
    place.out.mkdir()
    place.out = place.out / "new" / "result"
    place.fuse(study / "CT", study / "PT", "--weights", weights)
    assert names(place.out) == WHOLE


@pytest.mark.parametrize("name", ["fee $5 for $x_2.nrrd", "肝脏 – Leber.nrrd"])
def test_names_that_are_not_plain_ascii(place, weights, tmp_path, name):
    """No formula, no warning of a missing glyph, no failed encoding."""
    write_volume(body(Modality.PET), tmp_path / "pet.nrrd")
    (tmp_path / "pet.nrrd").rename(tmp_path / name)
    write_volume(body(Modality.CT), tmp_path / "ct.nrrd")
    place.out = place.folder / name
    place.fuse(tmp_path / "ct.nrrd", tmp_path / name, "--weights", weights)
    assert names(place.out) == WITHOUT_DICOM
    assert json.loads((place.out / "report.json").read_text())["inputs"]["function"]["path"] == str(tmp_path / name)


@pytest.fixture(scope="module")
def telling_study(tmp_path_factory):
    """CT and PET whose headers, series descriptions, UIDs and folder name the patient; the PET covers a part of the CT only."""
    folder = tmp_path_factory.mktemp("Zaphod")
    for modality, slices in ((Modality.CT, 6), (Modality.PET, 3)):
        write_series(folder / modality.value, body(modality, slices))
    return folder, tell(folder)


@pytest.mark.parametrize("is_moved", [False, True], ids=["as it lies", "moved"])
def test_deidentified_means_every_byte(place, telling_study, weights, is_moved):
    folder, secrets = telling_study
    write_transform(np.eye(4), folder / "Zaphod.tfm")
    moving = ("--transform", folder / "Zaphod.tfm") if is_moved else ()
    place.fuse(folder / "CT", folder / "PT", "--weights", weights, "--deidentify", *moving)
    notes = json.loads((place.out / "report.json").read_text())["notes"]
    assert any("covers only" in note for note in notes)  # a note that quotes names is among them
    assert told([file for file in place.out.rglob("*") if file.is_file()], secrets) == {}


def test_two_deidentified_patients_stay_two(place, study, weights):
    """With an empty Patient ID an archive makes one patient of all."""
    patients = []
    for name in ("one", "two"):
        place.out = place.folder / name
        place.fuse(study / "CT", study / "PT", "--weights", weights, "--deidentify")
        headers = [pydicom.dcmread(file, stop_before_pixels=True) for file in place.out.rglob("*.dcm")]
        (patient,) = {header.PatientID for header in headers}
        assert {header.PatientIdentityRemoved for header in headers} == {"YES"}
        patients.append(patient)
    assert all(patients)
    assert patients[0] != patients[1]
