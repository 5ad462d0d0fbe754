"""One view alone, and whole images again."""

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.panel.choices import AnatomyWindow  # noqa: E402
from LCDFusionLib.panel.keys import press  # noqa: E402
from LCDFusionLib.views import layouts  # noqa: E402
from LCDFusionLib.views.choices import Arrangement  # noqa: E402
from Testing.panel.conftest import volumes  # noqa: E402


def test_a_double_click_takes_one_view_and_a_second_or_escape_brings_all_back(host, load):
    nodes = load(volumes())
    host.set(anatomy=nodes[0], function=nodes[1])
    review = host.panel.review

    def full():
        host.panel.update()
        return review.state.full

    review.make_full(layouts.FUNCTION)
    assert full() == layouts.FUNCTION
    review.make_full(layouts.FUNCTION)
    assert full() == ""
    review.make_full(layouts.PROJECTION)
    assert full() == layouts.PROJECTION
    assert press(host.panel, "Escape")
    assert full() == ""
    assert not press(host.panel, "Escape"), "it is for others then"
    review.make_full(layouts.BLEND)
    assert full() == "", "this arrangement has no such view"
    review.make_full(layouts.ANATOMY)
    host.set(arrangement=Arrangement.FOUR_UP)
    assert full() == "", "another arrangement was chosen"
    host.set(arrangement=Arrangement.READING)
    assert full() == ""


def test_r_shows_whole_images_with_the_windows_of_the_study(host, load):
    nodes = load(volumes())
    host.set(anatomy=nodes[0], function=nodes[1], window=AnatomyWindow.BONE, function_upper=3.0)
    node = host.slice_views[layouts.ANATOMY].node
    whole = node.GetFieldOfView()
    node.SetFieldOfView(whole[0] / 4, whole[1] / 4, whole[2])
    node.SetXYZOrigin(30, 20, 0)
    assert press(host.panel, "r")
    host.panel.update()
    assert node.GetFieldOfView() == pytest.approx(whole)
    assert node.GetXYZOrigin() == pytest.approx((0, 0, 0))
    assert (nodes[0].GetDisplayNode().GetWindow(), host.chosen.function_upper) == (350, None)
    assert "0-10 SUVbw" in host.title(layouts.FUNCTION)
    # At once after a drag too, which does not count yet.
    nodes[0].GetDisplayNode().SetWindowLevel(900, 100)
    uptake = host.panel.views.function.shown.GetDisplayNode()
    uptake.SetWindowLevel(20, 10)
    assert press(host.panel, "r")
    host.panel.update()
    assert nodes[0].GetDisplayNode().GetWindow() == 350
    assert uptake.GetWindowLevelMax() == pytest.approx(10)
    assert (host.chosen.window, host.chosen.function_upper) == (AnatomyWindow.DEFAULT, None)


def test_the_crosshair_goes_by_voxels_and_regions_are_measured_by_keys(host, load):
    nodes = load(volumes())
    host.set(anatomy=nodes[0], function=nodes[1])
    plane = host.panel.views.plane
    press(host.panel, "Shift+ArrowRight")
    middle = plane.crosshair
    press(host.panel, "Shift+ArrowRight")
    press(host.panel, "Shift+ArrowRight")
    press(host.panel, "Shift+ArrowUp")
    moved = [after - before for before, after in zip(middle, plane.crosshair, strict=True)]
    assert moved == pytest.approx([-8, 4, 0]), "the left of the patient is at the right of the picture; voxels of 4 mm"
    press(host.panel, "s")
    assert "Sphere of 10 mm" in host.panel.regions.state.text


def test_the_slice_is_named_before_and_after_the_fusion(host, load):
    nodes = load(volumes())
    host.set(anatomy=nodes[0], function=nodes[1])
    host.panel.views.slice = 2
    for _ in range(2):
        assert "slice 3/8" in host.title(layouts.ANATOMY)
        assert "slice 3/8" in host.title(layouts.FUSED)
        host.fuse()
    host.panel.views.instance_numbers = tuple(range(108, 100, -1))
    host.panel.views.slice = 3
    assert "slice 4/8, image 105" in host.title(layouts.FUSED)


def test_a_double_click_on_fuse_is_one_click(host, load):
    nodes = load(volumes())
    host.set(anatomy=nodes[0], function=nodes[1])
    host.panel.fusion.click()
    host.panel.fusion.click()
    assert host.panel.fusion.is_busy, "the second has not cancelled it"
    host.until(lambda: not host.panel.fusion.is_busy)
    host.settle()
    assert "8 slices fused" in host.panel.fusion.state.status
