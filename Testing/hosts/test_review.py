"""Review and Metrics by clicking, on the small phantom fused once."""

import re
import time

import numpy as np
import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

import slicer

from LCDFusionLib.views import layouts


def test_layout_buttons_arrange_the_views(fused_panel):
    for button, arrangement, count in (
        ("sideBySideButton", "side by side", 3),
        ("fourUpButton", "four-up", 4),
        ("oneViewButton", "one view", 1),
        ("threePlanesButton", "three planes", 10),
        ("readingButton", "reading", 4),
    ):
        getattr(fused_panel.ui, button).click()
        assert fused_panel.parameters.arrangement.value == arrangement
        assert len(layouts.views_of(fused_panel.parameters.arrangement)) == count
        for name in layouts.views_of(fused_panel.parameters.arrangement):
            assert fused_panel.middle_of(name).max() > 100, f"{name} is empty in {arrangement}"
        fused_panel.keep_pictures(arrangement.replace(" ", "-"))


def test_views_are_linked(fused_panel):
    fused_panel.ui.fourUpButton.click()
    anatomy = layouts.slice_node(slicer.mrmlScene, layouts.ANATOMY)
    logic = fused_panel.layout_manager.sliceWidget(layouts.ANATOMY).sliceLogic()
    logic.StartSliceNodeInteraction(slicer.vtkMRMLSliceNode.SliceToRASFlag)
    anatomy.SetSliceOffset(anatomy.GetSliceOffset() + fused_panel.parameters.anatomy.GetSpacing()[2])
    logic.EndSliceNodeInteraction()
    for name in layouts.LINKED:
        assert layouts.slice_node(slicer.mrmlScene, name).GetSliceOffset() == pytest.approx(anatomy.GetSliceOffset())


def test_in_three_planes_the_crosshair_takes_all_views_to_its_place(fused_panel, small_phantom):
    fused_panel.ui.threePlanesButton.click()
    lesion = max(small_phantom[2], key=lambda lesion: lesion.suv)
    ras = np.array(lesion.centre) * [-1, -1, 1]
    slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode").SetCrosshairRAS(*ras)
    spacing = fused_panel.parameters.anatomy.GetSpacing()
    for name, axis in ((layouts.ANATOMY, 2), (layouts.ACROSS[0][0], 1), (layouts.ACROSS[1][0], 0)):
        node = layouts.slice_node(slicer.mrmlScene, name)
        normal = [node.GetSliceToRAS().GetElement(row, 2) for row in range(3)]
        assert abs(np.dot(normal, ras) - node.GetSliceOffset()) <= spacing[axis] / 2 + 1e-3
    fused_panel.keep_pictures("three-planes-at-the-lesion")


def test_reset_shows_whole_images_with_the_windows_of_the_study(fused_panel):
    fused_panel.ui.sideBySideButton.click()
    node, display = layouts.slice_node(slicer.mrmlScene, layouts.ANATOMY), fused_panel.parameters.anatomy.GetDisplayNode()
    fused_panel.ui.resetViewsButton.click()
    whole, window = node.GetFieldOfView(), display.GetWindow()
    fused_panel.choose(fused_panel.ui.windowComboBox, "Bone (1800/400)")
    fused_panel.parameters.functionUpper = 3.0
    node.SetFieldOfView(whole[0] / 4, whole[1] / 4, whole[2])
    node.SetXYZOrigin(30, 20, 0)
    fused_panel.ui.resetViewsButton.click()
    assert node.GetFieldOfView() == pytest.approx(whole)
    assert node.GetXYZOrigin() == pytest.approx((0, 0, 0))
    assert (display.GetWindow(), fused_panel.parameters.functionUpper) == (window, 0.0)


def test_a_pair_opens_at_its_middle_slice(fused_panel):
    from LCDFusionLib.panel.panel import Panel

    assert isinstance(fused_panel.widget.panel, Panel)
    views, (anatomy, function) = fused_panel.widget.panel.views, (fused_panel.parameters.anatomy, fused_panel.parameters.function)
    views.slice = 1
    fused_panel.parameters.anatomy = None
    fused_panel.parameters.anatomy = anatomy
    fused_panel.widget._checkCanApply()
    assert views.slice == anatomy.GetImageData().GetDimensions()[2] // 2
    assert fused_panel.parameters.function is function


def test_gray_and_colour(fused_panel):
    fused_panel.ui.sideBySideButton.click()
    fused_panel.widget.panel.views.slice = hottest_slice(fused_panel)
    fused_panel.choose(fused_panel.ui.fusedLookComboBox, "Colour")
    in_color = fused_panel.middle_of(layouts.FUSED)
    fused_panel.choose(fused_panel.ui.fusedLookComboBox, "Gray")
    in_gray = fused_panel.middle_of(layouts.FUSED)
    fused_panel.choose(fused_panel.ui.fusedLookComboBox, "Colour")
    changed = (in_color != in_gray).any(axis=-1)
    assert changed.sum() > 200
    assert np.percentile(np.ptp(in_gray[changed], axis=-1), 90) == 0  # letters are yellow and translucent
    assert np.ptp(in_color[changed], axis=-1).max() > 60
    fused_panel.choose(fused_panel.ui.functionLookComboBox, "Inverse gray")
    assert fused_panel.middle_of(layouts.FUNCTION).mean() > 180, "inverse gray: little uptake is white"
    fused_panel.choose(fused_panel.ui.functionLookComboBox, "Colour")
    assert fused_panel.middle_of(layouts.FUNCTION).mean() < 90


def hottest_slice(panel):
    from LCDFusionLib.images.resample import resample_onto
    from LCDFusionLib.mrml.nodes import volume_from_node

    pair = [volume_from_node(node) for node in (panel.parameters.function, panel.parameters.anatomy)]
    return int(resample_onto(*pair).volume.array.max(axis=(1, 2)).argmax())


def test_blend_opacity(fused_panel):
    fused_panel.ui.fourUpButton.click()
    fused_panel.ui.opacitySlider.value = 0.8
    assert layouts.composite_node(slicer.mrmlScene, layouts.BLEND).GetForegroundOpacity() == pytest.approx(0.8)


def test_flicker_and_split(fused_panel):
    fused_panel.ui.oneViewButton.click()
    fused_panel.widget.panel.views.slice = hottest_slice(fused_panel)
    fused = fused_panel.middle_of(layouts.FUSED)
    fused_panel.choose(fused_panel.ui.comparisonComboBox, "Flicker")
    fused_panel.widget.panel.review.flicker()
    blend = fused_panel.middle_of(layouts.FUSED)
    assert abs(blend - fused).mean() > 5
    fused_panel.widget.panel.review.flicker()
    assert abs(fused_panel.middle_of(layouts.FUSED) - fused).mean() < 1
    fused_panel.choose(fused_panel.ui.comparisonComboBox, "Split")
    fused_panel.ui.splitSlider.value = 0.5
    split = fused_panel.middle_of(layouts.FUSED)
    left, right = (slice(None), slice(0, split.shape[1] // 2 - 12)), (slice(None), slice(split.shape[1] // 2 + 12, None))
    assert abs(split[left] - blend[left]).mean() < 12
    assert abs(split[left] - blend[left]).mean() < abs(split[left] - fused[left]).mean()
    assert abs(split[right] - fused[right]).mean() < 2
    fused_panel.keep_pictures("split")
    fused_panel.ui.splitSlider.value = 1.0
    assert abs(fused_panel.middle_of(layouts.FUSED)[right] - fused[right]).mean() > 5


def test_the_projection_turns_and_a_click_goes_to_the_lesion(fused_panel, small_phantom):
    fused_panel.ui.readingButton.click()
    view = fused_panel.view(layouts.PROJECTION)
    before = view.picture()
    fused_panel.ui.projectionSlider.value = 90.0
    assert (view.picture() != before).any()
    fused_panel.ui.projectionSlider.value = 0.0
    lesion = max(small_phantom[2], key=lambda lesion: lesion.suv)
    ras = np.array(lesion.centre) * [-1, -1, 1]
    to_xy = np.linalg.inv(slicer.util.arrayFromVTKMatrix(view.node.GetXYToRAS()))
    x, y = (to_xy @ [*ras, 1])[:2]
    view.click(round(x), round(y))
    crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode").GetCrosshairRAS()
    assert np.linalg.norm(np.array(crosshair) - ras) < 12
    for name in layouts.views_of(fused_panel.parameters.arrangement)[:3]:
        assert layouts.slice_node(slicer.mrmlScene, name).GetSliceOffset() == pytest.approx(crosshair[2], abs=0.01)
    fused_panel.ui.turnButton.click()
    fused_panel.idle(lambda: fused_panel.parameters.projectionAngle > 0)
    fused_panel.ui.turnButton.click()


def test_regions_give_suv_and_volume(fused_panel, small_phantom):
    lesion = max(small_phantom[2], key=lambda lesion: lesion.suv)
    slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode").SetCrosshairRAS(*(np.array(lesion.centre) * [-1, -1, 1]))
    fused_panel.ui.regionRadiusSpinBox.value = 15.0
    fused_panel.ui.sphereButton.click()
    numbers = [float(n) for n in re.findall(r"\d+\.\d+", fused_panel.ui.regionLabel.text)]
    maximum, mean, peak, volume = numbers[:4]
    assert maximum >= peak >= mean > 0
    assert volume == pytest.approx(4 / 3 * np.pi * 1.5**3, rel=0.2)
    fused_panel.ui.isocontourButton.click()
    assert float(re.search(r"SUVmax (\S+)", fused_panel.ui.regionLabel.text)[1]) == pytest.approx(maximum)
    assert layouts.composite_node(slicer.mrmlScene, layouts.FUNCTION).GetLabelVolumeID() is not None


def test_metrics_follow_the_scroll(fused_panel):
    result = fused_panel.widget.panel.fusion.result
    table = fused_panel.ui.metricsTable
    slowest = 0.0
    for index in range(8):
        started = time.perf_counter()
        fused_panel.widget.panel.views.slice = index
        slowest = max(slowest, time.perf_counter() - started)
        metrics, blend = result.slice_metrics(index)
        assert fused_panel.ui.sliceLabel.text == f"Slice {index + 1}/8"
        cells = [table.item(0, column).text() for column in range(5)]
        assert cells[:3] == ["QAB/F", f"{metrics['QABF']:.3f}", f"{blend['QABF']:.3f}"]
        assert cells[3:] == [f"{metrics['QABF_anatomy']:.3f}", f"{metrics['QABF_function']:.3f}"]
    assert [table.item(row, 0).text() for row in range(8)] == ["QAB/F", "VIF", "SCD", "IE", "AG", "SD", "SF", "EI"]
    texts = fused_panel.widget.panel.views._annotations[layouts.FUSED].metrics_text
    assert texts.startswith("slice 8/8")
    print(f"slowest update {1000 * slowest:.0f} ms")


def test_the_plot_shows_all_slices_and_a_click_goes_there(fused_panel):
    fused_panel.ui.readingButton.click()
    plot = fused_panel.layout_manager.plotWidget(0).plotView()
    assert {node.GetName() for node in plot.series()} == {"fused", "blend", "slice"}
    series = next(node for node in plot.series() if node.GetName() == "fused")
    assert series.GetTableNode() is fused_panel.widget.panel.fusion.result.metrics
    fused_panel.choose(fused_panel.ui.plottedComboBox, "VIF function")
    assert series.GetYColumnName() == "VIF_function"
    plot.click("fused", 6)
    assert fused_panel.widget.panel.views.slice == 6
    marker = next(node for node in plot.series() if node.GetName() == "slice").GetTableNode().GetTable()
    assert marker.GetValue(0, 0).ToDouble() == 7
    assert (plot.picture() < 200).any()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 1
