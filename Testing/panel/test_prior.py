"""A prior study beside the pair: found where it lies, measured as numpy and scipy measure it, and gone with what it belonged to."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest
import vtk

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from scipy import ndimage  # noqa: E402

from LCDFusionLib.images.registration import Registration  # noqa: E402
from LCDFusionLib.images.volume import LPS_TO_RAS, Unit  # noqa: E402
from LCDFusionLib.mrml.nodes import hierarchy_item, ijk_to_ras, voxels, voxels_modified  # noqa: E402
from LCDFusionLib.mrml.prior import keep_registration  # noqa: E402
from LCDFusionLib.panel import prior_regions  # noqa: E402
from LCDFusionLib.panel.choices import AnatomyWindow, ColorTableChoice  # noqa: E402
from LCDFusionLib.panel.export import ExportKind  # noqa: E402
from LCDFusionLib.views import layouts  # noqa: E402
from LCDFusionLib.views.choices import Arrangement, FunctionLook  # noqa: E402
from Testing.panel.prior_studies import LIVER_LESION, NODULE, motion, study  # noqa: E402

NOW = [(NODULE, 14.0, 4.0), (LIVER_LESION, 12.0, 9.0)]
BEFORE = [(NODULE, 18.0, 8.0), (LIVER_LESION, 12.0, 6.0)]
FOUND = Registration(motion(), 1.2, 0.4, 7, 7, 0.9, 20.0)


@pytest.fixture(scope="module")
def now():
    return study(NOW, noise=1)


@pytest.fixture(scope="module")
def before():
    return study(BEFORE, to_now=motion(), name=" old", frame="1.2.4", noise=2)


def matrix_of(matrix):
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def ras(lps):
    return tuple((LPS_TO_RAS[:3, :3] @ lps).tolist())


def put(load, pair, patient="Ada^Old", day="20250314"):
    """Into the scene, as Slicer's DICOM module leaves it; gives the nodes."""
    nodes = load(pair, patient=patient)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(nodes[0].GetScene())
    names = slicer.vtkMRMLSubjectHierarchyConstants
    study_item = hierarchy.GetItemAncestorAtLevel(hierarchy_item(nodes[0]), names.GetDICOMLevelStudy())
    hierarchy.SetItemAttribute(study_item, names.GetDICOMStudyDateAttributeName(), day)
    items = vtk.vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), items, False)
    of_one = [item for item in map(items.GetId, range(items.GetNumberOfIds())) if hierarchy.GetItemName(item) == patient]
    hierarchy.SetItemParent(study_item, of_one[0])  # one patient has several studies
    return nodes


@pytest.fixture
def both(host, load, now, before):
    """Both studies in the scene, the one of now on show; the nodes of both."""
    nodes = put(load, now), put(load, before, day="20240816")
    host.set(anatomy=nodes[0][0], function=nodes[0][1])
    return nodes


def choose(host, nodes, *, found=FOUND):
    """Chooses the prior in the list; `found`: what a registration has found earlier."""
    if found is not None:
        keep_registration(host.chosen.anatomy, nodes[0], found)
    host.panel.prior.choose(nodes[1].GetID())
    host.settle()


def compared(row):
    return dict(zip(prior_regions.COLUMNS, row.prior, strict=True))


def ball(volume, centre, radius):
    k, j, i = np.mgrid[: volume.shape[0], : volume.shape[1], : volume.shape[2]]
    place = (np.stack([i, j, k, np.ones_like(i)], axis=-1) @ volume.ijk_to_lps.T)[..., :3]
    return np.linalg.norm(place - centre, axis=-1) <= radius


def contour(volume, centre, part):
    """The lesion at a place, by scipy."""
    level = part * volume.array[ball(volume, centre, 8.0)].max()
    labels, _ = ndimage.label(volume.array >= level)
    i, j, k = np.rint(np.linalg.inv(volume.ijk_to_lps) @ [*centre, 1])[:3].astype(int)
    return labels == labels[k, j, i]


def test_a_prior_is_registered_and_the_changes_are_those_that_were_made(host, both, now, before):
    panel, there = host.panel, (np.linalg.inv(motion()) @ [*NODULE, 1])[:3]
    (offer,) = panel.prior.state.offers
    assert offer.title.startswith("2024-08-16  Ada Old  ")
    panel.prior.choose(offer.key)
    host.settle()
    assert panel.prior.state.is_running
    assert panel.prior.state.label == "Cancel"
    texts = set()
    host.until(lambda: texts.add(panel.prior.state.text) or not panel.prior.state.is_running)
    host.settle()
    assert len({text for text in texts if text.startswith("Registering, ")}) > 3, "it says how far it is"
    assert any(" s left" in text for text in texts), "and how long it will take"
    assert "Registered rigidly" in panel.prior.state.text
    assert "Compare before you trust it" in panel.prior.state.text
    assert panel.prior.state.warnings == ()
    shown = panel.prior_on_show
    assert np.linalg.norm(np.subtract(shown.place(ras(NODULE)), ras(there))) < 2
    assert shown.days == 210

    panel.views.plane.jump(ras(NODULE))
    host.set(region_radius=22.0, isocontour=50.0)
    panel.regions.sphere()
    panel.views.plane.jump(ras(LIVER_LESION))
    panel.regions.isocontour()
    nodule, liver = panel.regions.state.rows
    old = before[1]
    held = old.array[ball(old, there, 22.0)]
    assert float(compared(nodule)["Prior max"]) == pytest.approx(held.max(), rel=0.05)
    assert float(compared(nodule)["max %"]) == pytest.approx(-50, abs=5)
    of_now = now[1].array[ball(now[1], NODULE, 22.0)]
    assert float(compared(nodule)["TLG %"]) == pytest.approx(100 * (of_now.sum() / held.sum() - 1), abs=5)
    for volume, column in ((now[1], None), (old, "Prior ml")):
        centre = LIVER_LESION if volume is now[1] else (np.linalg.inv(motion()) @ [*LIVER_LESION, 1])[:3]
        ml = contour(volume, centre, 0.5).sum() * 0.064
        if column:
            assert float(compared(liver)[column]) == pytest.approx(ml, abs=0.01)
    assert float(compared(liver)["max %"]) == pytest.approx(50, abs=1)
    assert compared(liver)["Prior peak"] == "6.00"
    assert panel.regions.state.prior == "Prior study 2024-08-16  Ada Old, 210 days before"
    assert np.array_equal(ijk_to_ras(both[1][1]), LPS_TO_RAS @ old.ijk_to_lps), "the prior's own node stays where it lies"
    row = host.slice_views[layouts.PRIOR_FUNCTION]
    assert "Prior function\n2024-08-16  Ada Old\n0-10 SUVbw" in host.title(layouts.PRIOR_FUNCTION)
    assert "Anatomy\n2025-03-14  Ada Old\nslice" in host.title(layouts.ANATOMY)
    spot = np.argwhere(row.render()[..., 0].astype(int) < 90)  # SUV above about 6 of 10 on white, and letters
    assert len(spot) > 20
    host.set(arrangement=Arrangement.READING)
    assert "SUV 8.00" in panel.views.probe(ras(NODULE)).split("Prior: ")[1]


def test_the_prior_is_seen_at_the_registered_place(host, both):
    choose(host, both[1])
    host.set(function_upper=5.0)
    host.panel.views.plane.jump(ras(NODULE))
    pictures = {name: host.picture(name) for name in (layouts.FUNCTION, layouts.PRIOR_FUNCTION)}
    for name, picture in pictures.items():
        to_pixel = np.linalg.inv(matrix_of(layouts.slice_node(host.panel.scene, name).GetXYToRAS()))
        x, y = (to_pixel @ [*ras(NODULE), 1])[:2]
        row, column = round(len(picture) - 1 - y), round(x)
        dark = np.argwhere(picture[row - 30 : row + 31, column - 30 : column + 31].max(axis=-1) < 90)
        assert len(dark) > 100, name
        assert np.linalg.norm(dark.mean(axis=0) - 30) < 2, f"{name}: the lesion lies where it lies now"
    host.panel.prior.show_unregistered()
    host.settle()
    assert "NOT REGISTERED" in host.title(layouts.PRIOR_FUNCTION)
    assert abs(host.picture(layouts.PRIOR_FUNCTION) - pictures[layouts.PRIOR_FUNCTION]).mean() > 3


def test_both_rows_have_one_range_and_one_window(host, both):
    choose(host, both[1])
    host.set(function_upper=15.0)
    for names, window in (((layouts.FUNCTION, layouts.PRIOR_FUNCTION), 15.0), ((layouts.ANATOMY, layouts.PRIOR_ANATOMY), 350.0)):
        shown = [host.panel.scene.GetNodeByID(host.background(name)).GetDisplayNode() for name in names]
        first, second = ((each.GetWindow(), each.GetLevel(), each.GetColorNodeID()) for each in shown)
        assert first == second
        assert first[0] == window


def colors_of_scale(picture):
    """How many pixels where the scale stands are in colour."""
    height, width, _ = picture.shape
    bar = picture[round(0.12 * height) : round(0.48 * height), round(0.82 * width) :]
    return int((np.ptp(bar, axis=-1) > 60).sum())


def test_the_colours_of_a_prior_have_a_scale_of_their_own(host, load, both, before):
    """Of the range that it is shown in, wherever the prior is in colour; gone with it."""

    def scales():
        return [host.panel.views._scales.text(name) for name in (layouts.PRIOR_BLEND, layouts.PRIOR_FUNCTION)]

    counts = put(load, (before[0], before[1].with_array(before[1].array * 1000, unit=Unit.BQML)), day="20230101")
    assert scales() == ["", ""]
    assert colors_of_scale(host.picture(layouts.PRIOR_BLEND)) < 50
    choose(host, both[1])
    assert scales() == ["blaze, 0 to 10 SUVbw", ""]
    assert colors_of_scale(host.picture(layouts.PRIOR_BLEND)) > 200
    host.set(function_upper=5.0, table=ColorTableChoice.EMBER, function_look=FunctionLook.COLOR)
    assert scales() == ["ember, 0 to 5 SUVbw"] * 2
    choose(host, counts)
    lower, upper = host.panel.prior_on_show.function_window.lower, host.panel.prior_on_show.function_window.upper
    assert scales() == [f"ember, {lower:g} to {upper:g} Bq/ml"] * 2
    assert upper > 1000
    host.panel.prior.choose("")
    host.settle()
    assert scales() == ["", ""]
    assert colors_of_scale(host.picture(layouts.PRIOR_BLEND)) < 50


@pytest.mark.parametrize("which", [layouts.PRIOR_FUNCTION, layouts.PRIOR_BLEND])
def test_a_hand_in_a_prior_view_moves_the_range_of_both_rows(host, both, monkeypatch, which):
    """As Slicer's own window and level widget does it, in whatever view it is dragged."""
    choose(host, both[1])
    scene, views = host.panel.scene, host.panel.views
    composite = layouts.composite_node(scene, which)
    node = scene.GetNodeByID(composite.GetForegroundVolumeID() or composite.GetBackgroundVolumeID())
    node.GetDisplayNode().SetWindowLevel(10.0, 2.0)  # -3 to 7

    def ranges():
        blend = layouts.composite_node(scene, layouts.PRIOR_BLEND).GetForegroundVolumeID()
        nodes = views.function.shown.GetID(), host.background(layouts.PRIOR_FUNCTION), blend
        displays = [scene.GetNodeByID(each).GetDisplayNode() for each in nodes]
        return {(each.GetWindowLevelMin(), each.GetWindowLevelMax()) for each in displays}

    assert ranges() == {(0, 7)}
    assert views._scales.text(layouts.PRIOR_BLEND) == "blaze, 0 to 7 SUVbw"
    assert "0-7 SUVbw" in host.title(layouts.PRIOR_FUNCTION)
    monkeypatch.setattr("LCDFusionLib.panel.display._STILL_S", 0.0)
    host.settle()
    assert host.chosen.function_upper == 7.0
    assert ranges() == {(0, 7)}


def test_a_hand_in_a_prior_view_moves_the_window_of_both_rows(host, both, monkeypatch):
    choose(host, both[1])
    scene = host.panel.scene
    shown = [scene.GetNodeByID(host.background(name)).GetDisplayNode() for name in (layouts.PRIOR_ANATOMY, layouts.ANATOMY)]
    shown[0].SetWindowLevel(500.0, 60.0)
    assert "W 500  L 60" in host.title(layouts.ANATOMY)
    monkeypatch.setattr("LCDFusionLib.panel.display._STILL_S", 0.0)
    host.settle()
    assert [(each.GetWindow(), each.GetLevel()) for each in shown] == [(500, 60)] * 2
    assert host.chosen.window is AnatomyWindow.ON_DISPLAY


def test_all_six_views_scroll_and_zoom_together(host, both):
    choose(host, both[1])
    host.panel.views.slice = 20
    nodes = [layouts.slice_node(host.panel.scene, name) for name in (layouts.ANATOMY, *layouts.PRIOR)]
    assert len({node.GetSliceOffset() for node in nodes}) == 1
    host.panel.views.plane.scroll(3)
    assert len({node.GetSliceOffset() for node in nodes}) == 1
    assert len({tuple(node.GetFieldOfView()[:2]) for node in nodes}) == 1
    assert len({layouts.composite_node(host.panel.scene, name).GetHotLinkedControl() for name in layouts.PLANES}) == 1


def test_another_patient_needs_a_word_and_is_seen(host, load, now, before):
    mine, other = put(load, now), put(load, before, patient="Bob^Else", day="20240816")
    host.set(anatomy=mine[0], function=mine[1])
    host.panel.views.plane.jump(ras(NODULE))
    host.panel.regions.sphere()
    choose(host, other)
    assert host.panel.prior_on_show is None
    assert "another patient's" in host.panel.prior.state.mismatch
    assert "another patient's" in host.title(layouts.PRIOR_ANATOMY)
    assert host.background(layouts.PRIOR_ANATOMY) is None
    assert host.panel.regions.state.rows[0].prior == ()
    host.panel.prior.confirm(True)
    host.settle()
    assert host.panel.prior.state.is_confirmed
    assert "ANOTHER PATIENT" in host.title(layouts.PRIOR_ANATOMY)
    red, green, blue = host.panel.views._annotations[layouts.PRIOR_ANATOMY]._title.GetTextProperty().GetColor()
    assert red > 2 * max(green, blue)
    assert host.panel.regions.state.rows[0].prior != ()
    host.panel.prior.confirm(False)
    host.settle()
    assert host.panel.prior_on_show is None
    assert host.panel.regions.state.rows[0].prior == ()


def test_what_belongs_to_a_prior_goes_with_it(host, load, both, before):
    third = put(load, study([(NODULE, 18.0, 2.0)], to_now=motion(), name=" older", frame="1.2.5"), day="20230101")
    choose(host, both[1])
    host.panel.views.plane.jump(ras(NODULE))
    host.panel.regions.sphere()
    host.settle()
    of_second = host.panel.regions.state.rows[0].prior
    choose(host, third)
    assert "2023-01-01" in host.title(layouts.PRIOR_BLEND)
    assert host.panel.regions.state.rows[0].prior != of_second
    host.panel.prior.choose("")
    host.settle()
    assert host.panel.regions.state.rows[0].prior == ()
    assert host.panel.regions.state.prior == ""
    assert [host.background(name) for name in layouts.PRIOR] == [None] * 3
    assert "No prior study" in host.title(layouts.PRIOR_BLEND)
    assert "Ada" not in host.title(layouts.ANATOMY)
    assert host.chosen.arrangement is Arrangement.READING


def test_a_prior_goes_with_the_pair_that_it_was_chosen_for(host, load, both, now):
    other = put(load, [replace(volume, name=f"{volume.name} 3") for volume in now], patient="Cy^Third")
    choose(host, both[1])
    host.set(anatomy=other[0], function=other[1])
    assert host.panel.prior_on_show is None
    assert (host.chosen.prior, host.chosen.prior_key) == (None, "")
    assert [host.background(name) for name in layouts.PRIOR] == [None] * 3
    assert host.panel.prior.state.text == ""


def test_a_prior_goes_with_the_pair_though_nothing_was_on_show_between(host, load, both, now):
    other = put(load, [replace(volume, name=f"{volume.name} 3") for volume in now], patient="Cy^Third")
    choose(host, both[1])
    host.set(anatomy=None, function=None, waiting="Reading CT 3")
    assert host.background(layouts.PRIOR_ANATOMY) is None
    host.set(anatomy=other[0], function=other[1], waiting="")
    assert host.panel.prior_on_show is None
    assert host.chosen.prior_key == ""


def test_where_something_is_moved_the_registration_does_not_count(host, both):
    choose(host, both[1])
    host.panel.views.plane.jump(ras(NODULE))
    host.panel.regions.sphere()
    host.settle()
    there = host.panel.regions.state.rows[0].prior
    both[1][0].SetOrigin(0, 0, 0)
    host.settle()
    assert host.panel.prior_on_show is None
    assert host.panel.regions.state.rows[0].prior == ()
    assert "Not registered" in host.title(layouts.PRIOR_ANATOMY)
    both[1][0].SetOrigin(*(LPS_TO_RAS @ study([], to_now=None)[0].ijk_to_lps)[:3, 3])
    host.settle()
    assert host.panel.regions.state.rows[0].prior == there


def test_a_painted_prior_is_measured_anew(host, both):
    choose(host, both[1])
    host.panel.views.plane.jump(ras(NODULE))
    host.panel.regions.sphere()
    voxels(both[1][1])[:] = 16.0
    voxels_modified(both[1][1])
    host.settle()
    assert compared(host.panel.regions.state.rows[0])["Prior max"] == "16.00"
    assert compared(host.panel.regions.state.rows[0])["max %"] == "-75"


def test_a_cancelled_registration_leaves_nothing_and_the_prior_can_be_shown_as_it_lies(host, both):
    choose(host, both[1], found=None)
    pid = host.panel.prior_registration.pid
    assert pid is not None
    host.panel.prior.register()
    host.settle()
    assert not host.panel.prior_registration.is_running
    assert "Cancelled" in host.panel.prior.state.text
    assert host.panel.prior_on_show is None
    assert host.panel.prior.state.can_show
    host.panel.prior.show_unregistered()
    host.panel.views.plane.jump(ras(NODULE))
    host.panel.regions.sphere()
    host.settle()
    assert "NOT REGISTERED" in host.title(layouts.PRIOR_ANATOMY)
    row = host.panel.regions.state.rows[0]
    assert set(row.prior) == {""}, "no number where the place is not known"
    assert "not registered" in row.why_no_prior


def test_a_prior_that_cannot_be_aligned_is_said_and_never_shown_as_if_it_were(host, both):
    noise = np.random.default_rng(3).integers(-1000, 1000, voxels(both[1][0]).shape)
    voxels(both[1][0])[:] = noise
    voxels_modified(both[1][0])
    choose(host, both[1], found=None)
    host.until(lambda: not host.panel.prior_registration.is_running)
    host.settle()
    assert "cannot be aligned with confidence" in host.panel.prior.state.text
    assert host.panel.prior_on_show is None
    assert host.background(layouts.PRIOR_ANATOMY) is None


def test_another_choice_ends_a_registration(host, both):
    choose(host, both[1], found=None)
    assert host.panel.prior_registration.is_running
    host.panel.prior.choose("")
    host.settle()
    assert not host.panel.prior_registration.is_running


def test_a_new_lesion_has_no_change_and_says_why(host, load, now):
    mine, clean = put(load, now), put(load, study([], to_now=motion(), name=" clean", frame="1.2.4"), day="20240816")
    host.set(anatomy=mine[0], function=mine[1])
    choose(host, clean)
    host.panel.views.plane.jump(ras(LIVER_LESION))
    host.panel.regions.isocontour()
    (row,) = host.panel.regions.state.rows
    assert set(row.prior) == {""}
    assert "hotter uptake elsewhere" in row.why_no_prior
    assert row.why_no_prior in host.panel.regions.state.text
    host.panel.regions.sphere()
    (row,) = host.panel.regions.state.rows
    assert compared(row)["Prior max"] == "0.70", "a sphere has a value everywhere"


def test_other_units_are_not_compared(host, load, now, before):
    counts = before[1].with_array(before[1].array, unit=Unit.BQML)
    mine, old = put(load, now), put(load, (before[0], counts), day="20240816")
    host.set(anatomy=mine[0], function=mine[1])
    choose(host, old)
    host.panel.views.plane.jump(ras(NODULE))
    host.panel.regions.sphere()
    host.settle()
    assert set(host.panel.regions.state.rows[0].prior) == {""}
    assert any("no change can be reckoned" in warning for warning in host.panel.prior.state.warnings)


def test_the_changes_as_a_file_without_a_name_of_either(host, both, tmp_path):
    choose(host, both[1])
    host.panel.views.plane.jump(ras(NODULE))
    host.panel.regions.sphere()
    host.panel.regions.rename(host.panel.regions.state.rows[0].key, "Ada's nodule")
    host.settle()
    there = ras((np.linalg.inv(motion()) @ [*NODULE, 1])[:3])
    for deidentify in (False, True):
        host.set(deidentify=deidentify)
        (written,) = [path for step in host.panel.export.steps(ExportKind.REGIONS, tmp_path) for path in step()]
        text = written.read_text()
        (row,) = csv.DictReader(io.StringIO(text))
        assert [float(row[f"prior_{side}_mm"]) for side in ("right", "anterior", "superior")] == pytest.approx(there, abs=0.01)
        assert (float(row["prior_maximum"]), float(row["change_maximum_percent"])) == (8.0, -50.0)
        assert row["days_since_prior"] == "210"
        assert deidentify is not any(word in text for word in ("Ada", "Old", "PET", "2024", "2025"))
