"""A part of the slices, by numbers or by an ROI: the same slices as in a whole fusion, and nothing that says it were one."""

import csv
from concurrent.futures import Future
from datetime import datetime

import numpy as np
import pydicom
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.dicom import Patient, Study, read_folder, write_original_series  # noqa: E402
from LCDFusionLib.mrml.dicom_nodes import node_from_series  # noqa: E402
from LCDFusionLib.mrml.nodes import voxels  # noqa: E402
from LCDFusionLib.panel.export import ExportKind  # noqa: E402
from LCDFusionLib.views import layouts  # noqa: E402
from Testing.panel.conftest import volumes  # noqa: E402


@pytest.fixture
def pair(host, load):
    nodes = load(volumes())
    host.set(anatomy=nodes[0], function=nodes[1])
    return nodes


def test_the_slices_are_those_of_a_whole_fusion_and_say_that_they_are_a_part(host, pair, tmp_path):
    panel = host.panel
    host.set(first_slice=3, last_slice=5)
    assert "slices 3 to 5 of 8, 32x32" in panel.inputs.state.plan
    panel.views.slice = 3
    host.fuse()
    part = panel.fusion.result
    assert panel.fusion.state.status.startswith("3 slices fused")
    assert voxels(part.gray).shape == (3, 32, 32)
    assert "slices 3 to 5 of 8" in part.gray.GetName()
    assert "slices 3 to 5 of 8" in host.title(layouts.FUSED)
    assert panel.metrics.state.title == "Slice 4"
    panel.views.slice = 6
    assert panel.fusion.result is None, "it has no such slice"
    panel.views.slice = 4
    panel.metrics.go_to_row(0)
    assert panel.views.slice == 2
    (path,) = (path for step in panel.export.steps(ExportKind.METRICS, tmp_path) for path in step())
    assert [row["slice"] for row in csv.DictReader(path.open())] == ["3", "4", "5", "mean", "SD"]
    gray, color = voxels(part.gray).copy(), voxels(part.color).copy()
    lies = part.gray.GetOrigin()

    host.set(first_slice=0, last_slice=0)
    host.fuse()
    whole = panel.whole.nodes
    assert part.gray.GetScene() is None, "all of it is in the whole one"
    np.testing.assert_allclose(voxels(whole.gray)[2:5], gray, atol=1e-6)
    np.testing.assert_allclose(voxels(whole.color)[2:5].astype(int), color, atol=1)
    assert np.array(lies)[2] == pytest.approx(whole.gray.GetOrigin()[2] + 2 * 8.0)

    host.set(first_slice=1, last_slice=2)
    host.fuse()
    assert whole.gray.GetScene() is not None, "a part takes no whole result away"
    panel.views.slice = 7
    assert panel.fusion.result.gray is whole.gray


def test_an_roi_chooses_slices_moves_them_and_goes_with_the_pair(host, pair, load):
    pair[0].GetScene().RegisterNodeClass(slicer.vtkMRMLMarkupsROINode())
    roi = pair[0].GetScene().AddNewNodeByClass("vtkMRMLMarkupsROINode", "lesion")
    roi.SetXYZ(0, 0, 24)
    roi.SetSize(20, 20, 18)  # planes at 16, 24 and 32 mm
    host.set(roi=roi)
    assert "slices 3 to 5 of 8" in host.panel.inputs.state.plan
    roi.SetXYZ(0, 0, 48)
    host.settle()
    assert "slices 6 to 8 of 8" in host.panel.inputs.state.plan
    host.set(last_slice=6)
    assert "slice 6 of 8" in host.panel.inputs.state.plan
    host.set(last_slice=4)
    assert host.panel.inputs.state.problem.startswith("The ROI 'lesion' meets slices 6 to 8, none of those from 1 to 4")
    assert not host.panel.fusion.state.can_fuse
    other = load(volumes(name=" of another day"))
    host.set(anatomy=other[0], function=other[1])
    assert (host.chosen.roi, host.chosen.last_slice) == (None, 0)
    assert "8 slices of 32x32" in host.panel.inputs.state.plan


@pytest.mark.parametrize(("first", "last"), [(5, 3), (9, 0)])
def test_slices_that_are_not_there_are_refused(host, pair, first, last):
    host.set(first_slice=first, last_slice=last)
    assert "choose others" in host.panel.inputs.state.problem
    assert not host.panel.fusion.state.can_fuse


def test_a_part_becomes_a_dicom_series_of_its_slices(host, application, monkeypatch, tmp_path):
    scanned = datetime(2025, 3, 14, 10, 30)
    ct, pet = volumes()
    folder = write_original_series(
        ct, tmp_path / "CT", series_number=1, patient=Patient(name="A^B", id="1"), study=Study("2.25.9", scanned, ""), acquired=scanned
    )
    volume, source = read_folder(folder)
    anatomy = node_from_series(application.scene, volume, source)
    from LCDFusionLib.mrml.nodes import node_from_volume

    function = node_from_volume(application.scene, pet)
    files = {str(header.SOPInstanceUID): str(file) for header, file in zip(source.headers, source.files, strict=True)}
    monkeypatch.setattr(host, "find_file", lambda uid: files.get(uid, ""))
    host.panel.workflow._find_file = host.find_file
    host.set(anatomy=anatomy, function=function, first_slice=4, last_slice=6)
    host.fuse()
    written = [path for step in host.panel.export.steps(ExportKind.DICOM, tmp_path / "out") for path in step()]
    gray = sorted((pydicom.dcmread(file) for file in written[-1].iterdir()), key=lambda image: image.ImagePositionPatient[2])
    assert [float(image.ImagePositionPatient[2]) for image in gray] == [24.0, 32.0, 40.0]
    sources = [image.SourceImageSequence[0].ReferencedSOPInstanceUID for image in gray]
    by_place = {float(header.ImagePositionPatient[2]): header.SOPInstanceUID for header in source.headers}
    assert sources == [by_place[z] for z in (24.0, 32.0, 40.0)]


@pytest.fixture
def submitted(host, monkeypatch):
    """What the panel wants to have read beside it, in place of its being read: futures, and what gives their results."""
    from LCDFusionLib.mrml import inputs

    monkeypatch.setattr(inputs, "_QUICK_VOXELS", 0)
    submitted = []

    class Executor:
        def submit(self, call):
            submitted.append((Future(), call))
            return submitted[-1][0]

    host.panel.workflow._reading._executor = Executor()
    return submitted


def test_a_large_pair_is_awaited_and_another_choice_lets_it_go(host, load, submitted, monkeypatch):
    first, second = load(volumes()), load(volumes(name=" 2"))
    host.set(anatomy=first[0], function=first[1])
    assert host.panel.is_busy
    assert host.panel.inputs.state.problem == "Reading 'PET'"
    assert host.panel.review.state.word == "Reading 'PET'"
    assert (host.panel.fusion.state.label, host.panel.fusion.state.can_preview) == ("Cancel", False)
    assert not host.panel.registration.state.can_register
    host.panel.fusion.fuse_chosen()
    host.set(anatomy=second[0], function=second[1])
    assert submitted[0][0].cancelled()
    assert host.panel.inputs.state.problem == "Reading 'PET 2'"
    begun = []
    monkeypatch.setattr(host, "may_compute", lambda: bool(begun.append(host.chosen.pair)))
    future, call = submitted[1]
    future.set_result(call())
    host.settle()
    assert not host.panel.is_busy
    assert "PET SUV 0-10" in host.panel.inputs.state.plan
    assert begun == [tuple(second)], "what was asked for before is done now, once"
    voxels(second[1])[:] *= 2
    second[1].GetImageData().Modified()
    host.settle()
    assert host.panel.inputs.state.plan, "the same pair stays on show while it is read again"
    assert host.panel.fusion.state.label == "Cancel"
    future, call = submitted[2]
    future.set_result(call())
    host.settle()
    assert host.panel.workflow.function.range[1] == pytest.approx(float(voxels(second[1]).max()))
    assert host.panel.fusion.state.can_fuse


def test_reading_can_be_cancelled_and_is_not_begun_again_until_it_is_wanted(host, load, submitted, monkeypatch):
    pair, begun = load(volumes()), []
    monkeypatch.setattr(host, "may_compute", lambda: bool(begun.append(host.chosen.pair)))
    host.set(anatomy=pair[0], function=pair[1])
    assert host.panel.fusion.state.tip == "Stop: Reading 'PET'"
    host.panel.fusion.fuse()
    host.settle()
    assert submitted[0][0].cancelled()
    assert not host.panel.is_busy
    assert host.panel.inputs.state.problem == "Reading 'PET' was cancelled; click Fuse to read and fuse it."
    host.set(opacity=0.3)
    assert len(submitted) == 1, "it stays cancelled"
    assert (host.panel.fusion.state.label, host.panel.fusion.state.can_fuse) == ("Fuse", True)
    host.panel.fusion.fuse()
    host.settle()
    future, call = submitted[1]
    future.set_result(call())
    host.settle()
    assert "PET SUV 0-10" in host.panel.inputs.state.plan
    assert begun == [tuple(pair)]


def test_slices_that_come_all_at_once_are_put_into_the_scene_one_after_another(host, pair, monkeypatch):
    from LCDFusionLib.mrml import fusing

    monkeypatch.setattr(fusing, "TICK_S", 0)
    host.panel.fusion.fuse()
    done = []
    host.until(lambda: done.append(host.panel.fusion.state.done) or not host.panel.fusion.is_busy)
    assert max(np.diff(done)) == 1
    assert host.panel.fusion.result.is_complete
