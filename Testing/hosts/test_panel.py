"""The panel by clicking, row by row, on the small phantom."""

import re

import numpy as np
import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

from LCDFusionLib.fusion import SliceFused
from LCDFusionLib.mrml.nodes import voxels
from LCDFusionLib.views import layouts


def test_the_pair_is_chosen_and_one_line_says_what_will_happen(panel, pair):
    assert (panel.parameters.anatomy, panel.parameters.function) == pair
    assert panel.ui.anatomySelector.currentNode() is pair[0]
    panel.idle(lambda: "being loaded" not in panel.ui.summaryLabel.text)
    assert panel.ui.summaryLabel.text.startswith("CT mediastinum window 350/40, PET SUV 0-10, 8 slices of 64x64, PET covers 100 %, CPU")
    assert panel.ui.fuseButton.enabled
    assert panel.ui.previewButton.enabled


def test_fuse_shows_slices_as_they_come_and_the_one_on_show_first(panel, pair, monkeypatch):
    import slicer

    panel.layout_manager.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    red = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceNodeRed")
    composite = slicer.mrmlScene.GetNodeByID("vtkMRMLSliceCompositeNodeRed")
    composite.SetBackgroundVolumeID(pair[0].GetID())
    red.SetSliceOffset(pair[0].GetOrigin()[2] + 5 * pair[0].GetSpacing()[2])
    texts, events, worker = [], [], panel.widget.logic.session.worker
    each = worker.events
    monkeypatch.setattr(worker, "events", lambda: (events.append(event) or event for event in each()))
    panel.ui.fuseButton.click()
    assert panel.ui.fuseButton.text == "Cancel"
    assert not panel.ui.previewButton.enabled
    panel.idle(lambda: texts.append(panel.ui.statusLabel.text) or not panel.widget.panel.is_fusing)
    assert next(event.index for event in events if isinstance(event, SliceFused)) == 5, "it was on show"
    assert any(re.match(r"Slice \d+ done, \d of 8(, \d+ s left)?", text) for text in texts)
    assert panel.ui.progressBar.value == 8
    assert re.match(r"8 slices fused in \d+ s on CPU", panel.ui.statusLabel.text)
    assert panel.ui.fuseButton.text == "Fuse"
    result = panel.widget.panel.fusion.result
    assert result.is_complete
    assert (panel.parameters.fusedColor, panel.parameters.fusedGray, panel.parameters.metrics) == (
        result.color,
        result.gray,
        result.metrics,
    )
    assert np.std(voxels(result.gray)[0]) > 0.05
    panel.keep_pictures("fused")


def test_cancel_before_the_first_slice_ends_it_at_once_and_leaves_nothing(panel, scene):
    before = names_of_volumes(scene)
    panel.ui.fuseButton.click()
    panel.ui.fuseButton.click()
    panel.idle(lambda: not panel.widget.panel.is_fusing)
    assert panel.ui.statusLabel.text == "Cancelled."
    assert panel.ui.progressBar.value == 0
    assert panel.widget.panel.fusion.result is None
    assert names_of_volumes(scene) == before
    panel.fuse()
    assert panel.widget.panel.fusion.result.is_complete, "it can be fused again"


def names_of_volumes(scene):
    """Of those that the person sees in selectors, and of tables."""
    nodes = [scene.GetNthNodeByClass(n, "vtkMRMLStorableNode") for n in range(scene.GetNumberOfNodesByClass("vtkMRMLStorableNode"))]
    return [
        node.GetName() for node in nodes if node.IsA("vtkMRMLVolumeNode") or node.IsA("vtkMRMLTableNode") if not node.GetHideFromEditors()
    ]


def test_preview_fuses_the_slice_on_show_alone(panel):
    panel.ui.sideBySideButton.click()
    panel.widget.panel.views.slice = 2
    panel.ui.previewButton.click()
    panel.idle(lambda: not panel.widget.panel.is_fusing)
    result = panel.widget.panel.fusion.result
    assert result.is_preview
    assert voxels(result.gray).shape == (1, 64, 64)
    assert panel.ui.sliceLabel.text == "Slice 3, preview"
    assert panel.middle_of(layouts.FUSED).max() > 150
    assert panel.parameters.fusedGray is None, "a preview is no result to keep"
    preview = voxels(result.gray)[0].copy()
    panel.fuse()
    assert not panel.widget.panel.fusion.result.is_preview
    np.testing.assert_allclose(voxels(panel.widget.panel.fusion.result.gray)[2], preview, atol=1e-6)


def test_display_window_range_and_colours_reach_the_views_and_the_fusion(panel, pair):
    panel.choose(panel.ui.windowComboBox, "Lung (1400/-700)")
    assert "CT lung window 1400/-700" in panel.ui.summaryLabel.text
    panel.ui.functionUpperSpinBox.value = 6.0
    assert "PET SUV 0-6" in panel.ui.summaryLabel.text
    panel.widget.drawings.display._buttons[7.0].click()
    assert panel.ui.functionUpperSpinBox.value == 7.0
    assert "PET SUV 0-7" in panel.ui.summaryLabel.text
    assert "hotter" in panel.ui.rangeLabel.text
    panel.ui.functionUpperSpinBox.value = 6.0
    panel.choose(panel.ui.tableComboBox, "Hot iron")
    panel.ui.sideBySideButton.click()
    display = pair[0].GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel()) == (1400, -700)
    assert pair[1].GetDisplayNode().GetColorNode().GetName() == "hot-iron"
    panel.fuse()
    assert panel.widget.panel.fusion.result.gray.GetAttribute("LCDFusion.AnatomyWindow") == "1400/-700 HU"
    assert panel.widget.panel.fusion.result.gray.GetAttribute("LCDFusion.FunctionRange") == "0 to 6 SUVbw"
    pair[0].GetDisplayNode().SetWindowLevel(500, 20)
    panel.choose(panel.ui.windowComboBox, "As displayed now")
    assert "CT window 500/20" in panel.ui.summaryLabel.text


def test_advanced_tells_the_worker_and_versions(panel):
    panel.idle(lambda: re.search(r"LCDFusion \d.*PyTorch \d.*Python 3", panel.ui.versionsLabel.text))
    assert panel.ui.workerLabel.text.startswith("Ready, process")
    assert not panel.ui.installTorchButton.visible
    panel.choose(panel.ui.deviceComboBox, "CPU")
    assert panel.ui.summaryLabel.text.endswith("CPU")
    panel.choose(panel.ui.weightsComboBox, "MR/PET")
    panel.ui.batchSizeSpinBox.value = 2
    settings = panel.widget.panel.choices.settings
    assert (settings.device, settings.weights, settings.batch_size) == ("cpu", "mr-pet", 2)
