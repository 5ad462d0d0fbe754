"""Three planes of anatomy, function and fused that meet in the crosshair."""

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.mrml.nodes import ijk_to_ras  # noqa: E402
from LCDFusionLib.views import layouts  # noqa: E402
from LCDFusionLib.views.choices import Arrangement, Orientation  # noqa: E402
from LCDFusionLib.views.fused_view import NOT_FUSED  # noqa: E402
from LCDFusionLib.views.planes import patient_letters, ras_of_pixel  # noqa: E402
from Testing.panel.conftest import volumes  # noqa: E402
from Testing.panel.test_on_show import HOT, HOT_RAS  # noqa: E402

PLANES = (layouts.ANATOMY, layouts.ACROSS[0][0], layouts.ACROSS[1][0])


@pytest.fixture
def nodes(host, load):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1], arrangement=Arrangement.THREE_PLANES)
    host.settle()
    return nodes


def through(host, name, place):
    """Whether a view's plane goes through the anatomy's layer of voxels that a place lies in."""
    matrix = host.slice_views[name].node.GetSliceToRAS()
    plane = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    axis = int(np.abs(plane[:3, 2]).argmax())
    to_index = np.linalg.inv(ijk_to_ras(host.chosen.anatomy))
    shown, wanted = to_index @ plane[:, 3], to_index @ [*place, 1]
    return round(float(shown[axis])) == round(float(wanted[axis]))


def click(host, name, place):
    """Puts the crosshair where a place is seen in a view, as a click does."""
    node = host.slice_views[name].node
    matrix = np.array([[node.GetXYToRAS().GetElement(row, column) for column in range(4)] for row in range(4)])
    x, y = (np.linalg.inv(matrix) @ [*place, 1])[:2]
    host.panel.views.plane.crosshair = ras_of_pixel(node, x, y)


def test_they_are_axial_coronal_and_sagittal_of_all_three_images(host, nodes):
    sides = [set(patient_letters(host.slice_views[name].node)) for name in PLANES]
    assert sides == [set("RLAP"), set("RLSI"), set("APSI")]
    for plane in layouts.ACROSS:
        pictures = [host.picture(name) for name in plane]
        assert all(picture.std() > 20 for picture in pictures)
        assert abs(pictures[0] - pictures[1]).mean() > 20
        assert host.title(plane[2]).startswith(NOT_FUSED)
    assert host.title(layouts.ACROSS[0][0]) == "Anatomy\ncoronal"
    assert host.title(layouts.ACROSS[1][1]) == "Function\nsagittal"


def test_a_click_in_any_plane_takes_the_others_there(host, nodes):
    """Two clicks find a lesion: the first in a plane that does not hold it, the second where it is seen then."""
    for first, second in ((PLANES[0], PLANES[1]), (PLANES[1], PLANES[2]), (PLANES[2], PLANES[0])):
        host.panel.views.plane.crosshair = (-40.0, 40.0, 2.0)
        assert all(through(host, name, (-40.0, 40.0, 2.0)) for name in PLANES)
        click(host, first, HOT_RAS)
        click(host, second, HOT_RAS)
        assert all(through(host, name, HOT_RAS) for name in PLANES), (first, second)
    for name in (layouts.FUNCTION, *(plane[1] for plane in layouts.ACROSS)):
        assert host.picture(name).min() < 60, "dark where it is hot"


def test_scrolling_moves_one_plane_and_not_the_others(host, nodes):
    host.panel.views.plane.crosshair = HOT_RAS
    before = [host.slice_views[name].node.GetSliceOffset() for name in layouts.SLICE_VIEWS]
    host.panel.review.scroll(2, layouts.ACROSS[1][2])
    after = [host.slice_views[name].node.GetSliceOffset() for name in layouts.SLICE_VIEWS]
    moved = {name for name, one, other in zip(layouts.SLICE_VIEWS, before, after, strict=True) if abs(one - other) > 1}
    assert moved == set(layouts.ACROSS[1])
    assert after[layouts.SLICE_VIEWS.index(layouts.ACROSS[1][0])] - before[layouts.SLICE_VIEWS.index(layouts.ACROSS[1][0])] in (8.0, -8.0)


def test_what_is_fused_stands_in_all_planes(host, nodes):
    blend = [host.picture(plane[2]) for plane in layouts.ACROSS]
    host.fuse()
    for plane, before in zip(layouts.ACROSS, blend, strict=True):
        assert "Fused" in host.title(plane[2])
        assert "not a medical device" in host.panel.views._annotations[plane[2]].notice_text
        assert abs(host.picture(plane[2]) - before).mean() > 2
        assert host.background(plane[2]) == host.panel.fusion.result.color.GetID()
    host.panel.review.peek()
    assert [host.background(plane[2]) for plane in layouts.ACROSS] == [nodes[0].GetID()] * 2
    host.panel.review.peek()
    assert host.background(layouts.ACROSS[0][2]) == host.panel.fusion.result.color.GetID()


def test_turned_the_first_plane_changes_places_with_another(host, nodes):
    host.set(orientation=Orientation.SAGITTAL)
    host.settle()
    assert [set(patient_letters(host.slice_views[name].node)) for name in PLANES] == [set("APSI"), set("RLAP"), set("RLSI")]


def test_in_other_arrangements_and_after_the_pair_they_are_empty(host, nodes):
    host.panel.views.plane.crosshair = HOT_RAS
    host.set(arrangement=Arrangement.READING)
    offset = host.slice_views[layouts.ANATOMY].node.GetSliceOffset()
    assert [host.background(name) for name in layouts.BASE] == [None] * 6
    assert {host.title(name) for name in layouts.BASE} == {""}
    host.panel.views.plane.crosshair = (-40.0, 40.0, 2.0)
    assert host.slice_views[layouts.ANATOMY].node.GetSliceOffset() == offset, "a click alone moves no slice here"
    host.set(arrangement=Arrangement.THREE_PLANES)
    assert None not in [host.background(name) for name in layouts.BASE]
    host.set(anatomy=None)
    assert [host.background(name) for name in layouts.SLICE_VIEWS] == [None] * len(layouts.SLICE_VIEWS)
