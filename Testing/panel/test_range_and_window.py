"""The range of uptake as readers use it: by the hand, by key, by the study; and windows by key."""

import re

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.images.volume import Modality  # noqa: E402
from LCDFusionLib.panel.choices import AnatomyWindow  # noqa: E402
from LCDFusionLib.panel.keys import press  # noqa: E402
from LCDFusionLib.views import layouts  # noqa: E402
from LCDFusionLib.views.choices import Arrangement, FunctionLook  # noqa: E402
from Testing.panel.conftest import volumes  # noqa: E402


def ranges(host):
    """Lower and upper end of uptake wherever it is on show: own view, blend, projection, and the scale of the blend."""
    views = host.panel.views
    nodes = (views.function.shown, views.function.node, views.projection.node)
    displays = [node.GetDisplayNode() for node in nodes]
    shown = {(round(each.GetWindowLevelMin(), 4), round(each.GetWindowLevelMax(), 4)) for each in displays}
    scale = re.search(r", (\S+) to (\S+) SUVbw", views._scales.text(layouts.FUSED))
    return shown | {(float(scale[1]), float(scale[2]))}


def drag(host, level=0.0, window=0.0):
    """As Slicer's own window and level widget does it."""
    display = host.panel.views.function.shown.GetDisplayNode()
    display.SetWindowLevel(display.GetWindow() + window, display.GetLevel() + level)


@pytest.mark.parametrize("look", list(FunctionLook))
def test_a_drag_keeps_zero_and_moves_everything_that_shows_uptake(host, load, monkeypatch, look):
    nodes = load(volumes())
    host.set(anatomy=nodes[0], function=nodes[1], function_look=look)
    assert ranges(host) == {(0, 10)}
    drag(host, level=-3.0)  # -3 to 7
    assert ranges(host) == {(0, 7)}
    assert "0-7 SUVbw" in host.title(layouts.FUNCTION)
    drag(host, window=4.0)  # -2 to 9
    assert ranges(host) == {(0, 9)}
    assert host.chosen.function_upper is None, "not while the hand moves"
    monkeypatch.setattr("LCDFusionLib.panel.display._STILL_S", 0.0)
    host.settle()
    assert host.chosen.function_upper == 9.0
    assert ranges(host) == {(0, 9)}
    assert "PET SUV 0-9" in host.panel.inputs.state.plan
    drag(host, level=-40.0)
    ((lower, upper),) = ranges(host)
    assert (lower, upper > 0) == (0, True)
    host.set(function_upper=5.0)  # typed after the hand
    assert ranges(host) == {(0, 5)}


def test_digits_choose_ranges_and_windows(host, load):
    nodes = load(volumes())
    host.set(anatomy=nodes[0], function=nodes[1])
    for key, upper in zip("67890", (5, 7, 10, 15, 20), strict=True):
        assert press(host.panel, key)
        host.panel.update()
        assert ranges(host) == {(0, upper)}
    press(host.panel, "a")
    host.panel.update()
    assert ranges(host) == {(0, 10)}
    assert host.panel.display.state.reason == "Automatic: SUV 0-10; hardly anything is hotter."
    # The order and places of OHIF's own hotkeys for CT: soft tissue, lung, liver, bone, brain.
    for key, (width, level) in zip("12345", ((350, 40), (1400, -700), (150, 90), (1800, 400), (80, 40)), strict=True):
        assert press(host.panel, key)
        host.panel.update()
        display = nodes[0].GetDisplayNode()
        assert (display.GetWindow(), display.GetLevel()) == (width, level)
    press(host.panel, "Shift+3")
    host.panel.update()
    assert host.panel.review.state.arrangement is Arrangement.FOUR_UP
    assert not press(host.panel, "q")


def test_a_window_for_ct_does_not_take_an_mr_from_the_screen(host, load):
    ct, pet = volumes()
    nodes = load((ct.with_array(ct.array, modality=Modality.MR), pet))
    host.set(anatomy=nodes[0], function=nodes[1])
    press(host.panel, "2")
    host.panel.update()
    assert host.chosen.window is AnatomyWindow.DEFAULT
    assert host.background(layouts.ANATOMY) == nodes[0].GetID()
    assert "is for CT" in host.panel.fusion.state.status


def test_the_default_looks_at_the_study_and_says_why(host, load):
    """A mass of SUV 42 is not one flat colour."""
    ct, pet = volumes(suv=42.0)
    k, j, i = np.mgrid[:16, :26, :26]
    mass = np.hypot(np.hypot(j - 13, i - 13), k - 8) < 5
    hot = pet.with_array(np.where(mass, 12 + 30 * (1 - np.hypot(j - 13, i - 13) / 5), 0.5).astype(np.float32))
    host.set(**dict(zip(("anatomy", "function"), load((ct, hot)), strict=True)))
    ((_, upper),) = ranges(host)
    ml = float((hot.array > 10).sum()) * 0.1
    assert upper > 20
    assert (hot.array > upper).sum() * 0.1 <= 20
    assert f"because {ml:.3g} ml are hotter than 10" in host.panel.display.state.reason
    assert f"PET SUV 0-{upper:g}" in host.panel.inputs.state.plan
    host.set(function_upper=5.0)
    assert host.panel.display.state.reason.endswith("ml are hotter, up to 42.")
