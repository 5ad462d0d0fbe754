"""A right click on a volume in Slicer's Data module; what is remembered for the next scene."""

import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer

from LCDFusionLib.mrml.nodes import hierarchy_item
from LCDFusionLib.panel.choices import ColorTableChoice, Device
from LCDFusionLib.views.choices import Arrangement
from Testing.hosts.saved_scene import save

FUSE = "Fuse with LCD Fusion"


@pytest.fixture
def right_click(host, module):
    """The menu on some nodes' items."""
    slicer.app.startupCompleted.emit()
    handler = slicer.qSlicerSubjectHierarchyPluginHandler.instance()
    return lambda *nodes: handler.right_click(*map(hierarchy_item, nodes))


@pytest.mark.parametrize("which", [[0], [1], [1, 0]], ids=["CT", "PET", "both"])
def test_a_volume_is_fused_with_its_partner(panel, pair, right_click, which, monkeypatch):
    panel.module.widget.exit()
    panel.parameters.anatomy = panel.parameters.function = None
    begun = []
    monkeypatch.setattr(panel.widget.panel.host, "may_compute", lambda: bool(begun.append(panel.widget.panel.choices.pair)))
    right_click(*(pair[n] for n in which))[FUSE].trigger()
    assert panel.module.widget.isEntered
    panel.idle(lambda: begun)
    assert begun == [pair]
    panel.idle()
    assert begun == [pair], "once"


def test_without_a_partner_the_panel_says_what_is_missing(panel, pair, right_click):
    slicer.mrmlScene.RemoveNode(pair[0])
    right_click(pair[1])[FUSE].trigger()
    panel.idle()
    assert (panel.parameters.anatomy, panel.parameters.function) == (None, pair[1])
    assert panel.ui.summaryLabel.text == "Choose a CT or MR as anatomy."
    assert not panel.widget.panel.is_fusing


def test_what_cannot_be_fused_has_no_such_line(fused_panel, right_click):
    result = fused_panel.widget.panel.fusion.result
    for node in (result.gray, result.color, result.metrics, slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")):
        assert FUSE not in right_click(node)
    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    assert FUSE not in right_click(empty)
    assert FUSE in right_click(fused_panel.parameters.anatomy, result.gray)


def test_the_next_scene_is_as_the_person_has_it(panel, tmp_path):
    panel.ui.fourUpButton.click()
    panel.choose(panel.ui.tableComboBox, "Hot iron")
    panel.choose(panel.ui.deviceComboBox, "CPU")
    panel.choose(panel.ui.windowComboBox, "Lung (1400/-700)")
    panel.parameters.exportFolder = tmp_path
    panel.idle()
    slicer.mrmlScene.Clear(0)
    panel.enter()
    chosen = panel.parameters
    assert (chosen.arrangement, chosen.table, chosen.device) == (Arrangement.FOUR_UP, ColorTableChoice.HOT_IRON, Device.CPU)
    assert chosen.exportFolder == tmp_path
    assert chosen.window.value == "default", "what belongs to the pair is not remembered"


def test_what_is_of_no_use_any_more_is_not_taken(panel, tmp_path):
    for name, value in (("exportFolder", tmp_path / "gone"), ("device", "abacus"), ("table", "")):
        slicer.app.userSettings().setValue(f"LCDFusion/{name}", str(value))
    slicer.mrmlScene.Clear(0)
    panel.enter()
    assert panel.parameters.exportFolder.is_dir()
    assert panel.parameters.device is Device.AUTO


def test_a_scene_that_is_loaded_brings_its_own_and_changes_no_habit(panel, tmp_path):
    panel.choose(panel.ui.tableComboBox, "Hot iron")
    save(slicer.mrmlScene, tmp_path)
    slicer.mrmlScene.Clear(0)
    panel.enter()
    panel.choose(panel.ui.tableComboBox, "Rainbow")
    slicer.mrmlScene.SetURL(str(tmp_path / "scene.mrml"))
    assert slicer.mrmlScene.Connect()
    panel.enter()
    panel.idle()
    assert panel.parameters.table is ColorTableChoice.HOT_IRON
    assert slicer.app.userSettings().value("LCDFusion/table") == "rainbow"
