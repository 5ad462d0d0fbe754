"""What happens to a panel in a hospital: scenes closed, nodes deleted, modules changed in the middle of everything."""

import os
import time

import numpy as np
import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer
import vtk

from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume, set_voxels, volume_from_node, voxels
from Testing.hosts.saved_scene import save


@pytest.fixture(autouse=True)
def no_exception_is_swallowed(monkeypatch):
    """Qt and VTK print what goes wrong in a slot or an observer and go on; here that fails the test."""
    import sys

    seen = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: seen.append(error))
    monkeypatch.setattr(sys, "unraisablehook", lambda error: seen.append(error.exc_value))
    yield
    assert not seen, seen


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def visible_nodes():
    scene = slicer.mrmlScene
    nodes = [scene.GetNthNodeByClass(n, "vtkMRMLStorableNode") for n in range(scene.GetNumberOfNodesByClass("vtkMRMLStorableNode"))]
    return sorted(n.GetName() for n in nodes if (n.IsA("vtkMRMLVolumeNode") or n.IsA("vtkMRMLTableNode")) and not n.GetHideFromEditors())


def test_scene_closed_while_it_runs(panel):
    panel.ui.fuseButton.click()
    panel.idle(lambda: "done" in panel.ui.statusLabel.text)
    slicer.mrmlScene.Clear(0)
    panel.idle()
    assert not panel.widget.panel.is_fusing
    assert visible_nodes() == []
    assert panel.ui.fuseButton.text == "Fuse"
    assert not panel.ui.fuseButton.enabled
    assert panel.ui.summaryLabel.text == "Choose a CT or MR as anatomy."


@pytest.mark.parametrize("which", ["anatomy", "function", "fusedColor", "metrics"])
def test_a_node_deleted_while_it_runs(panel, pair, which):
    panel.ui.fuseButton.click()
    panel.idle(lambda: panel.widget.logic.session.result is not None)  # prepared beside the main thread
    result = panel.widget.logic.session.result
    node = {"anatomy": pair[0], "function": pair[1], "fusedColor": result.color, "metrics": result.metrics}[which]
    slicer.mrmlScene.RemoveNode(node)
    panel.idle(lambda: not panel.widget.panel.is_fusing)
    panel.idle()
    assert "was deleted" in panel.ui.statusLabel.text
    left = {volume.GetName() for volume in pair if volume is not node}
    assert set(visible_nodes()) == left


@pytest.mark.parametrize("which", [0, 1], ids=["anatomy", "function"])
def test_an_input_deleted_while_it_is_prepared(panel, pair, which):
    panel.ui.fuseButton.click()
    slicer.mrmlScene.RemoveNode(pair[which])
    panel.idle(lambda: not panel.widget.panel.is_fusing)
    panel.idle()
    assert set(visible_nodes()) == {pair[1 - which].GetName()}


def test_a_result_deleted_afterwards(panel):
    panel.fuse()
    slicer.mrmlScene.RemoveNode(panel.parameters.fusedColor)
    panel.idle()
    panel.idle()
    assert panel.widget.panel.fusion.result is None
    assert panel.ui.metricsTable.item(0, 1).text() == ""
    assert not panel.ui.nrrdButton.enabled
    assert panel.ui.fuseButton.enabled


def test_another_module_meanwhile(panel):
    panel.ui.fuseButton.click()
    panel.module.widget.exit()
    panel.idle(lambda: not panel.widget.panel.is_fusing)
    assert panel.widget.panel.fusion.result.is_complete
    panel.module.widget.enter()
    panel.idle()
    assert panel.ui.fuseButton.text == "Fuse"
    assert panel.ui.nrrdButton.enabled


def test_selectors_changed_meanwhile(panel, pair):
    other = node_from_volume(
        slicer.mrmlScene, Volume(voxels(pair[0])[:3].copy(), np.diag([-5.0, -5.0, 5.0, 1.0]), Modality.CT, Unit.HU, "other CT")
    )
    panel.ui.fuseButton.click()
    panel.ui.anatomySelector.setCurrentNode(other)
    assert panel.ui.fuseButton.text == "Cancel"
    panel.idle(lambda: not panel.widget.panel.is_fusing)
    from LCDFusionLib.mrml.result_nodes import find_result

    assert find_result(*pair).is_complete, "what was begun is finished for the pair it was begun for"
    assert panel.parameters.anatomy is other
    panel.ui.anatomySelector.setCurrentNode(None)
    assert panel.ui.summaryLabel.text == "Choose a CT or MR as anatomy."
    assert not panel.ui.fuseButton.enabled


def test_reload_while_it_runs(panel):
    panel.ui.fuseButton.click()
    panel.idle(lambda: panel.widget.logic.session.worker.pid is not None)
    pid = panel.widget.logic.session.worker.pid
    before = panel.widget
    panel.widget.onReload()
    assert panel.widget is not before
    end = time.monotonic() + 10
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(pid), "the process of the old panel is gone"
    assert not any("fused" in name for name in visible_nodes()), "and what it had begun"
    panel.idle()
    panel.fuse()
    assert panel.widget.panel.fusion.result.is_complete


def test_reload_while_it_registers(panel):
    panel.ui.registerButton.click()
    pid = panel.widget.logic.registration.pid
    panel.widget.onReload()
    assert not is_alive(pid)
    assert not panel.widget.logic.registration.is_running


def test_a_dead_worker_is_said_and_replaced(panel):
    import signal

    panel.ui.fuseButton.click()
    # Prepared first: a worker that dies before it has the job is replaced without a word.
    panel.idle(lambda: panel.widget.logic.session.is_running and panel.widget.logic.session.worker.pid is not None)
    os.kill(panel.widget.logic.session.worker.pid, signal.SIGKILL)
    panel.idle(lambda: not panel.widget.panel.is_fusing)
    assert "ended unexpectedly" in panel.ui.statusLabel.text
    panel.fuse()
    assert panel.widget.panel.fusion.result.is_complete


def test_linear_transforms_count(panel, pair):
    moved = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(2, 3, 20.0)
    moved.SetMatrixTransformToParent(matrix)
    pair[0].SetAndObserveTransformNodeID(moved.GetID())
    panel.fuse()
    gray = panel.widget.panel.fusion.result.gray
    assert gray.GetOrigin()[2] == pytest.approx(pair[0].GetOrigin()[2] + 20)
    assert "frame of reference" in panel.widget.panel.fusion.result.gray.GetAttribute("LCDFusion.Notes")


def test_non_linear_transforms_are_refused_in_a_sentence(panel, pair):
    bent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "warp")
    bent.SetAndObserveTransformToParent(vtk.vtkThinPlateSplineTransform())
    pair[1].SetAndObserveTransformNodeID(bent.GetID())
    panel.widget._checkCanApply()
    assert "under the non-linear transform 'warp'" in panel.ui.summaryLabel.text
    assert not panel.ui.fuseButton.enabled


def test_an_oblique_pair_and_one_slice(panel, small_phantom):
    turn = np.deg2rad(20)
    rotation = np.eye(4)
    rotation[1:3, 1:3] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    slicer.mrmlScene.Clear(0)
    volumes = [volume.with_array(volume.array, ijk_to_lps=rotation @ volume.ijk_to_lps) for volume in small_phantom[:2]]
    one = volumes[0].with_array(volumes[0].array[3:4])
    nodes = [node_from_volume(slicer.mrmlScene, volume) for volume in (one, volumes[1])]
    panel.enter()
    assert (panel.parameters.anatomy, panel.parameters.function) == tuple(nodes)
    assert "1 slice of 64x64" in panel.ui.summaryLabel.text
    panel.fuse()
    gray = panel.widget.panel.fusion.result.gray
    np.testing.assert_allclose(
        slicer.util.arrayFromVTKMatrix(ijk_to_ras(gray)), slicer.util.arrayFromVTKMatrix(ijk_to_ras(nodes[0])), atol=1e-9
    )
    assert panel.widget.panel.views.slice == 0
    assert panel.ui.sliceLabel.text == "Slice 1/1"


def ijk_to_ras(node):
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return matrix


def test_different_frames_of_reference_are_warned_of(panel, pair):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMFrameOfReferenceUIDAttributeName()
    hierarchy.SetItemAttribute(hierarchy_item(pair[1]), name, "1.2.3.4")
    panel.widget._checkCanApply()
    assert "different frames of reference" in panel.ui.warningLabel.text
    assert panel.widget.panel.workflow.plan.needs_registration
    assert panel.ui.fuseButton.enabled


def test_partial_overlap_is_said_afterwards(panel, pair):
    pair[1].SetOrigin(*(np.array(pair[1].GetOrigin()) + [0, 0, 25]))
    set_voxels(pair[1], voxels(pair[1])[-20:].copy())
    panel.fuse()
    assert "covers only" in panel.ui.statusLabel.text or "do not overlap" in panel.ui.statusLabel.text


def test_two_patients_are_not_fused_unasked(panel, pair):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study_date = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMStudyDateAttributeName()
    for n, node in enumerate(pair):
        patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), f"patient {n}")
        study = hierarchy.CreateStudyItem(patient, "study")
        hierarchy.SetItemAttribute(study, study_date, f"2025010{n + 1}")
        hierarchy.SetItemParent(hierarchy_item(node), study)
    assert not panel.ui.mismatchCheckBox.visible
    panel.widget._checkCanApply()
    box = panel.ui.mismatchCheckBox
    assert "are of two patients" in panel.ui.summaryLabel.text
    assert (box.visible, box.checked, box.text) == (True, False, "Fuse although these differ: patient id")
    assert not panel.ui.fuseButton.enabled
    assert not panel.ui.registerButton.enabled
    panel.ui.readingButton.click()
    panel.keep_pictures("mismatch")
    box.click()
    assert panel.ui.fuseButton.enabled
    assert "Mismatch, confirmed: they stand under two patients" in panel.ui.warningLabel.text
    assert "The scans are 1 day apart." in panel.ui.warningLabel.text
    panel.enter()
    assert box.checked, "it is remembered for this pair"
    panel.fuse()
    panel.keep_pictures("mismatch-confirmed")
    result = panel.widget.panel.fusion.result
    assert result.mismatches == ("they stand under two patients in the scene",)
    assert "Mismatch, confirmed" in panel.ui.statusLabel.text
    notices = [texts.notice_text for texts in panel.widget.panel.views._annotations.values()]
    assert any("MISMATCH OF THE INPUTS, CONFIRMED" in notice for notice in notices)
    box.click()
    assert not panel.ui.fuseButton.enabled
    with pytest.raises(Exception, match="are of two patients"):  # a reload in another test makes the class anew
        panel.widget.logic.fuse(*pair)


def test_a_confirmation_does_not_go_over_to_another_pair(panel, pair):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    other = node_from_volume(slicer.mrmlScene, volume_from_node(pair[0]))
    for node in (*pair, other):
        patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), node.GetName())
        hierarchy.SetItemParent(hierarchy_item(node), hierarchy.CreateStudyItem(patient, "study"))
    panel.widget._checkCanApply()
    panel.ui.mismatchCheckBox.click()
    assert panel.ui.fuseButton.enabled
    panel.ui.anatomySelector.setCurrentNode(other)
    assert panel.ui.mismatchCheckBox.visible
    assert not panel.ui.mismatchCheckBox.checked
    assert not panel.ui.fuseButton.enabled


def test_a_fused_image_is_no_input(panel, pair):
    panel.fuse()
    panel.ui.anatomySelector.setCurrentNode(panel.parameters.fusedGray)
    assert "is a fused image, not an original" in panel.ui.summaryLabel.text


def test_a_saved_scene_brings_the_panel_back(panel, tmp_path):
    panel.fuse()
    panel.ui.functionUpperSpinBox.value = 7.0
    panel.ui.keySliceButton.click()
    scene = slicer.mrmlScene
    save(scene, tmp_path)
    metrics = panel.widget.panel.fusion.result.slice_metrics(4)
    marked = list(panel.widget.panel.export.state.key_slices)
    assert len(marked) == 1

    scene.Clear(0)
    panel.idle()
    assert panel.widget.panel.fusion.result is None
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Connect()
    panel.idle()
    panel.enter()
    assert panel.ui.functionUpperSpinBox.value == 7.0
    assert list(panel.widget.panel.export.state.key_slices) == marked
    result = panel.widget.panel.fusion.result
    assert result.is_complete
    assert result.slice_metrics(4)[0]["QABF"] == pytest.approx(metrics[0]["QABF"])
    assert panel.parameters.metrics is result.metrics
    assert scene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") <= 1
