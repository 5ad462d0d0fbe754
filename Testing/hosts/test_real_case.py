"""One real patient through the panel: CT and PET of a sarcoma of the thigh, from DICOM, as a radiologist would."""

import numpy as np
import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer

from LCDFusionLib.dicom import read_folder
from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume
from LCDFusionLib.views import layouts


@pytest.fixture(scope="module")
def patient(open_panel, shared_data):
    """STS_001: the slices round the hottest uptake (cropped to keep the test short), in Slicer's subject hierarchy."""
    folder = shared_data / "dicom" / "STS_001"
    slicer.mrmlScene.Clear(0)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    study = hierarchy.CreateStudyItem(hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "STS_001"), "PET/CT")
    volumes = [read_folder(folder / name)[0] for name in ("CT", "PET")]
    hottest = np.unravel_index(volumes[1].array.argmax(), volumes[1].shape)
    place = volumes[1].ijk_to_lps @ [*hottest[::-1], 1]
    middle = round(float((np.linalg.inv(volumes[0].ijk_to_lps) @ place)[2]))
    first = min(max(middle - 2, 0), volumes[0].shape[0] - 5)
    matrix = volumes[0].ijk_to_lps.copy()
    matrix[:, 3] = matrix @ [0, 0, first, 1]
    ct = volumes[0].with_array(volumes[0].array[first : first + 5], ijk_to_lps=matrix)
    for volume in (ct, volumes[1]):
        hierarchy.SetItemParent(hierarchy_item(node_from_volume(slicer.mrmlScene, volume)), study)
    open_panel.enter()
    return open_panel, place[:3] * [-1, -1, 1], float(volumes[1].array.max())


def test_a_patient_from_opening_to_reading(patient):
    panel, place, hottest = patient
    assert panel.parameters.anatomy is not None, "the pair of one study is chosen by itself"
    panel.idle(lambda: "being loaded" not in panel.ui.summaryLabel.text)
    assert panel.ui.summaryLabel.text.startswith("CT mediastinum window 350/40, PET SUV 0-10, 5 slices of ")
    assert panel.ui.warningLabel.text == ""
    panel.ui.readingButton.click()
    panel.fuse()
    panel.widget.panel.views.jump(tuple(place))
    panel.ui.isocontourButton.click()
    assert f"SUVmax {hottest:.2f}" in panel.ui.regionLabel.text
    panel.keep_pictures("patient")
    fused = panel.middle_of(layouts.FUSED)
    assert np.ptp(fused, axis=-1).max() > 80, "the tumour is in colour"
    result = panel.widget.panel.fusion.result
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    items = [hierarchy.GetItemParent(hierarchy_item(node)) for node in (result.color, panel.parameters.anatomy)]
    assert items[0] == items[1] != 0, "the result stands in the study of the anatomy"
    for index in range(5):
        metrics, blend = result.slice_metrics(index)
        assert metrics["QABF"] > blend["QABF"]
