"""What is said where something is wrong: it names the file, says nothing of the server's folders, and gives a way on."""

import zipfile

import pytest
from playwright.sync_api import expect

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import write_volume
from LCDFusionLib.images.volume import Modality
from LCDFusionLib.web.app.panel.drawing import without_folders
from LCDFusionLib.web.app.study import open_study
from Testing.cli.small_study import body
from Testing.web.app.conftest import PICTURES, running_viewer
from Testing.web.app.reader import Reader


def said(*paths):
    """By `open_study`: the sentence of a refusal, or the notes."""
    try:
        return " ".join(open_study(paths, progress=lambda _text: None, is_upload=True).notes)
    except InputError as error:
        return str(error)


@pytest.fixture
def files(tmp_path):
    """A CT and a PET as files."""
    for name, modality in (("ct.nrrd", Modality.CT), ("pet.nrrd", Modality.PET)):
        write_volume(body(modality), tmp_path / name)
    return tmp_path


def test_pet_first_is_named_with_the_order_that_is_wanted(files):
    text = said(files / "pet.nrrd", files / "ct.nrrd")
    assert text == "'pet.nrrd' is a PET, and was given as anatomy: give the CT or MR first, then the PET or SPECT."
    assert "'ct.nrrd' is a CT, and was given as function" in said(files / "ct.nrrd", files / "ct.nrrd")
    assert said(files / "ct.nrrd", files / "pet.nrrd") == ""


@pytest.mark.parametrize(("name", "missing"), [("pet.nrrd", "no CT or MR"), ("ct.nrrd", "no PET or SPECT")])
def test_half_a_pair_is_named_with_the_way_on(files, tmp_path, name, missing):
    folder = tmp_path / "upload-5f3a"
    folder.mkdir()
    (files / name).rename(folder / name)
    assert missing in said(folder)
    assert f"'{name}'" in said(folder)
    assert "open both together" in said(folder)


def test_a_wrong_file_is_named_and_not_its_folder(tmp_path):
    folder = tmp_path / "upload-5f3a"
    folder.mkdir()
    (folder / "holiday.txt").write_text("sun")
    assert "in 'holiday.txt'" in said(folder)
    (folder / "more.txt").write_text("sea")
    assert "in 'holiday.txt' and 1 more files" in said(folder)
    assert "upload" not in said(folder)


def test_texts_name_files_without_the_servers_folders():
    assert without_folders("The file '/srv/a b/c/pet.nii.gz' is empty") == "The file 'pet.nii.gz' is empty"
    assert without_folders(("'/tmp/x'", "CT 'a/b' + 350/40 HU")) == ("'x'", "CT 'a/b' + 350/40 HU")


def test_a_file_that_cannot_be_read_is_said_without_folders_and_beside_fuse_stands_why(chromium, viewer, files):
    with Reader(chromium, viewer, PICTURES) as reader:
        reader.wait_until_read()
        (files / "cut.nii").write_bytes(b"\x5c\x01\x00\x00" + bytes(200))
        reader.upload(files / "cut.nii")
        reader.wait_for(".status", "'cut.nii' cannot be read as an image")
        assert "/tmp" not in reader.text(".status")
        with zipfile.ZipFile(files / "pet.zip", "w") as packed:
            packed.write(files / "pet.nrrd", "pet.nrrd")
        reader.upload(files / "pet.zip")
        reader.wait_for(".warning", "'pet.nrrd' is there, but no CT or MR")
        reader.wait_for(".why-not", "Choose a CT or MR as anatomy.")
        expect(reader.page.locator(".fuse-button")).to_be_disabled()


NO_LOOK_YET = """
    const every = window.setInterval;
    window.setInterval = (...what) =>
        document.currentScript?.src.includes("session.js") ? (window.lookNow = () => every(...what)) : every(...what);
"""
"""The page looks at its connection once a second; with this only from when it is told to."""


def test_a_session_that_has_ended_and_a_server_that_is_gone_are_said(chromium, small_study, tmp_path):
    with running_viewer(small_study, tmp_path) as address:
        reader = Reader(chromium, address, PICTURES)
        reader.wait_until_read()
        reader.page.evaluate("fetch('leave', {method: 'POST'}).then(() => null)")
        reader.wait_for("#gone", "This session has ended")
        reader.page.add_init_script(NO_LOOK_YET)
        reader.page.click("#gone button")
        reader.wait_until_read()
    reader.wait_for("body", "Connection closed")  # trame's words, which come before the page has looked
    reader.page.evaluate("lookNow()")
    reader.wait_for("#gone", "The server does not answer")
    reader.picture("server-gone")
    reader.page.context.close()
