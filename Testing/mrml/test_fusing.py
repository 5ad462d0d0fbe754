"""The whole way through a scene: nodes in, the worker process, nodes out slice by slice, the picture that follows."""

import numpy as np
import pytest

pytest.importorskip("slicer")

from LCDFusionLib.fusion import Finished, FusionSettings, FusionWorker, SliceFused, prepare
from LCDFusionLib.mrml.nodes import node_from_volume, volume_from_node, voxels
from LCDFusionLib.mrml.result_nodes import create_result, find_result
from LCDFusionLib.network import EXPERIMENTS, LCDFusionNet, save_weights


def test_nodes_in_nodes_out_through_the_worker(application, pair, tmp_path):
    import torch

    torch.manual_seed(0)
    weights = tmp_path / "small.pt"
    save_weights(LCDFusionNet(EXPERIMENTS["Exp1"]), weights, {})
    scene = application.scene
    anatomy, function = (node_from_volume(scene, volume) for volume in pair)
    prepared = prepare(volume_from_node(anatomy), volume_from_node(function), FusionSettings(weights=str(weights), device="cpu"))
    result = create_result(anatomy, function, prepared.anatomy)
    shown_at_once = []
    with FusionWorker() as worker:
        for event in worker.run(prepared, first_slice=5):
            if isinstance(event, SliceFused):
                result.fill_slice(event)
                shown_at_once.append(event.index)
                np.testing.assert_array_equal(voxels(result.color)[event.index], event.color)
            elif isinstance(event, Finished):
                result.fill(event.result)
                finished = event.result
    assert shown_at_once[:3] == [5, 4, 6]
    again = volume_from_node(find_result(anatomy, function).gray)
    np.testing.assert_array_equal(again.array, finished.gray.array)
    np.testing.assert_allclose(again.ijk_to_lps, pair[0].ijk_to_lps, atol=1e-9)
    assert again.is_fused, "the fused node is never taken for an original"
    metrics, blend = result.slice_metrics(5)
    assert metrics["SD"] == pytest.approx(finished.metrics[5]["SD"])
    assert blend["SD"] == pytest.approx(finished.blend_metrics[5]["SD"])


def test_half_resolution_is_shown_until_the_slice_is_there(application, pair):
    """It says what it is, leaves no metrics, and nothing of it is left behind."""
    from LCDFusionLib.fusion.events import SlicePreviewed

    anatomy, function = (node_from_volume(application.scene, volume) for volume in pair)
    result = create_result(anatomy, function, pair[0])
    shape = pair[0].shape
    result.show_preview(SlicePreviewed(3, np.full(shape[1:], 0.5, np.float32), np.full((*shape[1:], 3), 128, np.uint8)))
    assert (voxels(result.gray)[3] == 0.5).all()
    assert (voxels(result.color)[3] == 128).all()
    assert result.slice_title(3) == "slice 4/8, preview at half resolution"
    assert result.slice_title(2) == "slice 3/8"
    assert all(np.isnan(value) for value in result.slice_metrics(3)[0].values())
    assert not result.is_complete
    row = {"SD": 1.0}
    gray, color = np.full(shape[1:], 0.25, np.float32), np.zeros((*shape[1:], 3), np.uint8)
    result.fill_slice(SliceFused(3, 1, 8, None, row, row, gray, color))
    assert result.slice_title(3) == "slice 4/8"
    assert (voxels(result.gray)[3] == 0.25).all()
