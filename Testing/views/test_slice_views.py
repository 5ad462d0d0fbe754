"""Slice views drawn by real displayable managers: what the picture shows."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

slicer = pytest.importorskip("slicer", reason="slicer-core (MRML without the Slicer desktop) is not installed")

from LCDFusionLib.errors import InputError  # noqa: E402
from LCDFusionLib.images.color import COLOR_TABLES, colorize  # noqa: E402
from LCDFusionLib.images.pictures import write_picture  # noqa: E402
from LCDFusionLib.images.volume import Modality, Place, Unit, Volume  # noqa: E402
from LCDFusionLib.images.window import Window  # noqa: E402
from LCDFusionLib.mrml.application import Application  # noqa: E402
from LCDFusionLib.mrml.nodes import ijk_to_ras, node_from_volume  # noqa: E402
from LCDFusionLib.mrml.result_nodes import create_result, remove_result  # noqa: E402
from LCDFusionLib.views.display import show_anatomy, show_function  # noqa: E402
from LCDFusionLib.views.offscreen import SliceView, SliceViews  # noqa: E402
from LCDFusionLib.views.planes import offset_of_slice, patient_letters, show_slices, slice_index  # noqa: E402

SIZE = (500, 400)
TABLE = COLOR_TABLES["hot-iron"]
ANATOMY, FUNCTION, BLEND, FUSED = range(4)


@pytest.fixture
def make_views(application):
    made = []

    def make(**options):
        try:
            made.append(SliceViews(application, **options))
        except InputError as error:
            pytest.skip(str(error))
        return made[-1]

    yield make
    for views in made:
        if views.views[0].node.GetScene() is not None:
            views.close()


@pytest.fixture
def show(application, make_views, fuse_plainly):
    """Puts a pair and its result on show; gives (views, anatomy node, function node, FusionResult, ResultNodes)."""

    def show_pair(pair, **options):
        anatomy, function = (node_from_volume(application.scene, volume) for volume in pair)
        show_anatomy(anatomy, Window(350, 40))
        show_function(function, Window.from_range(0, 10), TABLE)
        fused = fuse_plainly(*pair)
        result = create_result(anatomy, function, pair[0])
        result.fill(fused)
        views = make_views(size=SIZE)
        views.show(anatomy, function, result, **options)
        return views, anatomy, function, fused, result

    return show_pair


def pixels_of(view, node, indices):
    """Rows and columns of the view in which voxels (i, j, k) lie."""
    matrix = view.node.GetXYToRAS()
    to_ras = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    xy = np.linalg.inv(to_ras) @ ijk_to_ras(node) @ np.c_[indices, np.ones(len(indices))].T
    return (SIZE[1] - 1 - np.rint(xy[1])).astype(int), np.rint(xy[0]).astype(int)


def inner_voxels(volume, k, view, node):
    """A grid of voxels of slice k that lie well inside the view, away from what is written in it."""
    _, rows, columns = volume.shape
    indices = np.array([(i, j, k) for i in range(2, columns - 2, 3) for j in range(2, rows - 2, 3)])
    y, x = pixels_of(view, node, indices)
    free = (y > 60) & (y < 215) & (x > 30) & (x < 420)
    return indices[free], y[free], x[free]


def test_each_view_shows_its_image(show, sarcoma):
    """The pixels over voxel centres have the values that the library computes (nothing between it and the screen changes them)."""
    views, anatomy, _, fused, _ = show(sarcoma)
    for k in (20, 33):
        views.slice = k
        pictures = [view.render() for view in views.views]
        indices, y, x = inner_voxels(sarcoma[0], k, views.views[ANATOMY], anatomy)
        assert len(indices) > 300
        i, j = indices[:, 0], indices[:, 1]

        # Pixels are a fraction of a voxel off its centre, so where neighbours differ much the picture may too: compare robustly.
        gray = 255 * Window(350, 40).apply(sarcoma[0].array[k, j, i])
        assert np.median(abs(pictures[ANATOMY][y, x, 0] - gray)) < 6
        color = fused.color.array[k, j, i].astype(float)
        difference = abs(pictures[FUSED][y, x] - color).max(axis=1)
        assert np.median(difference) < 10
        other = abs(pictures[FUSED][y, x] - fused.color.array[k - 8, j, i].astype(float)).max(axis=1)
        assert np.median(other) > 2 * np.median(difference)  # it follows the offset

        resampled = sitk_at(sarcoma[1], sarcoma[0], indices)
        hot = colorize(Window.from_range(0, 10).apply(resampled), TABLE).astype(float)
        assert np.median(abs(pictures[FUNCTION][y, x] - hot).max(axis=1)) < 4
        blend = (gray[:, None] + hot) / 2
        assert np.median(abs(pictures[BLEND][y, x] - blend).max(axis=1)) < 6


def sitk_at(function, anatomy, indices):
    """The function's values at voxels of the anatomy, by SimpleITK."""
    image = sitk.GetImageFromArray(function.array)
    image.SetSpacing(function.spacing)
    image.SetOrigin(function.origin)
    image.SetDirection(function.direction.ravel())
    places = (anatomy.ijk_to_lps @ np.c_[indices, np.ones(len(indices))].T)[:3].T
    return np.array([image.EvaluateAtPhysicalPoint(place, sitk.sitkLinear) for place in places])


def test_colour_is_where_the_uptake_is(show, sarcoma):
    views, anatomy, _, _, _ = show(sarcoma)
    views.slice = 25
    function, blend, fused = (views.views[n].render().astype(int) for n in (FUNCTION, BLEND, FUSED))
    indices, y, x = inner_voxels(sarcoma[0], 25, views.views[FUSED], anatomy)
    uptake = sitk_at(sarcoma[1], sarcoma[0], indices)
    for picture in (function, blend, fused):
        chroma = np.ptp(picture[y, x], axis=1)
        assert chroma[uptake > 6].min() > 60
        assert np.median(chroma[uptake < 1]) < 30


def test_outside_the_volume_is_black(show, sarcoma):
    views, _, _, _, _ = show(sarcoma)
    picture = views.render()
    assert picture.shape == (2 * SIZE[1] + 2, 2 * SIZE[0] + 2, 3)
    assert (picture[SIZE[1]] == 64).all()  # the line between the views
    # Left of the image in the anatomy view (the CT is nearly square, the view is not), between title and letter.
    assert not views.views[ANATOMY].render()[60:180, :40].any()


def test_metrics_are_written_and_follow_the_slice(show, sarcoma):
    views, _, _, fused, _ = show(sarcoma)
    annotations = views.views[FUSED].annotations
    pictures = []
    for k in (10, 40):
        views.slice = k
        assert views.slice == k
        lines = annotations.metrics_text.splitlines()
        assert lines[0] == f"slice {k + 1}/51"
        assert lines[2].split() == ["QAB/F", f"{fused.metrics[k]['QABF']:.3f}", f"{fused.blend_metrics[k]['QABF']:.3f}"]
        pictures.append(views.views[FUSED].render()[230:375, :150].astype(int))
    for picture in pictures:
        yellow = (picture[..., 0] > 200) & (picture[..., 1] > 200) & (picture[..., 0] - picture[..., 2] > 60)
        assert 1000 < yellow.sum() < 6000  # letters, not a patch
    assert annotations.notice_text == "Research software, not a medical device"
    assert views.views[ANATOMY].annotations.metrics_text == ""


def test_in_a_narrow_view_the_notice_is_whole_and_leaves_the_scale_its_place(application, make_views, pair, fuse_plainly):
    anatomy, function = (node_from_volume(application.scene, volume) for volume in pair)
    result = create_result(anatomy, function, pair[0])
    result.fill(fuse_plainly(*pair))
    for size, lines in ((SIZE, 1), ((340, 260), 2)):
        views = make_views(size=size)
        views.views[FUSED].annotations.show_metrics(result)
        notice = views.views[FUSED].annotations.notice_text
        assert " ".join(notice.split("\n")) == "Research software, not a medical device"
        assert len(notice.split("\n")) == lines
        views.show(anatomy, function, None)
        bare = views.views[FUSED].render().astype(int)
        views.views[FUSED].annotations.show_metrics(result, visible=False)
        across = np.flatnonzero(np.abs(views.views[FUSED].render() - bare).max(axis=(0, 2)))
        assert 100 < across.max() < 0.82 * size[0]
        views.close()


def test_metrics_appear_as_slices_are_fused(application, make_views, pair, fuse_plainly):
    from LCDFusionLib.fusion import SliceFused

    anatomy, function = (node_from_volume(application.scene, volume) for volume in pair)
    result = create_result(anatomy, function, pair[0])
    views = make_views(size=SIZE)
    views.show(anatomy, function, result)
    text = lambda: views.views[FUSED].annotations.metrics_text  # noqa: E731
    assert text().splitlines() == ["slice 5/8", "not fused yet"]
    fused = fuse_plainly(*pair)
    dark = views.views[FUSED].render()[60:215, 60:420].mean()
    result.fill_slice(
        SliceFused(4, 1, 8, None, fused.metrics[4], fused.blend_metrics[4], fused.gray.array[4], fused.color.array[4]),
    )
    assert "4.000" in text()  # QAB/F of slice 4 in the stand-in
    assert views.views[FUSED].render()[60:215, 60:420].mean() > dark + 20
    views.slice = 3
    assert "not fused yet" in text()


def test_another_plane_reads_the_mean(show, pair):
    views, _, _, _, _ = show(pair)
    views.views[FUSED].node.SetOrientation("Sagittal")
    lines = views.views[FUSED].annotations.metrics_text.splitlines()
    assert lines[0] == "mean over slices"
    assert lines[2].split()[1] == "3.500"


def test_a_bent_or_deleted_result_is_no_trouble(application, show, pair):
    import vtk

    views, _, _, _, result = show(pair)
    bent = application.scene.AddNewNodeByClass("vtkMRMLTransformNode")
    bent.SetAndObserveTransformToParent(vtk.vtkThinPlateSplineTransform())
    result.gray.SetAndObserveTransformNodeID(bent.GetID())
    views.slice = 3
    assert views.views[FUSED].annotations.metrics_text.startswith("mean over slices")
    remove_result(result)
    views.slice = 4
    assert views.views[FUSED].annotations.metrics_text == ""
    assert not views.views[FUSED].render()[60:350, 40:200].any()


def test_gray_on_request_and_nothing_before_fusion(application, make_views, show, pair):
    views, anatomy, function, fused, _ = show(pair, gray=True)
    views.slice = 4
    indices, y, x = inner_voxels(pair[0], 4, views.views[FUSED], anatomy)
    picture = views.views[FUSED].render()[y, x].astype(int)
    assert (np.ptp(picture, axis=1) == 0).all()
    assert np.median(abs(picture[:, 0] - 255 * fused.gray.array[4, indices[:, 1], indices[:, 0]])) < 6

    views.show(anatomy, function)
    assert not views.views[FUSED].render()[60:350, 40:200].any()
    assert views.views[FUSED].annotations.metrics_text == ""


@pytest.mark.parametrize("flips", [(1, 1, 1), (1, 1, -1), (-1, 1, 1)], ids=["as it is", "slices downwards", "mirrored"])
def test_oblique_and_left_handed_slices_are_shown_in_their_own_plane(application, make_views, pair, flips):
    """Slice k on show is slice k of the array, in its whole extent: each slice has a gray value of its own."""
    shades = np.arange(8, dtype=np.uint8) * 30 + 20
    array = np.broadcast_to(shades[:, None, None], pair[0].shape).copy()
    volume = Volume(array, pair[0].ijk_to_lps @ np.diag([*flips, 1.0]), Modality.MR, name="MR")
    node = node_from_volume(application.scene, volume)
    show_anatomy(node, Window.from_range(0, 255))
    views = make_views(size=SIZE)
    views.show(node, node_from_volume(application.scene, pair[1]))
    for k in range(8):
        views.slice = k
        assert views.slice == k
        _, y, x = inner_voxels(volume, k, views.views[ANATOMY], node)
        shown = views.views[ANATOMY].render()[y, x, 0]
        assert len(shown) > 30
        assert np.abs(shown.astype(int) - int(shades[k])).max() <= 1
    views.offset = views.offset + 1000
    assert views.slice is None


def test_a_sagittal_mr_is_shown_sagittally(application, make_views, pair):
    k_to_left = np.array([[0, 0, 4, -60], [1, 0, 0, -20], [0, -1, 0, 30], [0, 0, 0, 1]], dtype=float)
    node = node_from_volume(application.scene, Volume(pair[0].array, k_to_left, Modality.MR, Unit.RELATIVE, "MR"))
    views = make_views(size=SIZE)
    views.show(node, node_from_volume(application.scene, pair[1]))
    assert patient_letters(views.views[FUSED].node) == ("A", "P", "S", "I")
    views.slice = 6
    assert views.views[FUSED].node.GetSliceToRAS().GetElement(0, 3) == pytest.approx(60 - 6 * 4)


def test_patient_letters_name_the_sides(application, make_views):
    node = make_views(size=SIZE).views[0].node
    for orientation, letters in (("Axial", "RLAP"), ("Sagittal", "APSI"), ("Coronal", "RLSI")):
        node.SetOrientation(orientation)
        assert patient_letters(node) == tuple(letters)
    matrix = node.GetSliceToRAS()
    turn = np.deg2rad(30)
    for row, values in enumerate([(-np.cos(turn), 0), (-np.sin(turn), 0), (0, 1)]):
        for column, value in enumerate(values):
            matrix.SetElement(row, column, value)
    node.UpdateMatrices()
    assert patient_letters(node) == ("RA", "LP", "S", "I")


def test_an_image_without_patient_space_claims_no_sides_and_no_scale(application, make_views, pair):
    anatomy, function = (node_from_volume(application.scene, volume) for volume in pair)
    views = make_views(size=SIZE, in_patient_space=False)
    views.show(anatomy, function)
    empty = views.views[FUSED].render()  # no image in it yet, only its title
    assert not empty[60:].any()
    assert not empty[:, 120:].any()


def test_a_file_that_does_not_say_where_it_lies_gets_neither_sides_nor_ruler(application, make_views, pair):
    """And what is shown after it has them again."""
    nodes = [
        [node_from_volume(application.scene, replace(volume, place=place)) for volume in pair] for place in (Place.UNSAID, Place.PATIENT)
    ]
    views = make_views(size=SIZE)
    ruler = views.views[0].node.GetRulerType()
    assert ruler != slicer.vtkMRMLAbstractViewNode.RulerTypeNone
    for anatomy, function in (nodes[0], nodes[1], nodes[0]):
        views.show(anatomy, function)
        node, is_placed = views.views[0].node, anatomy in nodes[1]
        assert (patient_letters(node) == ("", "", "", "")) is not is_placed
        assert (node.GetRulerType() == ruler) is is_placed


def test_a_view_of_ones_own_can_use_the_planes(application, pair):
    node = node_from_volume(application.scene, pair[0])
    try:
        view = SliceView(application, "mine", size=SIZE)
    except InputError as error:
        pytest.skip(str(error))
    view.show(node)
    show_slices(view.node, node)
    view.logic.SetSliceOffset(offset_of_slice(view.node, node, 6))
    assert slice_index(view.node, node) == 6
    view.close()


def test_png_file_holds_the_picture(show, pair, tmp_path):
    views, *_ = show(pair)
    write_picture(views.render(), tmp_path / "views.png")
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "views.png"))), views.render())
    assert [path.name for path in tmp_path.iterdir()] == ["views.png"]


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match=r"views\.png' could not be written"):
        write_picture(np.zeros((2, 3, 3), np.uint8), tmp_path / "no" / "views.png")


def test_closing_leaves_the_volumes_only(application, pair):
    anatomy, function = (node_from_volume(application.scene, volume) for volume in pair)
    before = application.scene.GetNumberOfNodes()
    for _ in range(2):
        try:
            with SliceViews(application) as views:
                views.show(anatomy, function)
                colour_bar = views.views[FUNCTION].render()[40:180, 480:].astype(int)
        except InputError as error:
            pytest.skip(str(error))
        assert application.scene.GetNumberOfNodes() == before
        assert colour_bar.max() > 100  # drawn the second time too


def test_the_scene_may_be_closed_first(application, show, pair):
    views, *_ = show(pair)
    views.render()
    application.scene.Clear(0)
    assert not views.render()[60:200, 100:400].any()
    views.close()


def test_views_of_two_scenes_stay_apart(application, make_views, pair):
    """Two users of one server: what one shows does not appear at the other."""
    views = make_views(size=SIZE)
    other = Application.create()
    with SliceViews(other, size=SIZE) as views_of_other:
        anatomy, function = (node_from_volume(other.scene, volume) for volume in pair)
        show_anatomy(anatomy, Window(350, 40))
        views_of_other.show(anatomy, function)
        assert views_of_other.render()[60:200, 100:400].any()
        assert not views.render()[60:200, 100:400].any()


@pytest.mark.parametrize("options", [{"size": (100, 100)}, {"columns": 3}])
def test_impossible_layouts_are_refused(application, options):
    with pytest.raises(ValueError, match="must be"):
        SliceViews(application, **options)
