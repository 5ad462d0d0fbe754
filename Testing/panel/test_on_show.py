"""What stands on the screen belongs to what is on show: one pair, where it lies, its settings, the slice, the side."""

import re
from dataclasses import replace

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.mrml.transforms import REGISTRATION_ATTRIBUTE, transform_node  # noqa: E402
from LCDFusionLib.panel.choices import AnatomyWindow  # noqa: E402
from LCDFusionLib.panel.inputs import InputsState  # noqa: E402
from LCDFusionLib.panel.on_show import Belongs, OnShow  # noqa: E402
from LCDFusionLib.views import layouts  # noqa: E402
from LCDFusionLib.views.fused_view import NOT_FUSED  # noqa: E402
from LCDFusionLib.views.planes import patient_letters, side_words  # noqa: E402
from Testing.panel.conftest import volumes  # noqa: E402

HOT = (12.0, 4.0, 30.0)  # LPS mm, of the hot spot
HOT_RAS = (-12.0, -4.0, 30.0)


def register(pet, shift):
    """A registration's transform on a PET, by a shift in LPS mm."""
    motion = np.eye(4)
    motion[:3, 3] = shift
    node = transform_node(pet.GetScene(), motion, name="PET to CT, rigid")
    node.SetAttribute(REGISTRATION_ATTRIBUTE, "8 of 8 starts agree")
    pet.SetAndObserveTransformNodeID(node.GetID())


def suv_at(volume, lps):
    """The nearest voxel, reckoned here."""
    i, j, k = np.rint(np.linalg.inv(volume.ijk_to_lps) @ [*lps, 1])[:3].astype(int)
    return float(volume.array[k, j, i])


def probed(host, ras):
    return float(re.search(r"SUV (\S+)", host.panel.views.probe(ras))[1])


def test_what_belongs_to_a_part_of_the_key_goes_with_that_part():
    key = OnShow(pair=("a", "b"), slice=3, angle=10.0)
    said = Belongs("text", key, "pair", "angle")
    assert said.on(replace(key, slice=4)) == "text"
    assert said.on(replace(key, angle=20.0)) is None
    assert said.on(replace(key, pair=("a", "c"))) is None
    assert Belongs("text", key).on(OnShow()) == "text"


def test_a_moved_pet_takes_view_readout_region_and_projection_along_and_back(host, load):
    ct, pet = volumes(HOT)
    nodes = load((ct, pet))
    host.set(anatomy=nodes[0], function=nodes[1])
    panel, shift = host.panel, np.array([-20.0, 8.0, 8.0])
    panel.views.plane.jump(HOT_RAS)
    panel.regions.sphere()
    before = {name: host.picture(name) for name in (layouts.FUNCTION, layouts.PROJECTION)}
    there, text = probed(host, HOT_RAS), panel.regions.state.text
    assert there == pytest.approx(suv_at(pet, HOT), abs=0.005)

    register(nodes[1], shift)
    host.settle()
    assert probed(host, HOT_RAS) == pytest.approx(suv_at(pet, HOT - shift), abs=0.005)
    assert probed(host, HOT_RAS) != pytest.approx(there, abs=0.5)
    assert panel.regions.state.text != text, "the sphere stays where it was placed, and holds something else"
    assert abs(host.picture(layouts.FUNCTION) - before[layouts.FUNCTION]).max() > 60
    hottest = host.panel.views.point_behind(tuple(np.subtract(HOT, -shift) * (-1, -1, 1)))
    assert np.linalg.norm(np.subtract(hottest, (HOT + shift) * (-1, -1, 1))) < 5, "the projection lies where the PET lies"
    assert "Registered rigidly" in panel.registration.state.text

    panel.registration.undo()
    host.settle()
    assert probed(host, HOT_RAS) == pytest.approx(there)
    assert panel.regions.state.text == text
    for name, picture in before.items():
        assert abs(host.picture(name) - picture).mean() < 2, name
    assert panel.registration.state.text == ""


def test_a_painted_voxel_is_read_at_once(host, load):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1])
    from LCDFusionLib.mrml.nodes import voxels, voxels_modified

    voxels(nodes[1])[:] = 3.0
    voxels_modified(nodes[1])
    host.settle()
    assert probed(host, HOT_RAS) == 3.0


def test_the_crosshair_is_dimmed_off_its_slice_and_the_region_says_where_it_is(host, load):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1])
    panel, crosshair = host.panel, host.panel.scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    assert not panel.regions.state.can_measure
    assert "crosshair" in panel.regions.state.tip
    panel.views.plane.jump(HOT_RAS)  # slices are 8 mm apart, so 30 mm lies in K = 4
    assert panel.regions.state.can_measure
    bright = max(crosshair.GetCrosshairColor())
    panel.views.slice = 1
    assert max(crosshair.GetCrosshairColor()) < 0.5 * bright
    host.choose(region_radius=12.0)
    panel.update()
    panel.regions.sphere()
    text = panel.regions.state.text
    assert "Sphere of 12 mm at slice 5, L 12, P 4, S 30 mm" in text
    assert re.search(r"maximum in slice 5, L 1[1-4], P [3-5], S (29|30|31) mm", text)
    panel.views.slice = 4
    assert max(crosshair.GetCrosshairColor()) == pytest.approx(bright)


@pytest.mark.parametrize("angle", [0, 35, 90, 180, 215, 270])
def test_the_projection_shows_crosshair_and_sides_where_they_are_from_every_side(host, load, angle):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1])
    view, views = host.slice_views[layouts.PROJECTION], host.panel.views
    host.set(projection_angle=float(angle))
    picture = host.picture(layouts.PROJECTION).max(axis=2)
    picture[picture < 12] = 255  # round the picture
    picture[:60], picture[-60:], picture[:, :50], picture[:, -50:] = 255, 255, 255, 255  # letters and title
    row, column = np.mean(np.nonzero(picture < picture.min() + 12), axis=1)  # inverse gray: the hottest is the darkest
    to_xy = np.linalg.inv([[view.node.GetXYToRAS().GetElement(r, c) for c in range(4)] for r in range(4)])
    x, y = (to_xy @ [*HOT_RAS, 1])[:2]  # where Slicer draws a crosshair that lies there
    height = picture.shape[0]
    assert (x, height - y) == pytest.approx((column, row), abs=8)
    place = views.point_behind((*_ras_of(view.node, column, height - row),))
    assert np.linalg.norm(np.subtract(place, HOT_RAS)) < 10
    sides = {0: ("R", "L"), 90: ("ANT", "POST"), 180: ("L", "R"), 270: ("POST", "ANT")}
    if angle in sides:
        assert side_words(view.node)[:2] == sides[angle]
        assert f"from {({0: 'ANT', 90: 'L', 180: 'POST', 270: 'R'})[angle]}\n" in host.title(layouts.PROJECTION)
    assert patient_letters(view.node)[2:] == ("S", "I")


def _ras_of(node, x, y):
    return node.GetXYToRAS().MultiplyPoint([x, y, 0, 1])[:3]


def test_a_wheel_over_the_projection_does_not_empty_it(host, load):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1])
    before = host.picture(layouts.PROJECTION)
    node = host.slice_views[layouts.PROJECTION].node
    node.SetSliceOffset(node.GetSliceOffset() + 40)
    assert abs(host.picture(layouts.PROJECTION) - before).max() < 30


def test_key_slices_belong_to_their_pair(host, load):
    first, second = load(volumes(HOT)), load(volumes(HOT, name=" 2"))
    host.set(anatomy=first[0], function=first[1])
    host.fuse()
    host.panel.views.slice = 6
    host.panel.export.mark()
    assert host.panel.export.state.marked == "Marked: 7"
    host.set(function=second[1])
    assert host.panel.export.state.key_slices == ()
    host.set(anatomy=second[0])
    assert host.panel.export.state.key_slices == ()
    host.set(anatomy=first[0], function=first[1])
    assert host.panel.export.state.key_slices == (6,)


def test_the_fused_view_says_its_settings_and_when_they_are_older(host, load):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1])
    host.fuse()
    title = host.title(layouts.FUSED)
    assert "350/40 HU" in title
    assert "0 to 10 SUVbw" in title
    assert "ct-pet weights" in title
    assert "OLDER" not in title
    assert host.panel.views._scales.text(layouts.FUSED) == "blaze, 0 to 10 SUVbw"
    for changes, word in (
        ({"window": AnatomyWindow.LUNG}, "window"),
        ({"function_upper": 6.0}, "range"),
        ({"weights": type(host.chosen.weights).MR_PET}, "weights"),
        ({"table": type(host.chosen.table).HOT_IRON}, "colours"),
    ):
        before = {name: getattr(host.chosen, name) for name in changes}
        host.set(**changes)
        assert f"OLDER CHOICES: {word}" in host.title(layouts.FUSED)
        assert "350/40 HU" in host.title(layouts.FUSED), "what it was made with, not what is chosen"
        assert host.panel.views._scales.text(layouts.FUSED) == "blaze, 0 to 10 SUVbw"
        assert f"OLDER CHOICES: {word}" in host.panel.metrics.state.title
        assert "other choices" in host.panel.export.state.tip
        host.set(**before)
        assert "OLDER" not in host.title(layouts.FUSED)
    host.set(window=AnatomyWindow.MEDIASTINUM)
    assert "OLDER" not in host.title(layouts.FUSED), "by modality it was the same window"
    register(nodes[1], (10, 0, 0))
    host.settle()
    assert "OLDER CHOICES: place" in host.title(layouts.FUSED)


def test_a_preview_is_called_so_and_has_no_mean(host, load):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1])
    host.panel.views.slice = 2
    host.panel.fusion.preview()
    host.until(lambda: not host.panel.fusion.is_busy)
    host.settle()
    assert "preview" in host.title(layouts.FUSED)
    assert host.panel.metrics.state.title == "Slice 3, preview"
    host.panel.views.slice = 5
    assert host.panel.metrics.state.title == "Not fused yet"
    assert host.panel.metrics.state.rows == ()
    host.panel.views.plane.orientation = type(host.panel.views.plane.orientation).CORONAL
    host.panel.update()
    assert "Mean" not in host.panel.metrics.state.title
    assert "mean" not in host.panel.views._annotations[layouts.FUSED].metrics_text


@pytest.mark.parametrize("upper", [0.0, -3.0, float("nan")])
def test_full_uptake_that_cannot_be_is_refused_in_its_field(host, load, upper):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1], function_upper=upper)
    assert "must be above 0" in host.panel.display.state.upper_problem
    assert not host.panel.fusion.state.can_fuse
    host.set(function_upper=None)
    assert host.panel.display.state.upper_problem == ""
    assert host.panel.fusion.state.can_fuse


def test_one_patients_pictures_never_stand_under_anothers_name(host, load):
    first, second = load(volumes(HOT), "Adam^A"), load(volumes((-20.0, -10.0, 14.0), name=" 2"), "Berta^B")
    host.set(anatomy=first[0], function=first[1])
    host.panel.views.plane.jump(HOT_RAS)
    host.panel.regions.sphere()
    host.panel.fusion.fuse()
    host.until(lambda: host.panel.fusion.state.done > 0 or not host.panel.fusion.is_busy)

    host.set(anatomy=None, function=None, waiting="Reading CT 2")  # another is being read while this one is being fused
    assert [host.background(name) for name in (*layouts.LINKED, layouts.PROJECTION)] == [None] * 5
    assert all("Reading CT 2" in host.title(name) for name in (*layouts.LINKED, layouts.PROJECTION))
    assert host.panel.views.probe(HOT_RAS) == ""
    assert host.panel.regions.state.text == ""
    assert host.panel.metrics.state.rows == ()
    assert host.panel.inputs.state.patient == ""

    host.set(anatomy=second[0], function=second[1], waiting="")
    assert "Berta B" in host.panel.inputs.state.patient
    assert host.background(layouts.ANATOMY) == second[0].GetID()
    assert host.background(layouts.FUSED) == second[0].GetID(), "the blend of this pair"
    assert host.title(layouts.FUSED).startswith(NOT_FUSED)
    assert host.panel.fusion.state.done == 0, "the bar is the other pair's"
    if host.panel.fusion.is_busy:
        assert "'CT + PET' is still being fused" in host.panel.fusion.state.status
        assert "CT + PET" in host.panel.fusion.state.tip
    assert host.panel.views.plane.crosshair is None, "it was placed in the other patient"
    assert not host.panel.regions.state.can_measure
    host.until(lambda: not host.panel.fusion.is_busy)
    host.settle()
    assert "slices fused" not in host.panel.fusion.state.status
    assert host.panel.fusion.state.kept is None
    host.set(anatomy=first[0], function=first[1])
    assert "8 slices fused" in host.panel.fusion.state.status
    assert host.panel.fusion.state.done == 8


def test_two_patients_are_both_named_and_not_on_show(host, load):
    first, second = load(volumes(HOT), "Adam^A"), load(volumes(HOT, name=" 2"), "Berta^B")
    host.set(anatomy=first[0], function=second[1])
    state: InputsState = host.panel.inputs.state
    assert "two patients" in state.problem
    assert "Anatomy: Adam A" in state.patient
    assert "Function: Berta B" in state.patient
    assert host.background(layouts.FUNCTION) is None
    assert "see Inputs" in host.title(layouts.FUNCTION)


def test_a_finished_result_stays_until_the_next_is_whole(host, load):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1])
    host.fuse()
    whole = host.panel.whole.nodes
    host.set(window=AnatomyWindow.LUNG)
    host.panel.fusion.fuse()
    assert whole.is_in_scene
    assert host.panel.whole.nodes == whole, "what can be exported is still there"
    assert host.background(layouts.FUSED) is not None, "and on show, until there is better"
    host.panel.fusion.fuse()  # which is Cancel
    host.until(lambda: not host.panel.fusion.is_busy)
    host.settle()
    assert whole.is_in_scene
    assert host.panel.export.state.can_export
    host.panel.fusion.preview()
    host.until(lambda: not host.panel.fusion.is_busy)
    host.settle()
    assert whole.is_in_scene
    host.fuse()
    lung = host.panel.whole.nodes
    assert lung != whole
    assert whole.is_in_scene, "two windows of a pair stand side by side"
    assert lung.color.GetName() != whole.color.GetName()
    host.set(window=AnatomyWindow.DEFAULT)
    assert host.panel.whole.nodes == whole
    assert "OLDER" not in host.title(layouts.FUSED)
    host.fuse()
    assert not whole.is_in_scene, "the next of the same choices is whole"


def test_what_was_fused_before_a_cancel_stays_as_a_part(host, load):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1])
    host.panel.fusion.fuse()
    host.until(lambda: host.panel.fusion.state.done >= 1)
    host.panel.fusion.fuse()
    host.until(lambda: not host.panel.fusion.is_busy)
    host.settle()
    if "8 slices fused" in host.panel.fusion.state.status:
        pytest.skip("this machine had fused all slices before it could be cancelled")
    result = host.panel.fusion.result
    assert re.fullmatch(r"[1-7] of 8 slices", result.part)
    assert "PART: " in host.title(layouts.FUSED)
    assert "marked as a part" in host.panel.fusion.state.status
    assert not host.panel.export.state.can_export
    assert "are fused; fuse again" in host.panel.export.state.tip
    host.fuse()
    assert not result.is_in_scene
    assert host.panel.fusion.result.is_complete


def test_exports_name_the_units_and_older_choices(host, load, tmp_path):
    from LCDFusionLib.panel.export import ExportKind

    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1])
    host.fuse()
    host.set(window=AnatomyWindow.LUNG)
    for step in host.panel.export.steps(ExportKind.DICOM, tmp_path):
        step()
    import pydicom

    for folder in ("dicom_color", "dicom_gray"):
        text = pydicom.dcmread(next((tmp_path / folder).iterdir())).DerivationDescription
        assert "anatomy window 350/40 HU" in text
        assert "function range 0 to 10 SUVbw" in text
        assert "other choices stood in the panel" in text


def test_other_kinds_of_suv_keep_their_names(host, load):
    ct, pet = volumes(HOT)
    nodes = load((ct, pet.with_array(pet.array, unit=type(pet.unit).SUVLBM)))
    host.set(anatomy=nodes[0], function=nodes[1])
    host.panel.views.plane.jump(HOT_RAS)
    host.panel.regions.sphere()
    assert "PET SUVlbm 0-7.5" in host.panel.inputs.state.plan
    assert "SUVlbm max" in host.panel.regions.state.text
    assert "SUVlbm" in host.title(layouts.FUNCTION)
    assert "SUVlbm " in host.panel.views.probe(HOT_RAS)


def test_the_window_of_the_hand_is_kept_by_any_other_choice(host, load):
    nodes = load(volumes(HOT))
    host.set(anatomy=nodes[0], function=nodes[1])
    nodes[0].GetDisplayNode().SetWindowLevel(500, 20)  # as the mouse does
    host.set(opacity=0.7)
    assert (nodes[0].GetDisplayNode().GetWindow(), nodes[0].GetDisplayNode().GetLevel()) == (500, 20)
    assert host.chosen.window is AnatomyWindow.ON_DISPLAY
    assert "window 500/20" in host.panel.inputs.state.plan
    host.set(window=AnatomyWindow.LUNG)
    assert nodes[0].GetDisplayNode().GetWindow() == 1400


def test_a_registration_that_ends_after_another_pair_was_chosen_says_nothing_of_it(host, load):
    first, second = load(volumes(HOT)), load(volumes(HOT, name=" 2"))
    host.set(anatomy=first[0], function=first[1])
    host.panel.registration.register()
    host.panel.update()
    assert host.panel.registration.state.running
    host.set(anatomy=second[0], function=second[1])
    assert "'PET' is still being registered to 'CT'" in host.panel.registration.state.text
    host.panel.registration.register()  # which is Cancel
    host.settle()
    assert host.panel.registration.state.text == ""
    host.set(anatomy=first[0], function=first[1])
    assert host.panel.registration.state.text == "Cancelled; nothing was moved."
