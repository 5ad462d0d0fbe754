"""dcm2niix, GDCM and (X)MedCon read both fused series; Orthanc's anonymisation does not make an original of one."""

import json
import shutil
import subprocess
import sys
import urllib.request
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from LCDFusionLib.dicom import scan_folder


def program(name):
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(params=["color", "gray"])
def series(request, study):
    return study / "RESULT" / f"dicom_{request.param}"


def test_dcm2niix_converts_it_as_it_converts_the_ct(series, study, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    images = {}
    for folder in (series, study / "CT"):
        subprocess.run([program("dcm2niix"), "-f", "out", "-b", "n", "-o", tmp_path, folder], check=True, capture_output=True, timeout=60)
        (tmp_path / "out.nii").rename(tmp_path / f"{folder.name}.nii")
        images[folder.name] = nibabel.load(tmp_path / f"{folder.name}.nii")
    fused = images[series.name]
    np.testing.assert_allclose(fused.affine, images["CT"].affine, atol=1e-4)
    assert fused.shape == images["CT"].shape
    assert fused.dataobj.dtype == (np.dtype([(c, "u1") for c in "RGB"]) if series.name == "dicom_color" else np.int16)


def test_gdcm_alone_finds_the_spacing(series):
    gdcm = pytest.importorskip("gdcm", reason="python-gdcm is not installed")
    reader = gdcm.ImageReader()
    reader.SetFileName(str(sorted(series.glob("*.dcm"))[0]))
    assert reader.Read()
    assert list(reader.GetImage().GetSpacing())[:2] == [3, 3]


def test_medcon_reads_the_gray_pixels(study, tmp_path):
    """(X)MedCon has its own reader; it writes NIfTI, which SimpleITK reads. (Colour it turns into gray.)"""
    medcon = program("medcon")
    file = sorted((study / "RESULT" / "dicom_gray").glob("*.dcm"))[5]
    subprocess.run([medcon, "-f", file, "-c", "nifti", "-o", "one"], check=True, capture_output=True, cwd=tmp_path, timeout=60)
    (written,) = tmp_path.glob("*one*.nii")
    read = np.squeeze(sitk.GetArrayFromImage(sitk.ReadImage(str(written))))
    expected = pydicom.dcmread(file).pixel_array
    assert any(np.array_equal(read, flipped) for flipped in (expected, expected[::-1], expected[:, ::-1], expected[::-1, ::-1]))


def test_orthancs_anonymisation_leaves_what_marks_a_fused_series(archive, study, tmp_path):
    """Its default takes descriptions and derivation away."""
    uid = pydicom.dcmread(next((study / "CT").glob("*.dcm")), stop_before_pixels=True).StudyInstanceUID
    (patient_study,) = (one for one in archive.ask("studies") if archive.ask(f"studies/{one}")["MainDicomTags"]["StudyInstanceUID"] == uid)
    address = f"http://127.0.0.1:{archive.http_port}"
    request = urllib.request.Request(f"{address}/studies/{patient_study}/anonymize", data=b"{}", method="POST")
    anonymous = json.load(urllib.request.urlopen(request, timeout=60))["ID"]
    with zipfile.ZipFile(BytesIO(urllib.request.urlopen(f"{address}/studies/{anonymous}/archive", timeout=60).read())) as packed:
        packed.extractall(tmp_path)
    urllib.request.urlopen(urllib.request.Request(f"{address}/studies/{anonymous}", method="DELETE"), timeout=30).close()
    for file in tmp_path.rglob("*.dcm"):
        header = pydicom.dcmread(file, stop_before_pixels=True)
        assert not {"SeriesDescription", "DerivationDescription"} & {element.keyword for element in header}
    series = [one for one in scan_folder(tmp_path).series if one.modality in ("CT", "PT", "OT")]
    assert sorted((one.modality, one.is_fused) for one in series) == [("CT", False), ("OT", True), ("OT", True), ("PT", False)]


def test_highdicom_puts_the_series_where_the_anatomy_is(series, study):
    """highdicom makes a volume of the files, by its own reading of their planes; its patient space is LPS, like ours."""
    highdicom = pytest.importorskip("highdicom")

    def volume(folder):
        return highdicom.get_volume_from_series([pydicom.dcmread(file) for file in sorted(folder.glob("*.dcm"))])

    fused, anatomy = volume(series), volume(study / "CT")
    np.testing.assert_allclose(fused.affine, anatomy.affine, atol=1e-6)
    assert fused.spatial_shape == anatomy.spatial_shape


def test_highdicom_reads_the_metrics_report(study):
    highdicom = pytest.importorskip("highdicom")
    (file,) = (study / "RESULT" / "dicom_metrics").glob("*.dcm")
    report = highdicom.sr.srread(file)
    names = [item.name.meaning for item in report.content[0].ContentSequence]
    assert "Mean over all slices" in names
