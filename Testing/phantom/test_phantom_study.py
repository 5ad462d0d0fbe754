"""A phantom on disk is a study like any other."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest

from LCDFusionLib.dicom.reader import read_folder
from LCDFusionLib.images.volume import Unit
from LCDFusionLib.phantom import Phantom, write_study


@pytest.fixture(scope="module")
def thorax_study(thorax_phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_study(thorax_phantom, tmp_path_factory.mktemp("thorax"))


@pytest.fixture(scope="module")
def head_study(head_phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_study(head_phantom, tmp_path_factory.mktemp("head"))


def headers(folder: Path) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(file, stop_before_pixels=True) for file in sorted(folder.iterdir())]


def test_one_patient_one_study_one_frame_of_reference(thorax_study: tuple[Path, Path], thorax_phantom: Phantom) -> None:
    ct, pet = (headers(folder) for folder in thorax_study)
    assert [folder.name for folder in thorax_study] == ["CT", "PT"]
    assert (len(ct), len(pet)) == (40, 58)
    every = ct + pet
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID"):
        assert len({str(header[keyword].value) for header in every}) == 1, keyword
    assert {header.SeriesInstanceUID for header in ct}.isdisjoint({header.SeriesInstanceUID for header in pet})
    assert str(every[0].PatientName) == "LCDFusion^Thorax Phantom"
    assert every[0].StudyDescription == "Digital phantom"
    assert every[0].FrameOfReferenceUID == thorax_phantom.anatomy.frame_of_reference


def test_the_patient_has_what_other_viewers_ask_for_before_they_show_suv(thorax_study: tuple[Path, Path]) -> None:
    """OHIF's calculate-suv takes M and F as Patient's Sex and nothing else."""
    header = pydicom.dcmread(next(iter(sorted(thorax_study[1].iterdir()))), stop_before_pixels=True)
    assert header.PatientSex in ("M", "F")
    assert header.PatientWeight > 0
    assert header.PatientSize > 0


def test_suv_by_hand_from_the_tags_is_the_phantoms(thorax_study: tuple[Path, Path], thorax_phantom: Phantom) -> None:
    """SUVbw = Bq/ml x weight in g / dose decayed to the start of the series (QIBA, decay correction START)."""
    slices = sorted((pydicom.dcmread(file) for file in thorax_study[1].iterdir()), key=lambda header: header.ImagePositionPatient[2])
    first = slices[0]
    assert (first.Units, first.DecayCorrection) == ("BQML", "START")
    drug = first.RadiopharmaceuticalInformationSequence[0]

    def seconds(time: str) -> float:
        return int(time[:2]) * 3600 + int(time[2:4]) * 60 + float(time[4:])

    injected = str(drug.get("RadiopharmaceuticalStartDateTime", ""))[8:14] or str(drug.RadiopharmaceuticalStartTime)
    waited = seconds(str(first.SeriesTime)) - seconds(injected)
    assert waited == 3600
    decayed = float(drug.RadionuclideTotalDose) * 2 ** (-waited / float(drug.RadionuclideHalfLife))
    becquerel = np.stack([s.pixel_array * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices])
    suv = becquerel * float(first.PatientWeight) * 1000 / decayed
    assert np.abs(suv - thorax_phantom.function.array).max() < 1e-3


@pytest.mark.parametrize("which", ["thorax", "head"])
def test_read_back_it_is_the_phantom(which: str, request: pytest.FixtureRequest) -> None:
    phantom, folders = request.getfixturevalue(f"{which}_phantom"), request.getfixturevalue(f"{which}_study")
    for written, folder in zip((phantom.anatomy, phantom.function), folders, strict=True):
        volume, _ = read_folder(folder)
        assert volume.same_grid(written, tolerance_mm=1e-4)
        assert volume.modality == written.modality
        assert volume.frame_of_reference == written.frame_of_reference
        assert volume.name == written.name
        if written.modality.is_function:
            assert volume.unit is Unit.SUVBW
            np.testing.assert_allclose(volume.array, written.array, atol=1e-3)
        else:
            assert np.array_equal(volume.array, written.array)


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (Debian package dicom3tools) is not installed")
@pytest.mark.parametrize("study", ["thorax_study", "head_study"])
def test_dciodvfy_finds_no_error(study: str, request: pytest.FixtureRequest) -> None:
    for folder in request.getfixturevalue(study):
        file = sorted(folder.iterdir())[0]
        said = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False)
        errors = [line for line in (said.stdout + said.stderr).splitlines() if line.startswith("Error")]
        assert errors == []
