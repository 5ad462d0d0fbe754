"""A prior study chosen on the desktop: compared, cancelled, gone with the pair, and there again with the scene."""

import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer

from LCDFusionLib.images.registration import Registration
from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume
from LCDFusionLib.mrml.prior import keep_registration
from LCDFusionLib.views import layouts
from Testing.panel.prior_studies import NODULE, motion, study
from Testing.panel.test_prior import colors_of_scale, ras


@pytest.fixture(scope="module")
def studies():
    """Now, before, and what brings them together."""
    return (
        study([(NODULE, 14.0, 4.0)], noise=1),
        study([(NODULE, 18.0, 8.0)], to_now=motion(), name=" old", frame="1.2.4", noise=2),
        Registration(motion(), 1.2, 0.4, 7, 7, 0.9, 20.0),
    )


@pytest.fixture
def both(scene, open_panel, studies):
    """The panel with the pair of now on show; the nodes of both studies."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Ada^Old")
    names = slicer.vtkMRMLSubjectHierarchyConstants
    hierarchy.SetItemAttribute(patient, names.GetDICOMPatientNameAttributeName(), "Ada^Old")
    nodes = []
    for volumes, day in zip(studies[:2], ("20250314", "20240816"), strict=True):
        item = hierarchy.CreateStudyItem(patient, "PET/CT")
        hierarchy.SetItemAttribute(item, names.GetDICOMStudyDateAttributeName(), day)
        nodes.append([node_from_volume(scene, volume) for volume in volumes])
        for node in nodes[-1]:
            hierarchy.SetItemParent(hierarchy_item(node), item)
    open_panel.enter()
    open_panel.parameters.anatomy, open_panel.parameters.function = nodes[0]
    open_panel.idle()
    open_panel.read()
    return open_panel, *nodes


def choose(panel, text):
    combo = panel.ui.priorComboBox
    index = next(n for n in range(combo.count) if text in combo.itemText(n))
    combo.setCurrentIndex(index)
    combo.activated.emit(index)
    panel.idle()


def background(name):
    return layouts.composite_node(slicer.mrmlScene, name).GetBackgroundVolumeID()


def test_a_prior_is_compared_and_goes_with_the_pair(both, studies):
    panel, now, before = both
    keep_registration(now[0], before[0], studies[2])
    choose(panel, "2024-08-16  Ada Old")
    panel.idle(lambda: "Registered rigidly" in panel.ui.priorLabel.text)
    assert panel.ui.compareButton.checked
    assert panel.parameters.priorFunction is before[1]
    panel.widget.panel.views.plane.jump(ras(NODULE))
    panel.widget._checkCanApply()
    panel.ui.sphereButton.click()
    panel.idle(lambda: panel.ui.regionsTable.rowCount == 1)
    headers = [panel.ui.regionsTable.horizontalHeaderItem(n).text() for n in range(panel.ui.regionsTable.columnCount)]
    cells = dict(zip(headers, (panel.ui.regionsTable.item(0, n).text() for n in range(len(headers))), strict=True))
    assert (cells["max"], cells["Prior max"], cells["max %"]) == ("4.00", "8.00", "-50")
    assert "2024-08-16" in panel.ui.referencesLabel.text
    panel.keep_pictures("prior")
    assert colors_of_scale(panel.view(layouts.PRIOR_BLEND).picture()) > 200
    shown = background(layouts.PRIOR_FUNCTION)
    assert shown not in (None, before[1].GetID()), "a copy is shown, and the prior's own node stays as it is"
    panel.ui.showPriorButton.click()
    panel.idle()
    assert "Shown unregistered" in panel.ui.priorLabel.text
    panel.parameters.anatomy, panel.parameters.function = before
    panel.idle()
    panel.read()
    assert panel.parameters.priorFunction is None
    assert background(layouts.PRIOR_FUNCTION) is None
    panel.ui.compareButton.click()
    panel.settle()
    assert colors_of_scale(panel.view(layouts.PRIOR_BLEND).picture()) < 50, "the scale has gone with the prior"
    assert panel.ui.regionsTable.columnCount < len(headers)


def test_register_is_cancel_while_it_runs(both):
    panel, _, _ = both
    choose(panel, "2024-08-16")
    panel.idle(lambda: panel.ui.registerPriorButton.text == "Cancel")
    panel.ui.registerPriorButton.click()
    panel.idle(lambda: "Cancelled" in panel.ui.priorLabel.text)
    assert panel.ui.registerPriorButton.text == "Register prior"
    choose(panel, "None")
    assert panel.parameters.priorFunction is None
    assert panel.ui.readingButton.checked
