"""By clicking: what is fused goes to the site's archive, a real Orthanc, and a link leads to it."""

import shutil

import pytest
from playwright.sync_api import expect

from LCDFusionLib.cli.main import main
from Testing.pacs.conftest import Orthanc
from Testing.web.app.conftest import PICTURES, running_viewer
from Testing.web.app.reader import Reader

VIEWER = "https://ohif.example.org/viewer"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """An Orthanc of our own: one test stops it."""
    if shutil.which("Orthanc") is None:
        pytest.skip("Orthanc is not installed (Debian packages orthanc, orthanc-dicomweb)")
    server = Orthanc(tmp_path_factory.mktemp("orthanc"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def fused(chromium, archive, small_study, tmp_path_factory):
    """A reader whose site has an archive and a viewer, with all slices fused."""
    folder = tmp_path_factory.mktemp("viewer")
    with (
        running_viewer(small_study, folder, "--archive", archive.network, "--open-in", VIEWER) as address,
        Reader(chromium, address, PICTURES) as reader,
    ):
        reader.wait_until_read()
        reader.unfold("Export")
        expect(reader.page.locator(".archive-button")).to_be_disabled()
        reader.fuse()
        yield reader


def studies(archive):
    return {study["MainDicomTags"]["StudyInstanceUID"]: study for study in archive.ask("studies?expand")}


def instances(archive, study):
    return [archive.ask(f"instances/{each['ID']}/simplified-tags") for each in archive.ask(f"studies/{study['ID']}/instances")]


def test_what_is_sent_is_in_the_archive_and_opens_by_the_link(fused, archive):
    fused.page.click(".archive-button")
    fused.wait_for(".export-note", "Sent to ORTHANC@127.0.0.1: 12 images")
    ((uid, study),) = studies(archive).items()
    tags = instances(archive, study)
    assert len(tags) == 12
    assert len({each["SeriesInstanceUID"] for each in tags}) == 2
    assert all("Müller" in each["PatientName"] for each in tags)
    link = fused.page.locator(".archive-link")
    expect(link).to_have_text("Open in OHIF")
    assert link.get_attribute("href") == f"{VIEWER}?StudyInstanceUIDs={uid}"
    assert (link.get_attribute("target"), link.get_attribute("rel")) == ("_blank", "noopener noreferrer")


def test_deidentified_stays_deidentified(fused, archive):
    before = set(studies(archive))
    fused.page.locator(".deidentify input").check()
    fused.page.click(".archive-button")
    expect(fused.page.locator(".archive-link")).not_to_have_attribute("href", f"{VIEWER}?StudyInstanceUIDs={next(iter(before))}")
    expect(fused.page.locator(".archive-link")).to_have_count(1, timeout=90_000)
    ((uid, study),) = ((uid, study) for uid, study in studies(archive).items() if uid not in before)
    tags = instances(archive, study)
    assert len(tags) == 12
    assert "Müller" not in str(tags)
    assert fused.page.locator(".archive-link").get_attribute("href") == f"{VIEWER}?StudyInstanceUIDs={uid}"
    fused.page.locator(".deidentify input").uncheck()


def test_another_pair_has_no_link_of_this_one(fused):
    fused.choose(".pair-select", "MR body")
    fused.wait_for(".plan", "MR automatic window")
    expect(fused.page.locator(".archive-link")).to_have_count(0)
    fused.choose(".pair-select", "CT body")
    fused.wait_for(".plan", "CT mediastinum window")


def test_an_archive_that_is_away_is_said_of_the_pair_that_was_to_be_sent(fused, archive):
    archive.stop()
    fused.page.click(".archive-button")
    fused.wait_for(".export-note", "Sending to ORTHANC@127.0.0.1")
    fused.choose(".pair-select", "MR body")  # while it is sent
    fused.wait_for(".plan", "MR automatic window")
    expect(fused.page.locator(".export-note")).to_have_text("", timeout=90_000)
    fused.choose(".pair-select", "CT body")
    fused.wait_for(".export-note", "0 of 12 images arrived at ORTHANC@127.0.0.1")
    expect(fused.page.locator(".archive-link")).to_have_count(0)
    expect(fused.page.locator(".archive-button")).to_be_enabled()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--open-in", VIEWER], "need --archive"),
        (["--archive", "pacs.example.org"], "no address of an archive"),
        (["--archive", "dicom://PACS@pacs.example.org:104", "--open-in", "ohif"], "--open-in 'ohif' is no web address"),
    ],
)
def test_what_cannot_be_is_said_at_the_start(options, words, capsys):
    assert main(["view", "--no-browser", *options]) != 0
    assert words in capsys.readouterr().err
