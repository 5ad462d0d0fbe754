"""Sending and fetching against real archives: Orthanc by both ways, DCMTK's storescp, and links that break half way."""

import io
import json
import shutil
import subprocess
import urllib.request

import numpy as np
import pydicom
import pytest
from pynetdicom import AE, AllStoragePresentationContexts, evt
from reportlab.pdfgen.canvas import Canvas

from LCDFusionLib.dicom import read_folder, scan_folder
from LCDFusionLib.dicom.encapsulated_pdf import write_encapsulated_pdf
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality
from LCDFusionLib.pacs import Security, TransferError, connect, fetch, parse_address, send, transfer
from Testing.cli.place import Place, refusal
from Testing.cli.small_study import body, write_series
from Testing.pacs.conftest import BreakingLink
from Testing.ports import free_port


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(transfer, "FIRST_WAIT", 0.01)


def files_of(folder):
    return sorted(folder.rglob("*.dcm"))


def archive(address, **options):
    return connect(parse_address(address), timeout=20, **options)


def pixels(folder):
    return {header.SOPInstanceUID: header.get("PixelData") for header in map(pydicom.dcmread, files_of(folder))}


def test_round_trip_through_orthanc(address, orthanc, result, tmp_path):
    """Original and fused series go out, and come back byte for byte, all of one study of one patient."""
    seen = []
    report = send(archive(address), files_of(result), progress=lambda done, total: seen.append((done, total)))
    assert len(report.arrived) == report.total == 26
    assert seen[-1] == (26, 26)
    (study,) = orthanc.ask("studies")
    facts = orthanc.ask(f"studies/{study}")
    assert facts["PatientMainDicomTags"]["PatientID"] == "P-17"
    assert len(facts["Series"]) == 6

    uid = facts["MainDicomTags"]["StudyInstanceUID"]
    back = fetch(archive(address), uid, tmp_path / "back")
    assert (back.images, back.resumed) == (26, 0)
    assert pixels(tmp_path / "back") == pixels(result)
    series = {s.description: s for s in scan_folder(tmp_path / "back").series}
    for kind in ("gray", "color"):
        (description,) = (name for name in series if f"LCDFusion {kind}" in name)
        assert series[description].is_fused
    again, _ = read_folder(tmp_path / "back", series="CT body")
    before, _ = read_folder(result / "CT")
    np.testing.assert_array_equal(again.array, before.array)
    np.testing.assert_allclose(again.ijk_to_lps, before.ijk_to_lps, rtol=0, atol=1e-9)
    assert not (tmp_path / "back.part").exists()


def test_one_series_is_fetched_alone_and_studies_are_found(address, result, tmp_path):
    send(archive(address), files_of(result))
    (study,) = archive(address).find_studies("P-17", "20250314")
    assert str(study.PatientName) == "Müller^Anna"
    assert archive(address).find_studies("P-18", "") == []
    header = pydicom.dcmread(result / "dicom_gray" / "0001.dcm")
    back = fetch(archive(address), study.StudyInstanceUID, tmp_path / "back", series=header.SeriesInstanceUID)
    assert back.images == 6
    assert pixels(tmp_path / "back") == pixels(result / "dicom_gray")


def through(address, link):
    port = parse_address(address).port
    return address.replace(f":{port}", f":{link.port}")


@pytest.fixture
def breaking(address):
    links = []

    def make(after):
        links.append(BreakingLink(parse_address(address).port, after=after))
        return links[-1]

    yield make
    for link in links:
        link.close()


def test_a_link_that_breaks_for_good_and_a_second_run(address, breaking, orthanc, result, tmp_path):
    """What arrived is told and kept; the same call later sends only the rest."""
    link = breaking(30_000)
    journal, files = tmp_path / "result.sent.json", files_of(result)
    with pytest.raises(TransferError, match=r"of 26 images arrived at PACS, then the link broke .*run the same command again") as caught:
        send(archive(through(address, link)), files, journal=journal, destination="PACS", attempts=3)
    arrived = json.loads(journal.read_text())["PACS"]
    assert 0 < len(arrived) < 26
    assert str(caught.value).startswith(f"{len(arrived)} of 26")
    there = len(orthanc.ask("instances"))
    assert there in (len(arrived), len(arrived) + 1)  # of the last one the answer was cut off
    link.is_broken = False
    sent = []
    report = send(archive(through(address, link)), files, journal=journal, destination="PACS", progress=lambda done, _: sent.append(done))
    assert sent[0] == len(arrived)
    assert len(report.arrived) == 26 == len(orthanc.ask("instances"))


def test_a_link_that_breaks_once_is_made_again(address, breaking, orthanc, result):
    link = breaking(30_000)

    def mend(done, total):
        if link.cuts:
            link.is_broken = False

    report = send(archive(through(address, link)), files_of(result), progress=mend)
    assert link.cuts >= 1
    assert len(report.arrived) == 26 == len(orthanc.ask("instances"))


def test_fetching_goes_on_where_it_broke(address, result, tmp_path):
    """Until all is there nothing bears the folder's name; a second run fetches the rest."""
    send(archive(address), files_of(result))
    study = pydicom.dcmread(files_of(result)[0]).StudyInstanceUID

    class Breaks:
        def __init__(self, inner):
            self.inner = inner

        def find_instances(self, *arguments):
            return self.inner.find_instances(*arguments)

        def get(self, study, instances):
            for number, dataset in enumerate(self.inner.get(study, instances[:5])):
                if number == 4:
                    raise transfer.LinkError("cut")
                yield dataset

    with pytest.raises(TransferError, match=r"4 of 26 images arrived.*back\.part"):
        fetch(Breaks(archive(address)), study, tmp_path / "back", attempts=1)
    assert not (tmp_path / "back").exists()
    assert len(files_of(tmp_path / "back.part")) == 4
    report = fetch(archive(address), study, tmp_path / "back")
    assert (report.images, report.resumed) == (26, 4)
    assert pixels(tmp_path / "back") == pixels(result)


def test_nobody_answers(tmp_path, result):
    for url in (f"dicom://NOBODY@127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}/dicom-web"):
        with pytest.raises(TransferError, match="0 of 6 images arrived"):
            send(archive(url), files_of(result / "CT"), attempts=2)
        with pytest.raises(TransferError, match="does not answer"):
            fetch(archive(url), "1.2.3", tmp_path / "back", attempts=2)


def test_no_such_study(address, tmp_path):
    with pytest.raises(InputError, match=r"no images of study 1\.2\.3"):
        fetch(archive(address), "1.2.3", tmp_path / "back")


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate of the loopback address."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    files = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(files[0]), "-out", str(files[1])]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return files


def test_storescp_takes_every_image(storescp, result):
    port, folder = storescp()
    report = send(archive(f"dicom://ANY@127.0.0.1:{port}"), files_of(result))
    assert len(report.arrived) == 26
    assert {one.SOPInstanceUID: one.get("PixelData") for one in map(pydicom.dcmread, folder.iterdir())} == pixels(result)


def test_tls(storescp, certificate, result):
    """Encrypted to a receiver that is known; an unknown one gets nothing."""
    key, own = certificate
    port, folder = storescp("+tls", str(key), str(own), "--ignore-peer-cert")
    address = f"dicoms://ANY@127.0.0.1:{port}"
    with pytest.raises(TransferError, match="0 of 6 images arrived"):
        send(archive(address), files_of(result / "CT"), attempts=1)
    assert list(folder.iterdir()) == []
    report = send(archive(address, security=Security(authority=own)), files_of(result / "CT"))
    assert len(report.arrived) == 6 == len(list(folder.iterdir()))


@pytest.mark.parametrize(
    "text",
    ["pacs.example.org", "dicom://pacs.example.org:104", "dicom://PACS@pacs.example.org", "dicom://ATITLETHATISTOOLONG@h:1", "ftp://A@h:1"],
)
def test_addresses_that_are_none(text):
    with pytest.raises(InputError, match="is no address of an archive"):
        parse_address(text)


def test_a_password_has_no_place_in_an_address():
    with pytest.raises(InputError, match="must not hold a password") as caught:
        parse_address("https://anna:secret@pacs.example.org/dicom-web")
    assert "secret" not in str(caught.value)


def test_the_commands(address, result, tmp_path):
    place = Place(tmp_path)
    shutil.copytree(result, place.folder / "RESULT")
    sent = place.run("send", "RESULT", address)
    assert sent.returncode == 0, sent.stderr
    assert f"26 of 26 images are at {address}" in sent.stdout
    assert len(json.loads((place.folder / "RESULT.sent.json").read_text())[address]) == 26
    listed = place.run("fetch", address, "--patient", "P-17")
    study = pydicom.dcmread(files_of(result)[0]).StudyInstanceUID
    assert "20250314  P-17  Müller^Anna  PET/CT" in listed.stdout
    assert study in listed.stdout
    fetched = place.run("fetch", address, "--study", study, "-o", "back")
    assert fetched.returncode == 0, fetched.stderr
    assert pixels(place.folder / "back") == pixels(result)
    assert "holds no DICOM files" in refusal(place.run("send", place.temporary, address))
    assert "Name the folder" in refusal(place.run("fetch", address, "--study", study))


@pytest.mark.parametrize(("status", "is_taken"), [(0xB000, True), (0xB006, True), (0xB007, True), (0xA900, None), (0xC000, False)])
def test_what_an_archive_answers_to_c_store(result, status, is_taken):
    """Warnings (PS3.4 B.2.3): the image is there, something in it was changed. No room: not now. Cannot understand: never."""
    (file, *_), stored = files_of(result), []
    entity = AE()
    entity.supported_contexts = AllStoragePresentationContexts
    port = free_port()

    def answer(event):
        stored.append(event.request.AffectedSOPInstanceUID)
        return status

    server = entity.start_server(("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_STORE, answer)])
    try:
        at = archive(f"dicom://ANY@127.0.0.1:{port}")
        if is_taken:
            assert send(at, [file]).arrived == {pydicom.dcmread(file).SOPInstanceUID}
        else:
            with pytest.raises(TransferError, match="out of resources" if is_taken is None else "0xC000"):
                send(at, [file], attempts=2)
    finally:
        server.shutdown()
    assert len(stored) == (2 if is_taken is None else 1)


def test_a_page_to_keep_opens_from_the_archive(address, orthanc, tmp_path):
    """As Orthanc's own page opens a PDF, and as a DICOMweb viewer such as OHIF fetches it: to the byte."""
    _, source = read_folder(write_series(tmp_path / "CT", body(Modality.CT)))
    drawn = io.BytesIO()
    canvas = Canvas(drawn)
    canvas.drawString(72, 700, "Lesion 1")
    canvas.save()
    pdf = drawn.getvalue() + b"\n" * (len(drawn.getvalue()) % 2)
    send(archive(address), files_of(write_encapsulated_pdf(pdf, [source], tmp_path / "page", title="Page to keep")))
    (instance,) = orthanc.ask("instances")
    with urllib.request.urlopen(f"http://127.0.0.1:{orthanc.http_port}/instances/{instance}/pdf", timeout=20) as answer:
        assert answer.read() == pdf
    tags = orthanc.ask(f"instances/{instance}/simplified-tags")
    uids = [tags[name] for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
    at = "dicom-web/studies/{}/series/{}/instances/{}/metadata".format(*uids)
    (metadata,) = orthanc.ask(at)
    assert metadata["00420012"]["Value"] == ["application/pdf"]
    with urllib.request.urlopen(metadata["00420011"]["BulkDataURI"], timeout=20) as answer:
        assert pdf in answer.read()
