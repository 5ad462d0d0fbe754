"""The fused nodes and the metrics table, on real MRML."""

import math
from dataclasses import replace

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

import vtk  # noqa: E402

from LCDFusionLib import __version__  # noqa: E402
from LCDFusionLib.errors import InputError  # noqa: E402
from LCDFusionLib.fusion import SliceFused  # noqa: E402
from LCDFusionLib.images.color import COLOR_TABLES  # noqa: E402
from LCDFusionLib.images.window import Window  # noqa: E402
from LCDFusionLib.mrml.made_with import MadeWith  # noqa: E402
from LCDFusionLib.mrml.nodes import hierarchy_item, node_from_volume, volume_from_node, voxels  # noqa: E402
from LCDFusionLib.mrml.result_nodes import create_result, find_result, remove_node, remove_result, results_of  # noqa: E402
from LCDFusionLib.views.display import color_table_node, show_anatomy, show_color_bar, show_function  # noqa: E402

MADE_WITH = MadeWith("350/40 HU", "0 to 10 SUVbw", "ember", "ct-pet", "here")


@pytest.fixture
def nodes(application, pair):
    return tuple(node_from_volume(application.scene, volume) for volume in pair)


@pytest.fixture
def hierarchy(application):
    return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(application.scene)


def all_nodes(scene):
    return sorted(scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes()))


def column(result, name):
    values = result.metrics.GetTable().GetColumnByName(name)
    return [values.GetValue(row) for row in range(values.GetNumberOfTuples())]


def test_a_result_is_complete(nodes, pair, fuse_plainly):
    fused = fuse_plainly(*pair)
    result = create_result(*nodes, pair[0], made_with=MADE_WITH)
    result.fill(fused)

    for node, volume in ((result.gray, fused.gray), (result.color, fused.color)):
        there = volume_from_node(node)
        np.testing.assert_array_equal(there.array, volume.array)
        np.testing.assert_allclose(there.ijk_to_lps, pair[0].ijk_to_lps, atol=1e-9)
        assert there.frame_of_reference == pair[0].frame_of_reference
    for node in (result.gray, result.color, result.metrics):
        assert node.GetNodeReference("LCDFusion.anatomy") is nodes[0]
        assert node.GetNodeReference("LCDFusion.function") is nodes[1]
        assert node.GetAttribute("LCDFusion.Version") == __version__
        assert "not for diagnostic use" in node.GetAttribute("LCDFusion.Notice")
        assert node.GetAttribute("LCDFusion.Weights") == "ct-pet"
        assert node.GetAttribute("LCDFusion.WeightsSHA256") == "ab" * 32
        assert node.GetAttribute("LCDFusion.AnatomyWindow") == "350/40 HU"
        assert node.GetAttribute("LCDFusion.FunctionRange") == "0 to 10 SUVbw"
    display = result.gray.GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax(), display.GetAutoWindowLevel()) == (0, 1, 0)
    display = result.color.GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax(), display.GetAutoWindowLevel()) == (0, 255, 0)


def test_the_table_has_a_row_a_slice_and_a_column_a_metric(nodes, pair, fuse_plainly):
    fused = fuse_plainly(*pair)
    result = create_result(*nodes, pair[0])
    result.fill(fused)
    assert column(result, "slice") == list(range(1, 9))
    for key in ("IE", "AG", "SD", "SF", "SCD", "VIF", "QABF", "EI", "VIF_anatomy", "QABF_function"):
        assert column(result, key) == [row[key] for row in fused.metrics]
        assert column(result, f"{key}_blend") == [row[key] for row in fused.blend_metrics]
        assert result.metrics.GetColumnDescription(key).startswith("Fused image.")
    assert result.metrics.GetNumberOfColumns() == 1 + 2 * 14
    metrics, blend = result.slice_metrics(3)
    assert (metrics, blend) == (fused.metrics[3], fused.blend_metrics[3])
    assert result.slice_metrics(None)[0]["VIF"] == pytest.approx(np.mean([row["VIF"] for row in fused.metrics]))


def test_the_result_stands_in_the_anatomys_study(nodes, pair, hierarchy):
    study = hierarchy.CreateStudyItem(hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "patient"), "study")
    other = hierarchy.CreateStudyItem(hierarchy.GetSceneItemID(), "PET study of another day")
    hierarchy.SetItemParent(hierarchy_item(nodes[0]), study)
    hierarchy.SetItemParent(hierarchy_item(nodes[1]), other)
    result = create_result(*nodes, pair[0])
    for node in (result.gray, result.color, result.metrics):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study


def test_slices_come_one_by_one(nodes, pair, fuse_plainly):
    fused = fuse_plainly(*pair)
    result = create_result(*nodes, pair[0])
    heard = []
    result.gray.AddObserver(slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent, lambda *_: heard.append("gray"))
    result.metrics.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: heard.append("metrics"))
    memory = voxels(result.gray).ctypes.data
    event = SliceFused(
        index=5, done=1, total=8, seconds_left=None, metrics=fused.metrics[5], blend_metrics=fused.blend_metrics[5],
        gray=fused.gray.array[5], color=fused.color.array[5],
    )  # fmt: skip
    result.fill_slice(event)
    np.testing.assert_array_equal(voxels(result.gray)[5], fused.gray.array[5])
    np.testing.assert_array_equal(voxels(result.color)[5], fused.color.array[5])
    assert not voxels(result.gray)[4].any()
    assert not voxels(result.color)[6].any()
    assert column(result, "VIF")[5] == fused.metrics[5]["VIF"]
    assert all(math.isnan(value) for row, value in enumerate(column(result, "VIF")) if row != 5)
    assert set(heard) == {"gray", "metrics"}  # views and tables hear of it
    assert voxels(result.gray).ctypes.data == memory


def test_a_second_result_leaves_the_first_as_it_is(application, nodes, pair, fuse_plainly):
    first = create_result(*nodes, pair[0], made_with=MADE_WITH)
    fused = fuse_plainly(*pair)
    first.fill(fused)
    other = replace(MADE_WITH, window="1400/-700 HU")
    second = create_result(*nodes, pair[0], made_with=other)
    np.testing.assert_array_equal(voxels(first.color), fused.color.array)
    assert first.is_complete
    assert not second.is_complete
    assert not voxels(second.gray).any()
    assert [result.gray for result in results_of(*nodes)] == [second.gray, first.gray]
    assert find_result(*nodes).gray is second.gray
    assert "350/40 HU" in first.color.GetName()
    assert "1400/-700 HU" in second.color.GetName()
    assert second.made_with.differences(first.made_with) == ["window"]
    assert first.made_with.differences(MADE_WITH) == []


def test_a_part_says_what_there_is_of_it(nodes, pair, fuse_plainly):
    fused, part = fuse_plainly(*pair), create_result(*nodes, pair[0])
    for k in (3, 4):
        part.fill_slice(
            SliceFused(
                index=k, done=k - 2, total=8, seconds_left=None, metrics=fused.metrics[k], blend_metrics=fused.blend_metrics[k],
                gray=fused.gray.array[k], color=fused.color.array[k],
            )
        )  # fmt: skip
    part.keep_as_part(2, 8)
    assert part.part == "2 of 8 slices"
    assert [part.has_slice(k) for k in range(9)] == [False, False, False, True, True, False, False, False, False]
    assert part.title(None) == "mean over 2 of 8 slices"
    assert "part: 2 of 8 slices" in part.gray.GetName()


def test_nothing_is_a_mean_of_a_preview(nodes, pair):
    preview = create_result(*nodes, pair[0].with_array(pair[0].array[4:5]), preview_of=4)
    assert preview.title(None) == ""
    assert [preview.row_of(k) for k in (3, 4, 5, None)] == [None, 0, None, None]


def test_another_pair_has_its_own_result(application, nodes, pair):
    mr = node_from_volume(application.scene, pair[0].with_array(pair[0].array, name="MR"))
    assert create_result(*nodes, pair[0]).gray is not create_result(mr, nodes[1], pair[0]).gray
    assert find_result(nodes[1], nodes[0]) is None


def test_a_deleted_part_is_made_anew(application, nodes, pair):
    first = create_result(*nodes, pair[0])
    remove_node(first.metrics)
    assert find_result(*nodes) is None
    second = create_result(*nodes, pair[0])
    assert find_result(*nodes).gray is second.gray
    assert second.gray is not first.gray


def test_removing_leaves_nothing_behind(application, nodes, pair, fuse_plainly, hierarchy):
    before, items = all_nodes(application.scene), hierarchy.GetNumberOfItems()
    result = create_result(*nodes, pair[0])
    result.fill(fuse_plainly(*pair))
    for node in (result.gray, result.color, result.metrics):
        node.AddDefaultStorageNode()
    show_color_bar(result.gray)
    remove_result(result)
    assert all_nodes(application.scene) == before
    assert hierarchy.GetNumberOfItems() == items


def test_a_volume_is_not_fused_with_itself(nodes, pair):
    with pytest.raises(InputError, match="'CT' was chosen as anatomy and as function"):
        create_result(nodes[0], nodes[0], pair[0])


def test_the_result_of_a_moved_volume_lies_where_it_lies(application, nodes, pair):
    transform = application.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    shift = vtk.vtkMatrix4x4()
    shift.SetElement(2, 3, 25.0)
    transform.SetMatrixTransformToParent(shift)
    nodes[0].SetAndObserveTransformNodeID(transform.GetID())
    grid = volume_from_node(nodes[0])
    result = create_result(*nodes, grid)
    np.testing.assert_allclose(volume_from_node(result.gray).ijk_to_lps, grid.ijk_to_lps, atol=1e-9)


def test_a_saved_scene_brings_the_result_back(application, nodes, pair, fuse_plainly, tmp_path):
    fused = fuse_plainly(*pair)
    create_result(*nodes, pair[0], made_with=MADE_WITH).fill(fused)
    assert application.scene.SaveSceneToSlicerDataBundleDirectory(str(tmp_path))
    saved = next(tmp_path.rglob("*.mrml"))

    from LCDFusionLib.mrml.application import Application

    scene = Application.create().scene
    scene.SetURL(str(saved))
    assert scene.Connect()
    anatomy, function = (scene.GetFirstNodeByName(name) for name in ("CT", "PET"))
    again = volume_from_node(function)
    assert (again.modality, again.unit, again.frame_of_reference) == (pair[1].modality, pair[1].unit, "1.2.3")
    result = find_result(anatomy, function)
    np.testing.assert_array_equal(voxels(result.color), fused.color.array)
    assert result.slice_metrics(2)[1] == pytest.approx(fused.blend_metrics[2])
    assert result.gray.GetAttribute("LCDFusion.AnatomyWindow") == "350/40 HU"


def test_inputs_are_displayed_as_they_are_fused(application, nodes):
    assert show_anatomy(nodes[0], "lung") == Window(1400, -700)
    display = nodes[0].GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel(), display.GetAutoWindowLevel()) == (1400, -700, 0)
    with pytest.raises(InputError, match="no window 'lungs'"):
        show_anatomy(nodes[0], "lungs")

    table = COLOR_TABLES["hot-iron"]
    show_function(nodes[1], Window.from_range(0, 7), table)
    display = nodes[1].GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (0, 7)
    color = display.GetColorNode()
    assert color is color_table_node(application.scene, table)  # made once
    color.SetNumberOfColors(1)  # what a scene brings whose colours were not saved with it
    again = color_table_node(application.scene, table)
    assert again is color
    np.testing.assert_allclose([again.GetLookupTable().GetTableValue(n)[:3] for n in range(256)], table.rgb / 255, atol=1 / 255)
    there = np.array([color.GetLookupTable().GetTableValue(n)[:3] for n in range(256)])
    np.testing.assert_array_equal(np.rint(255 * there).astype(np.uint8), table.rgb)


def test_the_colour_bar_names_the_unit(nodes):
    assert show_color_bar(nodes[1]).GetTitleText() == "SUVbw"
    assert show_color_bar(nodes[1]).GetScene().GetNumberOfNodesByClass("vtkMRMLColorLegendDisplayNode") == 1
