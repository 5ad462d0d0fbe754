"""Register, Cancel and Undo registration by clicking, on a head whose PET was moved by a known way."""

import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer

from LCDFusionLib.images.volume import LPS_TO_RAS
from LCDFusionLib.mrml.nodes import hierarchy_item, ijk_to_ras, node_from_volume, voxels
from LCDFusionLib.mrml.transforms import registration_of, transform_node

PICTURES = Path(__file__).resolve().parents[2] / "build" / "host-pictures"
SHIFT = np.eye(4)
SHIFT[:3, 3] = [6.0, -8.0, 5.0]


@pytest.fixture(scope="module")
def head():
    """MR at a quarter of its resolution, and PET."""
    from Testing.kept_phantoms import head

    phantom = head()
    matrix = phantom.anatomy.ijk_to_lps.copy()
    matrix[:3, :2] *= 4
    return phantom.anatomy.with_array(np.ascontiguousarray(phantom.anatomy.array[:, ::4, ::4]), ijk_to_lps=matrix), phantom.function


@pytest.fixture
def moved(scene, open_panel, head):
    """The panel with MR and the moved PET, which says that it has another frame of reference."""
    mr, pet = head
    nodes = [node_from_volume(scene, mr), node_from_volume(scene, pet.with_array(pet.array, ijk_to_lps=SHIFT @ pet.ijk_to_lps))]
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMFrameOfReferenceUIDAttributeName()
    for n, node in enumerate(nodes):
        hierarchy.SetItemAttribute(hierarchy_item(node), name, f"1.2.3.{n}")
    open_panel.enter()
    open_panel.parameters.anatomy, open_panel.parameters.function = nodes
    open_panel.idle()
    return open_panel, *nodes


def register(panel):
    panel.ui.registerButton.click()
    panel.idle(lambda: not panel.widget.logic.registration.is_running)
    panel.idle()


def transforms():
    """Of registrations; the module's views have one of their own."""
    scene, kind = slicer.mrmlScene, "vtkMRMLLinearTransformNode"
    nodes = (scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind)))
    return sum(node.GetName().endswith(", rigid") for node in nodes)


def keep_picture(panel, name):
    for _ in range(20):
        panel.idle()
    PICTURES.mkdir(parents=True, exist_ok=True)
    panel.module.widget.grab().save(str(PICTURES / f"{name}-panel.png"))


def error_mm(node, head):
    """How far the middle of the head is from where it was before it was moved."""
    middle = [*(np.array(head[1].shape[::-1]) / 2), 1]
    return np.linalg.norm((LPS_TO_RAS @ ijk_to_ras(node) @ middle - head[1].ijk_to_lps @ middle)[:3])


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_known_shift_comes_back_and_is_undone(moved, head):
    panel, _, pet = moved
    ui, original = panel.ui, voxels(pet).copy()
    assert "different frames of reference" in ui.warningLabel.text
    assert "bold" in ui.registerButton.styleSheet
    assert error_mm(pet, head) == pytest.approx(np.linalg.norm(SHIFT[:3, 3]))
    texts = []
    ui.registerButton.click()
    assert ui.registerButton.text == "Cancel"
    assert not ui.fuseButton.enabled
    panel.idle(lambda: texts.append(ui.registrationLabel.text) or not panel.widget.logic.registration.is_running)
    panel.idle()
    assert len({text for text in texts if text.startswith("Registering, ")}) > 3, "it says how far it is"
    assert error_mm(pet, head) < 1.0
    assert registration_of(pet).GetName() == f"{pet.GetName()} to {head[0].name}, rigid"
    assert "Registered rigidly" in ui.registrationLabel.text
    assert "7 of 7 starts agree" in ui.registrationLabel.text
    assert "different frames" not in ui.warningLabel.text
    assert ui.fuseButton.enabled
    np.testing.assert_array_equal(voxels(pet), original)
    keep_picture(panel, "registered")
    ui.undoRegistrationButton.click()
    assert error_mm(pet, head) == pytest.approx(np.linalg.norm(SHIFT[:3, 3]))
    assert transforms() == 0
    assert ui.registrationLabel.text == ""
    assert not ui.undoRegistrationButton.enabled
    assert "different frames of reference" in ui.warningLabel.text
    keep_picture(panel, "to-register")


def test_it_goes_on_top_of_what_the_person_did(moved, head):
    panel, _, pet = moved
    turn = np.deg2rad(8)
    by_hand = np.eye(4)
    by_hand[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    hand = transform_node(slicer.mrmlScene, by_hand, name="by hand")
    pet.SetAndObserveTransformNodeID(hand.GetID())
    before = error_mm(pet, head)
    panel.widget._checkCanApply()
    register(panel)
    assert error_mm(pet, head) < 1.0
    assert registration_of(pet).GetParentTransformNode() is hand
    panel.ui.previewButton.click()
    panel.idle(lambda: not panel.widget.panel.is_fusing)
    assert "Registered rigidly" in panel.widget.panel.fusion.result.gray.GetAttribute("LCDFusion.Notes")
    panel.ui.undoRegistrationButton.click()
    assert pet.GetParentTransformNode() is hand
    assert error_mm(pet, head) == pytest.approx(before)


def test_cancel_is_at_once_and_moves_nothing(moved):
    panel, _, pet = moved
    panel.ui.registerButton.click()
    panel.idle(lambda: "%" in panel.ui.registrationLabel.text)
    pid = panel.widget.logic.registration.pid
    panel.ui.registerButton.click()
    assert not is_alive(pid)
    assert not panel.widget.logic.registration.is_running
    assert panel.ui.registrationLabel.text == "Cancelled; nothing was moved."
    assert panel.ui.registerButton.text == "Register"
    assert transforms() == 0
    assert pet.GetParentTransformNode() is None


def test_a_pair_that_cannot_be_aligned_is_called_so(moved):
    panel, _, pet = moved
    voxels(pet)[:] = np.random.default_rng(3).random(voxels(pet).shape, dtype=np.float32)
    register(panel)
    assert "cannot be aligned with confidence" in panel.ui.registrationLabel.text
    assert transforms() == 0
    assert not panel.ui.undoRegistrationButton.enabled


@pytest.mark.parametrize("trouble", ["close", "delete", "moved"])
def test_no_process_outlives_its_scene(moved, trouble):
    panel, mr, pet = moved
    panel.ui.registerButton.click()
    pid = panel.widget.logic.registration.pid
    if trouble == "close":
        slicer.mrmlScene.Clear(0)
    elif trouble == "delete":
        slicer.mrmlScene.RemoveNode(pet)
    else:
        mr.SetOrigin(0, 0, 0)
    panel.idle(lambda: not panel.widget.logic.registration.is_running)
    panel.idle()
    assert not is_alive(pid)
    assert transforms() == 0
    said = {"delete": "was deleted", "moved": "was moved while it was registered"}
    assert said.get(trouble, "") in panel.ui.registrationLabel.text
