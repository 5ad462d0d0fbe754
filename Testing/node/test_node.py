"""A node beside a real Orthanc: studies are fused by themselves, once, and only where it is safe."""

import shutil

import pydicom
import pytest

from LCDFusionLib.node import status_of
from Testing.node.conftest import descriptions, fused_series, push, write_study


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


def test_a_kill_after_every_writing_of_the_state_makes_no_second_result(orthanc, node, state, tmp_path):
    """kill -9 before the first writing is kept, then after it, before the next one, ...: each life of the node goes two steps further."""
    write_study(tmp_path, "A")
    push(orthanc, tmp_path / "A")
    lives = 0
    while (code := node(orthanc.rest, kill_at=2 + lives % 2)) == -9:
        lives += 1
        assert lives < 60
    assert code == 0
    ((_, _, images),) = fused_series(orthanc)
    assert images == 3
    assert set(descriptions(orthanc).values()) == {1}
    assert lives > 15
