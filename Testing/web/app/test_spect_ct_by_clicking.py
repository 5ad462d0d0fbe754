"""A SPECT/CT in the browser, of a patient whom everything tells: chosen, fused, shown, exported; de-identified in every byte."""

import shutil
import urllib.request
import zipfile

import numpy as np
import pydicom
import pytest
from playwright.sync_api import expect

from Testing.dicom.nuclear_objects import write_spect_ct
from Testing.dicom.telling_patient import tell, told
from Testing.pacs.conftest import Orthanc
from Testing.web.app.conftest import PICTURES, running_viewer
from Testing.web.app.reader import Reader


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """None where Orthanc is not installed."""
    if shutil.which("Orthanc") is None:
        yield None
        return
    server = Orthanc(tmp_path_factory.mktemp("orthanc"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Folder of the SPECT, and what tells the patient."""
    folder = tmp_path_factory.mktemp("Zaphod")
    write_spect_ct(folder)
    return folder, tell(folder)


@pytest.fixture(scope="module")
def fused(chromium, archive, study, tmp_path_factory):
    options = () if archive is None else ("--archive", archive.network)
    with (
        running_viewer(study[0], tmp_path_factory.mktemp("viewer"), *options) as address,
        Reader(chromium, address, PICTURES) as reader,
    ):
        reader.wait_until_read()
        reader.fuse()
        reader.unfold("Export")
        reader.page.click(".key-button")
        reader.wait_for(".key-button", "Unmark")
        yield reader


def test_the_pair_is_chosen_fused_and_shown(fused):
    assert "SPECT" in fused.text(".function-select")
    assert "SPECT counts 0-7" in fused.text(".plan"), "padding, 65535, is no uptake"
    assert "8 slices fused" in fused.text(".status")
    assert fused.page.locator("table.metrics tbody tr").count() == 8
    picture = fused.view("LCDFused")[60:-60, 40:-40].astype(int)
    assert np.ptp(picture, axis=-1).max() > 60, "no uptake in colour"
    fused.picture("spect-ct")


def test_its_export_names_the_frames(fused, study, tmp_path):
    with zipfile.ZipFile(fused.save(".dicom-button", tmp_path)) as packed:
        packed.extractall(tmp_path)
    (spect,) = map(pydicom.dcmread, (study[0] / "nm").iterdir())
    images = [pydicom.dcmread(file) for file in (tmp_path / "dicom_color").iterdir()]
    assert len(images) == 8
    for image in images:
        of_spect = [item for item in image.SourceImageSequence if item.ReferencedSOPInstanceUID == spect.SOPInstanceUID]
        assert [item.ReferencedFrameNumber for item in of_spect] == [round((-464 - image.ImagePositionPatient[2]) / 4) + 1]


BUTTONS = {
    "DICOM": ".dicom-button",
    "NRRD": ".nrrd-button",
    "NIfTI": ".nifti-button",
    "metrics": ".csv-button",
    "picture": ".png-button",
    "page": ".page-button",
    "session": ".save-session-button",
}


@pytest.fixture
def deidentified(fused):
    fused.page.locator(".deidentify input").check()
    yield fused
    fused.page.locator(".deidentify input").uncheck()


@pytest.mark.parametrize("button", BUTTONS.values(), ids=BUTTONS)
def test_no_download_tells_the_patient(deidentified, study, tmp_path, button):
    assert told([deidentified.save(button, tmp_path)], study[1]) == {}


def test_without_the_box_they_tell_it(fused, study, tmp_path):
    """So the walk can find something."""
    for kind in ("DICOM", "NRRD", "page", "session"):
        assert told([fused.save(BUTTONS[kind], tmp_path)], study[1]), kind


def test_nothing_that_is_sent_tells_the_patient(deidentified, archive, study, tmp_path):
    if archive is None:
        pytest.skip("Orthanc is not installed (Debian packages orthanc, orthanc-dicomweb)")
    deidentified.page.click(".archive-button")
    expect(deidentified.page.locator(".export-note")).to_contain_text("Sent to ORTHANC@127.0.0.1: 18 images", timeout=90_000)
    sent = archive.ask("instances")
    assert len(sent) == 8 + 8 + 1 + 1
    files = [tmp_path / f"{name}.dcm" for name in sent]
    for name, file in zip(sent, files, strict=True):
        with urllib.request.urlopen(f"http://127.0.0.1:{archive.http_port}/instances/{name}/file", timeout=30) as answer:
            file.write_bytes(answer.read())
    assert told(files, study[1]) == {}
