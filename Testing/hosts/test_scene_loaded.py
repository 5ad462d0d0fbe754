"""A saved scene that is opened while the panel is open, and one that is opened before it ever was."""

import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer

from LCDFusionLib.mrml.result_nodes import MISMATCHES_ATTRIBUTE
from LCDFusionLib.views import layouts
from Testing.hosts.saved_scene import save


def texts(panel, name):
    """What is written in a slice view, all that a person can read there."""
    props = panel.view(name).renderWindow().GetRenderers().GetFirstRenderer().GetViewProps()
    actors = [props.GetItemAsObject(n) for n in range(props.GetNumberOfItems())]
    written = [actor.GetInput() for actor in actors if actor.IsA("vtkTextActor") and actor.GetVisibility()]
    return sorted(filter(None, written))


def test_the_views_of_a_scene_loaded_while_the_panel_is_open(fused_panel, tmp_path):
    """Titles, sides, notice and mismatch stand in each view as before, without leaving the module and coming back."""
    panel, scene = fused_panel, slicer.mrmlScene
    panel.widget.panel.fusion.result.gray.SetAttribute(MISMATCHES_ATTRIBUTE, "Patient ID (0010,0020) differs")
    panel.ui.sideBySideButton.click()
    panel.widget.panel.views.slice = 5
    panel.enter()
    panel.idle()
    names = (layouts.ANATOMY, layouts.FUNCTION, layouts.FUSED)
    before = {name: texts(panel, name) for name in names}
    in_fused = "\n".join(before[layouts.FUSED])
    assert "slice 6/8" in in_fused
    assert "MISMATCH" in in_fused
    assert "not a medical device" in in_fused
    for name in names:
        assert {"R", "L", "A", "P"} <= set(before[name]), name
    save(scene, tmp_path)

    scene.Clear(0)
    panel.idle()
    assert "slice 6/8" not in "\n".join(texts(panel, layouts.FUSED)), "it went with the old scene"
    scene.SetURL(str(tmp_path / "scene.mrml"))
    assert scene.Connect()
    panel.read()
    panel.widget.panel.views.slice = 5
    panel.settle()
    for name in names:
        assert texts(panel, name) == before[name]
    plot = panel.layout_manager.plotWidget(0).plotView()
    panel.ui.readingButton.click()
    plot.click(plot.series()[0].GetName(), 2)
    assert panel.widget.panel.views.slice == 2, "a click in the plot shows its slice"
    marked = panel.ui.keySlicesLabel.text
    panel.ui.keySliceButton.click()
    assert panel.ui.keySlicesLabel.text != marked


def test_layouts_are_known_when_slicer_has_started(host, module):
    """Before the panel was ever opened: a scene that was saved with one of our layouts finds its views."""
    node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    for layout_id in layouts.LAYOUT_IDS.values():
        node.SetLayoutDescription(layout_id, "")
    slicer.app.startupCompleted.emit()
    for arrangement, layout_id in layouts.LAYOUT_IDS.items():
        description = node.GetLayoutDescription(layout_id)
        assert description == layouts.layout_description(arrangement)
        slicer.app.layoutManager().setLayout(layout_id)
        assert set(layouts.views_of(arrangement)) <= set(slicer.app.layoutManager().sliceViewNames())
