"""A PET that is a sequence: Slicer's own Sequences logic puts the frame on show into its node."""

import numpy as np
import pytest

pytest.importorskip("slicer")

import slicer

from LCDFusionLib.images.volume import Modality, Unit, Volume
from LCDFusionLib.mrml.inputs import read_pair
from LCDFusionLib.mrml.made_with import MadeWith
from LCDFusionLib.mrml.nodes import node_from_volume
from LCDFusionLib.mrml.sequences import frame_text


@pytest.fixture
def dynamic(application):
    """CT, PET with three frames of 1, 2 and 3 SUV, and what goes to a frame."""
    scene, logic = application.scene, slicer.vtkSlicerSequencesLogic()
    logic.SetMRMLScene(scene)
    place = np.diag([-2.0, -2.0, 4.0, 1.0])
    ct = node_from_volume(scene, Volume(np.arange(64, dtype=np.int16).reshape(4, 4, 4), place, Modality.CT, Unit.HU, "CT"))
    sequence, browser = (scene.AddNewNodeByClass(f"vtkMRMLSequence{kind}Node") for kind in ("", "Browser"))
    sequence.SetIndexName("time")
    sequence.SetIndexUnit("s")
    for number in range(3):
        frame = node_from_volume(scene, Volume(np.full((4, 4, 4), number + 1.0, np.float32), place, Modality.PET, Unit.SUVBW, "PET"))
        sequence.SetDataNodeAtValue(frame, str(60 * number))
        scene.RemoveNode(frame)
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    pet = browser.GetProxyNode(sequence) or browser.AddProxyNode(sequence.GetNthDataNode(0), sequence)

    def go_to(number):
        browser.SetSelectedItemNumber(number)
        logic.UpdateProxyNodesFromSequences(browser)
        return browser.GetProxyNode(sequence)

    return ct, pet, go_to


def test_the_frame_on_show_is_read_and_named(dynamic):
    ct, _pet, go_to = dynamic
    assert frame_text(ct) == ""
    for number, value in ((1, 2.0), (2, 3.0), (0, 1.0)):
        pet = go_to(number)
        assert frame_text(pet) == f"frame {number + 1} of 3 (time {60 * number} s)"
        _anatomy, function, notes = read_pair(ct, pet, modality=Modality.CT, unit=Unit.SUVBW)
        assert function.array.max() == value
        assert f"'{pet.GetName()}' is a sequence: this is frame {number + 1} of 3 (time {60 * number} s)." in notes


def test_what_was_made_of_another_frame_says_so(dynamic):
    from LCDFusionLib.fusion import FusionSettings

    ct, _pet, go_to = dynamic
    made = []
    for number in (0, 1):
        anatomy, function, _ = read_pair(ct, go_to(number), modality=Modality.CT, unit=Unit.SUVBW)
        made.append(MadeWith.of(anatomy, function, FusionSettings()))
    assert made[0].frames == "function frame 1 of 3 (time 0 s)"
    assert made[0].differences(made[1]) == ["frame"]
    text = made[0].to_text()
    assert MadeWith.from_text(text) == made[0]
    assert MadeWith.from_text(text.replace(', "frames": "function frame 1 of 3 (time 0 s)"', "")).frames == "", "of an earlier version"
