"""What a reader may bring: other files, two patients, damaged things; and how a fusion is given up."""

import shutil
import zipfile
from datetime import datetime

import numpy as np
import pytest
from playwright.sync_api import expect

from LCDFusionLib.dicom import Patient, Radiopharmaceutical, Study
from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.volume import Modality
from Testing.cli.small_study import body, write_series
from Testing.web.app.conftest import PICTURES
from Testing.web.app.reader import Reader


@pytest.fixture(scope="module")
def guest(chromium, viewer):
    """A reader who brings files."""
    with Reader(chromium, viewer, PICTURES) as reader:
        reader.wait_until_read()
        yield reader


def zipped(folder):
    return shutil.make_archive(str(folder), "zip", folder)


def test_cancel_comes_at_once_and_what_is_fused_stays_as_a_part(guest, tmp_path):
    for modality in (Modality.CT, Modality.PET):
        write_series(tmp_path / "study" / modality.value, body(modality, slices=24, size=128))
    guest.upload(zipped(tmp_path / "study"))
    guest.wait_for(".plan", "24 slices of 128x128")
    guest.page.click(".fuse-button")
    guest.wait_for(".status", " left")
    guest.page.locator(".lcd-view").first.hover()
    guest.page.mouse.wheel(0, -120)  # one can scroll meanwhile
    expect(guest.page.locator(".slice-title")).not_to_contain_text("Slice 13/24")
    guest.page.mouse.wheel(0, 120)
    guest.page.click(".fuse-button")
    guest.wait_for(".status", "Cancelled.")
    guest.wait_for(".status", "stay, marked as a part")
    guest.wait_for(".fuse-button", "Fuse")
    guest.wait_for(".slice-title", "PART: ")
    guest.unfold("Export")
    expect(guest.page.locator(".dicom-button")).to_be_disabled()


def test_what_is_doubtful_in_a_study_stands_in_colour_with_its_reason_and_goes_with_the_study(guest, tmp_path):
    late = Radiopharmaceutical(injected=datetime(2025, 3, 14, 8, 25), dose_bq=300e6)
    told = {"AdditionalPatientHistory": "Lymphoma. Blood glucose 6.1 mmol/l"}
    write_series(tmp_path / "late" / "CT", body(Modality.CT), attributes=told)
    write_series(tmp_path / "late" / "PT", body(Modality.PET), radiopharmaceutical=late, attributes=told)
    guest.upload(zipped(tmp_path / "late"))
    guest.wait_for(".facts", "95 min after injection")
    assert guest.page.locator(".fact").all_inner_texts()[:2] == ["FDG", "300 MBq"]
    assert guest.page.locator(".fact.doubtful").all_inner_texts() == ["95 min after injection"]
    colours = [guest.page.locator(where).evaluate("e => getComputedStyle(e).color") for where in (".fact >> nth=0", ".fact.doubtful")]
    assert colours[0] != colours[1]
    guest.wait_for(".warning", "EANM FDG guideline")
    assert "glucose 6.1 mmol/l" in guest.text(".facts")
    assert not guest.page.get_by_text("Lymphoma").is_visible()
    guest.page.click(".history summary")
    assert guest.page.get_by_text("Lymphoma").is_visible()


def test_files_are_taken_as_what_they_are(guest, tmp_path):
    paths = []
    for modality in (Modality.CT, Modality.PET):
        paths.append(tmp_path / f"{modality.value}.nrrd")
        write_volume(body(modality), paths[-1])
    guest.upload(*paths)
    guest.wait_for(".anatomy-select", "CT.nrrd")
    guest.wait_for(".function-select", "PT.nrrd")
    guest.wait_for(".plan", "6 slices of 48x48")
    assert guest.text(".patient") == ""  # nothing of the patient before
    assert guest.page.locator(".fact").count() == guest.page.locator(".history").count() == 0


def test_two_patients_are_not_fused_unasked(guest, tmp_path):
    folder = tmp_path / "two"
    write_series(folder / "CT", body(Modality.CT))
    other = Patient(name="Meier^Berta", id="P-18", sex="F", weight_kg=70.0, size_m=1.7)
    write_series(folder / "PT", body(Modality.PET), patient=other, study=Study(uid="2.25.99", started=_day(), description="PET"))
    guest.upload(zipped(folder))
    guest.wait_for(".problem", "are of two patients")
    expect(guest.page.locator(".fuse-button")).to_be_disabled()
    guest.picture("two-patients")
    guest.page.locator(".mismatch-check input").check()
    guest.wait_until_read()
    guest.wait_for(".warning", "confirmed")
    guest.page.locator(".mismatch-check input").uncheck()
    expect(guest.page.locator(".fuse-button")).to_be_disabled()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.txt", b"no image", "There is no CT, MR, PET or SPECT volume"),
        (
            "detached.nrrd",
            b"NRRD0004\ntype: short\ndimension: 3\nsizes: 2 2 2\nencoding: raw\ndata file: /etc/passwd\n\n",
            "names another file",
        ),
        ("cut.nii", b"\x5c\x01\x00\x00" + bytes(200), "cannot be read as an image"),
        ("broken.zip", b"PK\x03\x04 and no more", ""),
    ],
)
def test_what_is_no_image_is_said_and_destroys_nothing(guest, small_study, tmp_path, name, content, sentence):
    if "6 slices of 48x48" not in guest.text(".plan"):
        guest.upload(zipped(small_study))
        guest.wait_until_read()
    (tmp_path / name).write_bytes(content)
    guest.upload(tmp_path / name)
    if sentence:
        guest.wait_for(".status", sentence)
    else:  # the front server refuses it
        guest.wait_for(".upload-problem", "zip")
        guest.page.click(".upload-close")
    expect(guest.page.locator(".fuse-button")).to_be_enabled()  # what was open stays open
    assert "6 slices of 48x48" in guest.text(".plan")


def test_a_damaged_series_is_said_and_another_can_be_opened(guest, small_study, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(small_study, folder)
    victim = sorted((folder / "CT").iterdir())[2]
    victim.write_bytes(victim.read_bytes()[:-600])
    guest.upload(zipped(folder))
    guest.wait_for(".status", "damaged")
    guest.upload(zipped(small_study))
    # What was open before can be fused all the while; the sentence goes when the new study is read.
    guest.page.wait_for_function("() => !document.querySelector('.status')?.innerText.trim()")
    guest.wait_until_read()


def test_dropped_files_are_sent(guest, small_study, tmp_path):
    """As the browser tells of a drop: the zone shows while files are over the page, and what is dropped is sent."""
    with zipfile.ZipFile(zipped(small_study)) as packed:
        assert len(packed.namelist()) > 18
    script = """([name, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name));
        const tell = (kind) => document.body.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
        tell("dragenter");
        const seen = document.getElementById("drop-zone").classList.contains("is-over");
        tell("drop");
        return seen;
    }"""
    content = list(small_study.with_suffix(".zip").read_bytes())
    with guest.page.expect_response("**/upload") as answer:
        assert guest.page.evaluate(script, ["study.zip", content])
    assert answer.value.ok
    guest.wait_until_read()
    assert not guest.page.locator(".drop-zone.is-over").count()


def test_a_real_study_is_read_by_its_headers(guest, shared_data, tmp_path):
    """Soft-tissue sarcoma, CT, MR and PET: the CT of the PET/CT is proposed first; a slice is fused."""
    guest.upload(shutil.make_archive(str(tmp_path / "sarcoma"), "zip", shared_data / "dicom" / "STS_001"))
    guest.wait_for(".plan", "CT mediastinum window 350/40, PET SUV 0-10, 59 slices")
    guest.page.click(".preview-button")
    guest.wait_for(".status", "Preview in")
    guest.until(lambda: guest.view("LCDFused")[60:-60, 40:-40].mean() > 20)
    guest.until(lambda: np.abs(guest.view("LCDFused").astype(int) - guest.view("LCDAnatomy")).max() > 50)
    guest.picture("sarcoma")


def _day():
    from datetime import datetime

    return datetime(2025, 3, 14, 12, 0)
