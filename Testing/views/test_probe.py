"""The values under a place, as they are written under the views."""

import numpy as np
import pytest

from LCDFusionLib.mrml.nodes import node_from_volume
from LCDFusionLib.mrml.result_nodes import create_result, remove_node
from LCDFusionLib.views.probe import probe_text, value_at


@pytest.fixture
def nodes(application, pair, fuse_plainly):
    anatomy, function = pair
    a, f = (node_from_volume(application.scene, volume) for volume in pair)
    result = create_result(a, f, anatomy)
    fused = fuse_plainly(anatomy, function)
    return a, function, result, fused


def place_of(volume, k, j, i):
    return tuple((volume.ijk_to_ras @ [i, j, k, 1])[:3])


def test_values_at_a_place(nodes, pair):
    a, function, result, fused = nodes
    result.fill(fused)
    ras = place_of(pair[0], 4, 20, 24)
    assert value_at(function, ras) == function.array[4, 10, 12]
    text = probe_text(a, function, result, ras)
    assert "HU 80 " in text
    assert f"SUV {function.array[4, 10, 12]:.2f} " in text
    assert f"Fused {fused.gray.array[4, 20, 24]:.2f} " in text
    letter = "R" if ras[0] >= 0 else "L"
    assert f"{letter} {abs(ras[0]):.1f} " in text


def test_no_value_where_there_is_none(nodes, pair):
    a, function, result, _ = nodes
    ras = place_of(pair[0], 4, 20, 24)
    assert "Fused -" in probe_text(a, function, result, ras), "not fused yet is not 0"
    assert "Fused" not in probe_text(a, function, None, ras)
    outside = probe_text(a, function, result, (900.0, 0.0, 0.0))
    assert all(f"{name} -" in outside for name in ("HU", "SUV", "Fused"))
    assert probe_text(None, None, None, ras) == ""
    remove_node(a)
    assert probe_text(a, function, result, ras) == ""


def test_a_colour_function_has_three_values(nodes, pair):
    a, function, _, _ = nodes
    rgb = function.with_array(np.full((*function.shape, 3), (7, 8, 9), np.uint8))
    assert " 7 8 9 " in probe_text(a, rgb, None, place_of(pair[0], 4, 20, 24))
