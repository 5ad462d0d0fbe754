"""`LCDFusionLib.fuse`: the same from paths and from memory, its choices, its progress, its end."""

import json
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pydicom
import pytest

import LCDFusionLib
from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import FusionSettings
from LCDFusionLib.images.files import read_volume, write_volume
from LCDFusionLib.images.transform_files import write_transform
from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.pipeline import FusionCancelled, fuse, fusion_worker, read_anatomy, read_function
from Testing.cli.small_study import body, write_series


@pytest.fixture(scope="module")
def worker():
    with fusion_worker() as worker:
        yield worker


@pytest.fixture(scope="module")
def settings(weights):
    return FusionSettings(weights=weights, function_upper=6)


@pytest.fixture(scope="module")
def result(study, settings, worker):
    return fuse(study / "CT", str(study / "PT"), settings, worker=worker)


def same(one, other):
    np.testing.assert_array_equal(one.gray.array, other.gray.array)
    np.testing.assert_array_equal(one.color.array, other.color.array)
    assert one.metrics == other.metrics


def test_importing_the_package_loads_nothing():
    code = (
        "import sys, LCDFusionLib; loaded = {'numpy', 'SimpleITK', 'pydicom', 'torch'} & set(sys.modules);"
        "assert not loaded, loaded; LCDFusionLib.fuse; assert 'torch' not in sys.modules; assert 'fuse' in dir(LCDFusionLib)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
    with pytest.raises(AttributeError, match="no attribute 'fuze'"):
        LCDFusionLib.fuze  # noqa: B018


def test_one_function_of_the_package(result):
    assert LCDFusionLib.fuse is fuse
    assert isinstance(result, LCDFusionLib.Result)
    assert LCDFusionLib.FusionSettings is FusionSettings
    assert LCDFusionLib.InputError is InputError


def test_result_says_what_it_is(result):
    assert result.gray.same_grid(body(Modality.CT), tolerance_mm=1e-4)
    assert result.gray.unit is Unit.RELATIVE
    assert result.gray.is_fused
    assert result.color.array.shape == (6, 48, 48, 3)
    assert len(result.metrics) == len(result.blend_metrics) == 6
    assert result.metrics[2]["QABF"] != result.blend_metrics[2]["QABF"]
    assert result.mismatches == ()
    assert result.prepared.line.startswith("CT window 350/40, PT SUVbw 0-6, 6 slices of 48x48, overlap ")


def test_paths_volumes_and_what_was_read_give_the_same(result, study, settings, worker, tmp_path):
    anatomy, function = read_anatomy(study / "CT"), read_function(study / "PT")
    same(result, fuse(anatomy, function, settings, worker=worker))
    in_memory = fuse(anatomy.volume, function.volume, settings, worker=worker)
    same(result, in_memory)
    assert any("one patient could not be checked" in note for note in in_memory.notes)
    for name, volume in (("ct", anatomy.volume), ("pet", function.volume)):
        write_volume(volume, tmp_path / f"{name}.nrrd")
    same(result, fuse(tmp_path / "ct.nrrd", tmp_path / "pet.nrrd", settings, worker=worker))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no files without a name")
def test_results_on_the_disk_are_the_same_and_leave_nothing(result, study, settings, worker, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    on_disk = fuse(study / "CT", study / "PT", settings, worker=worker, on_disk=True)
    assert isinstance(on_disk.gray.array, np.memmap)
    assert not list(tmp_path.iterdir())
    same(result, on_disk)
    assert (on_disk.gray.name, on_disk.color.name) == (result.gray.name, result.color.name)


def test_volumes_from_memory_are_written_too(settings, worker, tmp_path):
    result = fuse(body(Modality.MR), body(Modality.PET), settings, worker=worker)
    assert result.write(tmp_path / "out") == ()
    assert read_volume(tmp_path / "out" / "fused_gray.nrrd").same_grid(result.gray)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["inputs"]["anatomy"]["path"] is None
    assert report["inputs"]["anatomy"]["modality"] == "MR"
    assert not (tmp_path / "out" / "dicom_color").exists()
    result.write(tmp_path / "dicom", dicom=True)
    assert len(list((tmp_path / "dicom" / "dicom_color").iterdir())) == 6


def test_what_a_file_does_not_say_is_told(settings, worker):
    unknown = replace(body(Modality.MR), modality=Modality.OTHER)
    assert any("taken for an MR" in note for note in fuse(unknown, body(Modality.PET), settings, worker=worker).notes)
    told = fuse(
        unknown, replace(body(Modality.PET), unit=Unit.RELATIVE), settings, anatomy_modality="MR", function_unit="SUVbw", worker=worker
    )
    assert told.prepared.pair.function.unit is Unit.SUVBW
    assert not any("taken for an MR" in note for note in told.notes)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"anatomy_modality": "XX"}, "--anatomy-modality knows no 'XX'; it takes one of CT, MR"),
        ({"function_unit": "g"}, "--function-unit knows no 'g'"),
        ({"confirm_mismatch": ["height"]}, "--confirm-mismatch knows no 'height'"),
        ({"deformable": True}, "--deformable goes with --register"),
        ({"register": True, "transform": "a.tfm"}, "exclude each other"),
    ],
)
def test_options_that_cannot_be(study, options, sentence):
    with pytest.raises(InputError, match=sentence):
        fuse(study / "CT", study / "PT", **options)


def test_two_patients_only_when_confirmed(study, settings, worker, tmp_path):
    other = tmp_path / "PT"
    write_series(other, body(Modality.PET))
    for path in other.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.PatientID = "P-18"
        dataset.save_as(path)
    with pytest.raises(InputError, match=r"are of two patients.*--confirm-mismatch patient-id"):
        fuse(study / "CT", other, settings, worker=worker)
    result = fuse(study / "CT", other, settings, confirm_mismatch="patient-id", worker=worker)
    assert [mismatch.kind for mismatch in result.mismatches] == ["patient-id"]
    result.write(tmp_path / "out", deidentify=True)
    header = pydicom.dcmread(next((tmp_path / "out" / "dicom_gray").iterdir()))
    assert "Patient ID (0010,0020) differs" in header.DerivationDescription
    assert header.PatientIdentityRemoved == "YES"
    assert "P-17" not in str(header.PatientID)


def test_transform_moves_the_function(result, study, settings, worker, tmp_path):
    """By one voxel of the CT to the left: what was read at i is now at i + 1."""
    shift = np.eye(4)
    shift[0, 3] = 3.0
    write_transform(shift, tmp_path / "left.tfm")
    moved = fuse(study / "CT", study / "PT", settings, transform=tmp_path / "left.tfm", worker=worker)
    before, after = result.prepared.pair.function01, moved.prepared.pair.function01
    np.testing.assert_allclose(after[:, :, 8:40], before[:, :, 7:39], atol=1e-5)
    moved.write(tmp_path / "out")
    assert (tmp_path / "out" / "registration.tfm").exists()
    assert json.loads((tmp_path / "out" / "report.json").read_text())["registration"]["kind"] == "rigid"


def test_progress_tells_every_stage_and_the_time_left(study, settings, worker):
    told, planned = [], []
    fuse(study / "CT", study / "PT", settings, worker=worker, progress=told.append, planned=planned.append)
    assert list(dict.fromkeys(one.stage for one in told)) == ["read", "prepare", "fuse"]
    fused = [one for one in told if one.stage == "fuse"]
    assert fused[0].done == 0
    assert [one.done for one in fused if one.done] == [1, 2, 3, 4, 5, 6]
    assert {one.total for one in fused} == {6}
    assert "CPU" in fused[-1].device
    assert fused[-1].seconds_left == 0
    assert len(planned) == 1
    assert planned[0].pair.overlap > 0.9


def test_planned_may_refuse(study, settings, worker):
    def refuse(prepared):
        raise InputError("not this one")

    told = []
    with pytest.raises(InputError, match="not this one"):
        fuse(study / "CT", study / "PT", settings, worker=worker, planned=refuse, progress=told.append)
    assert "fuse" not in {one.stage for one in told}


@pytest.mark.parametrize("at", ["read", "prepare", "fuse"])
def test_cancelled_from_another_thread(study, settings, worker, at):
    """At once, in any stage; the worker takes the next pair."""
    cancel, reached = threading.Event(), threading.Event()
    waiting = threading.Thread(target=lambda: (reached.wait(), cancel.set()))
    waiting.start()

    def stop(progress):
        if progress.stage == at:
            reached.set()
            waiting.join()

    with pytest.raises(FusionCancelled):
        fuse(study / "CT", study / "PT", settings, worker=worker, progress=stop, cancel=cancel)
    assert not worker.is_busy
    assert len(fuse(body(Modality.CT, slices=2), body(Modality.PET), settings, worker=worker).metrics) == 2


def test_registration_is_cancelled_in_the_middle(study, settings, worker):
    cancel = threading.Event()

    def stop(progress):
        if progress.stage == "register" and progress.done > 0:
            cancel.set()

    with pytest.raises(FusionCancelled):
        fuse(study / "CT", study / "PT", settings, register=True, worker=worker, progress=stop, cancel=cancel)


def test_command_and_function_write_the_same(result, study, weights, place, tmp_path):
    place.fuse(study / "CT", study / "PT", "--weights", weights, "--function-max", "6")
    result.write(tmp_path / "out")
    assert {path.name for path in place.out.iterdir()} == {path.name for path in (tmp_path / "out").iterdir()}
    assert (place.out / "metrics.csv").read_bytes() == (tmp_path / "out" / "metrics.csv").read_bytes()
    assert (place.out / "fused_gray.nrrd").read_bytes() == (tmp_path / "out" / "fused_gray.nrrd").read_bytes()


def test_a_folder_of_something_else_is_not_replaced(result, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match=r"holds other things \('letter.txt'\)"):
        result.write(tmp_path / "out", overwrite=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["letter.txt"]
