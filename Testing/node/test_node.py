"""A node beside a real Orthanc: studies are fused by themselves, once, and only where it is safe."""

import errno
import io
import shutil
import urllib.request
from concurrent.futures import Future
from dataclasses import replace

import pydicom
import pytest

from LCDFusionLib.dicom.instance import new_uid
from LCDFusionLib.errors import InputError
from LCDFusionLib.node import Node, status_of
from LCDFusionLib.node.orthanc_log import OrthancLog
from LCDFusionLib.node.steps import NoRoomError
from LCDFusionLib.pacs import LinkError
from Testing.cli.small_study import PATIENT, STUDY
from Testing.node.conftest import descriptions, fused_series, push, write_study
from Testing.node.running import settings_for
from Testing.pacs.conftest import Orthanc


@pytest.mark.parametrize("way", ["rest", "web"])
def test_a_study_becomes_a_fused_series_once(orthanc, node, state, tmp_path, way):
    """By Orthanc's log, and by asking alone; what the node itself stored starts nothing."""
    study = write_study(tmp_path, "A")
    push(orthanc, tmp_path / "A")
    assert node(getattr(orthanc, way)) == 0
    ((patient, series, images),) = fused_series(orthanc)
    assert (patient, images) == ("A", 3)
    made = {entry["MainDicomTags"]["SOPInstanceUID"] for entry in orthanc.ask("instances?expand")}
    assert {sop for (sop,) in state.rows("SELECT sop FROM delivery")} < made
    status = status_of(state)
    assert status["ended"] == {"sent": 1, "left out": 0, "failed": 0, "superseded": 0, "unchanged": 0}
    assert node(getattr(orthanc, way)) == 0
    assert [name for _, name, _ in fused_series(orthanc)] == [series]
    (place,) = orthanc.ask("studies")
    assert orthanc.ask(f"studies/{place}")["MainDicomTags"]["StudyInstanceUID"] == study
    assert not list((tmp_path / "state" / "work").iterdir())


def test_kills_between_and_before_the_writings_of_the_state_make_no_second_result(orthanc, node, state, tmp_path):
    """kill -9 of each life of the node a writing later than of the one before, by turns before and after it is kept."""
    write_study(tmp_path, "A")
    push(orthanc, tmp_path / "A")
    lives = 0
    while (code := node(orthanc.rest, kill_at=2 + lives)) == -9:
        lives += 1
        assert lives < 30
    assert code == 0
    ((_, _, images),) = fused_series(orthanc)
    assert images == 3
    assert set(descriptions(orthanc).values()) == {1}
    assert lives > 4


def file_of(server, description):
    """The first image of a series as Orthanc gives it."""
    for series in server.ask("series?expand"):
        if series["MainDicomTags"].get("SeriesDescription", "").startswith(description):
            address = f"http://127.0.0.1:{server.http_port}/instances/{series['Instances'][0]}/file"
            with urllib.request.urlopen(address, timeout=20) as answer:
                return pydicom.dcmread(io.BytesIO(answer.read()))
    raise AssertionError(f"no series {description}")


def test_more_images_are_fused_anew_and_the_earlier_result_is_marked(orthanc, node, state, tmp_path):
    """The last slice of the CT comes late. A dose report after that changes nothing."""
    write_study(tmp_path, "A")
    late = tmp_path / "late"
    late.mkdir()
    last = max((tmp_path / "A" / "CT").iterdir())
    last.rename(late / last.name)
    push(orthanc, tmp_path / "A")
    assert node(orthanc.rest) == 0
    ((_, earlier, images),) = fused_series(orthanc)
    assert images == 2
    earlier_objects = {sop for (sop,) in state.rows("SELECT sop FROM object")}

    push(orthanc, late)
    assert node(orthanc.rest) == 0
    by_series = {series: images for _, series, images in fused_series(orthanc)}
    assert by_series.pop(earlier) == 2
    assert list(by_series.values()) == [3]
    note = file_of(orthanc, "(LCDFusion earlier result superseded)")
    assert note.ConceptNameCodeSequence[0].CodeValue == "113001"  # Rejected for Quality Reasons, IHE Image Object Change Management
    named = {item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in note.ContentSequence[1:]}
    assert named == earlier_objects
    (study,) = note.CurrentRequestedProcedureEvidenceSequence
    listed = {ref.ReferencedSOPInstanceUID for series in study.ReferencedSeriesSequence for ref in series.ReferencedSOPSequence}
    assert listed == earlier_objects
    assert status_of(state)["ended"]["superseded"] == 1

    report = pydicom.dcmread(last if last.exists() else late / last.name)
    report.Modality, report.SOPInstanceUID, report.SeriesInstanceUID = "OT", new_uid(), new_uid()
    report.file_meta.MediaStorageSOPInstanceUID = report.SOPInstanceUID
    (tmp_path / "report").mkdir()
    report.save_as(tmp_path / "report" / "report.dcm")
    push(orthanc, tmp_path / "report")
    assert node(orthanc.rest) == 0
    assert len(fused_series(orthanc)) == 2


def test_what_is_not_safe_is_left_out(orthanc, node, state, tmp_path):
    """Two patients in one study, two sexes, no SUV, two PETs alike: none is fused, and each says why."""
    study, other = replace(STUDY, uid=str(new_uid())), replace(PATIENT, id="other", name="Other^Eva", sex="M")
    write_study(tmp_path, "two-patients", study=study, patient=other)
    for file in (tmp_path / "two-patients" / "CT").iterdir():
        header = pydicom.dcmread(file)
        header.StudyInstanceUID = study.uid
        header.save_as(file)
    write_study(tmp_path, "no-suv")
    for file in (tmp_path / "no-suv" / "PT").iterdir():
        header = pydicom.dcmread(file)
        del header.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose
        header.save_as(file)
    write_study(tmp_path, "alike")
    (tmp_path / "alike" / "again").mkdir()
    second = new_uid()
    for file in (tmp_path / "alike" / "PT").iterdir():
        header = pydicom.dcmread(file)
        header.SeriesInstanceUID, header.SOPInstanceUID = second, new_uid()
        header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
        header.save_as(tmp_path / "alike" / "again" / file.name)
    write_study(tmp_path, "other-sex")
    for file in (tmp_path / "other-sex" / "PT").iterdir():
        header = pydicom.dcmread(file)
        header.PatientSex = "M"
        header.save_as(file)
    push(orthanc, *(tmp_path / name for name in ("two-patients", "no-suv", "alike", "other-sex")))
    assert node(orthanc.rest) == 0
    assert fused_series(orthanc) == []
    status = status_of(state)
    assert status["ended"]["left out"] == 4
    reasons = " | ".join(sorted(trouble["reason"] for trouble in status["troubles"]))
    for words in ("2 patients", "no SUV", "not sure which function", "do not agree"):
        assert words in reasons
    assert not list((tmp_path / "state" / "work").iterdir())


def test_what_was_wrong_with_fewer_images_is_over(state):
    """The CT came, was left out for want of a PET, and then the PET came."""
    for ended in ("left out", "sent"):
        state.take("1.2")
        (revision,) = state.due(besides=())
        state.advance(revision.number, "fetched", content=ended)
        state.advance(revision.number, ended, reason="no PET" * (ended == "left out"))
    status = status_of(state)
    assert (status["ended"]["sent"], status["ended"]["left out"], status["troubles"]) == (1, 0, [])


def fail(node, state, study, error):
    """How often a step of a planned study fails so until the study is given up; None: not in 50 times."""
    state.take(study)
    (number,) = (revision.number for revision in state.due(besides=()) if revision.study == study)
    state.advance(number, "planned")
    for times in range(1, 51):
        future = Future()
        future.set_exception(error)
        node._finish(number, future)
        if state.revision(number).state == "failed":
            return times
    return None


def raised_from(error, cause):
    try:
        raise error from cause
    except type(error) as raised:
        return raised


def test_only_what_is_wrong_with_a_study_ends_it(state):
    """A link or a disk may be as it was tomorrow."""
    node = Node(state, None, settings_for("orthanc://127.0.0.1:1", ""), None)
    assert fail(node, state, "1.1", InputError("The PET is empty.")) == 1
    assert fail(node, state, "1.2", KeyError("of our own")) == 5
    full = OSError(errno.ENOSPC, "No space left on device")
    passing = (LinkError("broken"), full, raised_from(InputError("The disk is full."), full), NoRoomError("The disk is full."))
    assert [fail(node, state, f"2.{n}", error) for n, error in enumerate(passing)] == [None] * 4


@pytest.fixture
def slow_orthanc(tmp_path):
    """One that would wait for further images for an hour."""
    if shutil.which("Orthanc") is None:
        pytest.skip("Orthanc is not installed (Debian packages orthanc, orthanc-dicomweb)")
    (tmp_path / "orthanc").mkdir()
    server = Orthanc(tmp_path / "orthanc", stable_age=3600)
    yield server
    server.stop()


def test_a_study_whose_end_orthanc_forgot_is_taken(slow_orthanc, state, tmp_path):
    """Killed while studies arrive, Orthanc calls them stable at once, and never announces them. A queue that is full takes no more."""
    log = OrthancLog(settings_for(slow_orthanc.rest, "", settle=0.0, queue=1))
    log.begin(state, everything=False)
    studies = set()
    for letter in "AB":
        studies.add(write_study(tmp_path, letter))
        push(slow_orthanc, tmp_path / letter)
    log.look(state)
    assert state.open_count() == 0
    slow_orthanc.process.kill()
    slow_orthanc.process.wait()
    slow_orthanc.start()
    taken = set()
    for _ in studies:
        log.look(state)
        log.look(state)
        (revision,) = state.due(besides=())
        taken.add(revision.study)
        state.advance(revision.number, "sent")
    assert taken == studies
    assert "StableStudy" not in {change["ChangeType"] for change in slow_orthanc.ask("changes?since=0&limit=1000")["Changes"]}
