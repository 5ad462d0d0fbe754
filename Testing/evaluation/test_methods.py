"""Fusion methods: what must hold of each, and the published behaviour of the simple ones."""

import numpy as np
import pytest

from LCDFusionLib.errors import InputError
from LCDFusionLib.evaluation.comparison import compare
from LCDFusionLib.evaluation.methods import BUILT_IN, ATrous, FusedFolder, LaplacianPyramid, LatLRR, Network, Overlay
from LCDFusionLib.evaluation.methods.filters import BINOMIAL, box_mean, smooth
from LCDFusionLib.evaluation.methods.guided_filter import guided_filter
from LCDFusionLib.evaluation.pair_sets import pair_set, to_8_bit
from LCDFusionLib.evaluation.table import is_copy
from LCDFusionLib.training.samples import SlicePair
from Testing.evaluation.conftest import anatomy_and_function, write


def images(size=(60, 47)):
    anatomy, function = anatomy_and_function(1, max(size))
    return [(image[: size[0], : size[1]] / 255).astype(np.float32) for image in (anatomy, function)]


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("size", [(60, 47), (41, 64), (16, 16), (17, 90)])
def test_fused_image_has_the_size_and_range_of_the_sources(name, size):
    anatomy, function = images(size)
    before = anatomy.copy(), function.copy()
    fused = BUILT_IN[name].fuse(anatomy, function)
    assert fused.shape == size
    assert fused.dtype == np.float32
    assert 0 <= fused.min() <= fused.max() <= 1
    assert np.array_equal(before[0], anatomy)
    assert np.array_equal(before[1], function)


@pytest.mark.parametrize("name", [name for name in BUILT_IN if name != "latlrr"])
def test_two_equal_images_fuse_to_that_image(name):
    image, _ = images()
    assert BUILT_IN[name].fuse(image, image.copy()) == pytest.approx(image, abs=1e-5)


@pytest.mark.parametrize("name", [name for name in BUILT_IN if not name.endswith("-only")])
def test_methods_treat_both_sources_alike(name):
    """But for ties; and none of these rules knows which image is the anatomy."""
    anatomy, function = images()
    one, other = BUILT_IN[name].fuse(anatomy, function), BUILT_IN[name].fuse(function, anatomy)
    assert np.abs(one - other).mean() < 1e-3


@pytest.mark.parametrize("shape", [(64, 64), (63, 50), (16, 17), (5, 3)])
def test_pyramid_is_put_together_again(shape):
    image = np.random.default_rng(0).random(shape)
    pyramid = LaplacianPyramid()
    assert pyramid.image(pyramid.pyramid(image)) == pytest.approx(image, abs=1e-12)


def test_a_ramp_has_no_detail_inside():
    """The binomial kernel keeps straight lines: all detail of a ramp comes from its mirrored ends."""
    ramp = np.tile(np.linspace(0, 1, 200), (30, 1))
    details = ATrous(scales=2).transform(ramp)[:-1]
    assert np.abs(details[:, :, 20:-20]).max() < 1e-12
    finest = LaplacianPyramid().pyramid(ramp)[0]
    assert np.abs(finest[:, 20:-20]).max() < 1e-12


def test_planes_of_the_starlet_transform_sum_to_the_image():
    image = np.random.default_rng(0).random((40, 33))
    assert ATrous().transform(image).sum(axis=0) == pytest.approx(image, abs=1e-12)


def test_smoothing_against_an_independent_filter():
    ndimage = pytest.importorskip("scipy.ndimage")
    image = np.random.default_rng(0).random((37, 52))
    holes = np.zeros(17)
    holes[::4] = BINOMIAL
    expected = ndimage.convolve1d(ndimage.convolve1d(image, holes, 0, mode="reflect"), holes, 1, mode="reflect")
    assert smooth(image, BINOMIAL, step=4) == pytest.approx(expected, abs=1e-12)
    inside = np.s_[6:-6, 6:-6]
    assert box_mean(image, 6)[inside] == pytest.approx(ndimage.uniform_filter(image, 13)[inside], abs=1e-12)
    assert box_mean(image, 6)[0, 0] == pytest.approx(image[:7, :7].mean()), "no more than lies in the image"
    assert box_mean(image, 100) == pytest.approx(np.full(image.shape, image.mean()), abs=1e-12)


def test_guided_filter_smooths_but_not_across_the_guides_edge():
    random = np.random.default_rng(0)
    edge = np.where(np.arange(60) < 30, 0.2, 0.8) * np.ones((60, 1))
    noisy = edge + random.normal(0, 0.02, edge.shape)
    smoothed = guided_filter(edge, noisy, 7, 1e-3)
    assert smoothed[:, :25].std() < 0.3 * noisy[:, :25].std()
    assert np.diff(smoothed[30])[29] > 0.55


def test_latlrr_parts_an_image_into_low_rank_and_salient():
    rows, columns = np.mgrid[:48, :40] / 48
    flat = 0.3 + 0.2 * np.outer(np.sin(6 * rows[:, 0]), np.cos(5 * columns[0]))
    low, salient = LatLRR().parts(flat)
    assert low + salient == pytest.approx(flat, abs=0.02)
    assert np.linalg.matrix_rank(low, tol=0.05) <= 2


def test_latlrr_adds_the_salient_parts_and_does_not_average_them():
    """So the fused image is brighter than the average wherever anything is salient, and darker nowhere."""
    anatomy, function = images((48, 40))
    low, salient = LatLRR().parts(anatomy.astype(np.float64))
    assert low.std() > 0.02
    assert salient.std() > 0.02
    gain = LatLRR().fuse(anatomy, function) - (anatomy + function) / 2
    assert gain.mean() > 0.05
    assert gain.min() > -0.02
    assert np.corrcoef(gain.ravel(), salient.ravel())[0, 1] > 0.3


def test_a_trous_keeps_the_stronger_detail_of_either_source_and_averages_the_rest():
    anatomy, function = (np.full((64, 64), level, dtype=np.float32) for level in (0.2, 0.4))
    anatomy[16, 16], function[48, 48] = 0.6, 0.9  # each where the other shows nothing
    fused = ATrous().fuse(anatomy, function)
    assert fused[16, 16] - 0.3 == pytest.approx(0.4, abs=0.01)
    assert fused[48, 48] - 0.3 == pytest.approx(0.5, abs=0.01)
    assert fused[32, 5] == pytest.approx(0.3, abs=0.01)


def test_network_is_the_one_that_ships():
    anatomy, function = images((32, 40))
    fused = Network("ct-pet").fuse(anatomy, function)
    assert fused.shape == (32, 40)
    assert 0 <= fused.min() <= fused.max() <= 1
    assert np.array_equal(fused, Network("ct-pet").fuse(anatomy, function))
    with pytest.raises(InputError, match="There are no weights 'nothing'"):
        Network("nothing")


def test_the_overlay_keeps_two_fifths_of_flat_anatomy_under_full_uptake():
    for anatomy in (0.0, 0.5, 1.0):
        for uptake, expected in ((0.0, anatomy), (1.0, 0.6 + 0.4 * anatomy)):
            fused = Overlay().fuse(*(np.full((24, 24), value, np.float32) for value in (anatomy, uptake)))
            assert fused == pytest.approx(expected, abs=1e-6)


def pair(name="one"):
    anatomy, function = anatomy_and_function(3)
    return to_8_bit(SlicePair((anatomy / 255).astype(np.float32), (function / 255).astype(np.float32), "g", name))


def test_copies_score_what_the_definitions_say():
    """The copy of a source has all of its information; QABF and VIF reward it, the function's columns tell."""
    rows = {row.method: row.values for row in compare([pair()], [BUILT_IN["anatomy-only"], BUILT_IN["function-only"], BUILT_IN["average"]])}
    assert rows["anatomy-only"]["VIF_anatomy"] == pytest.approx(1, abs=1e-9)
    assert rows["function-only"]["VIF_function"] == pytest.approx(1, abs=1e-9)
    assert rows["anatomy-only"]["VIF_function"] < 0.2
    assert np.isnan(rows["anatomy-only"]["SCD"])
    assert rows["anatomy-only"]["QABF"] > rows["average"]["QABF"], "a copy beats a fusion"


@pytest.mark.parametrize("name", BUILT_IN)
def test_only_the_copies_are_found_to_be_copies(name):
    rows = list(compare([pair("one"), pair("two")], [BUILT_IN[name]]))
    # The noise of these anatomies is more salient than the smooth function everywhere, so the guided filter does hand them back.
    assert is_copy([row.beyond for row in rows]) == (name in ("anatomy-only", "function-only", "guided-filter"))


def test_copy_under_another_name_and_with_a_trace_of_uptake_is_found(tmp_path):
    one = pair()
    for name, rule in {
        "the MRI": lambda a, f: a,
        "brighter": lambda a, f: a + 2,
        "flatter": lambda a, f: 0.9 * a + 10,
        "a trace": lambda a, f: 0.97 * a + 8 / 255 * f,
    }.items():
        write(np.rint(rule(255 * one.anatomy, 255 * one.function)).clip(0, 255).astype(np.uint8), tmp_path / name / "one.png")
        (row,) = compare([one], [FusedFolder("theirs", tmp_path / name, "set")])
        assert is_copy([row.beyond]), name


def test_folder_of_fused_images_is_measured_like_a_method(tmp_path):
    """Written as PNG by somebody else, gray or colour, an image gets the same values as the method that made it."""
    one = pair()
    (made,) = compare([one], [BUILT_IN["maximum"]])
    gray = np.rint(made.fused * 255).astype(np.uint8)
    write(gray, tmp_path / "gray" / "one.png")
    write(np.stack([gray] * 3, axis=-1), tmp_path / "color" / "set" / "one.png")
    for folder in ("gray", "color"):
        (row,) = compare([one], [FusedFolder("theirs", tmp_path / folder, "set")])
        assert row.values == pytest.approx(made.values, nan_ok=True)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("missing folder", "There is no folder"),
        ("missing image", "is missing: every pair needs one of its name"),
        ("other size", "has 64x32 pixels, the pair 64x64"),
        ("16 bit", "is not an 8-bit PNG"),
        ("damaged", "one.png"),
    ],
)
def test_folder_that_does_not_fit_is_refused_in_one_sentence(tmp_path, wrong, says):
    image = anatomy_and_function(3)[0]
    folder = tmp_path / "theirs"
    if wrong != "missing folder":
        folder.mkdir()
    if wrong == "other size":
        write(image[:32], folder / "one.png")
    elif wrong == "16 bit":
        write(image.astype(np.uint16) * 256, folder / "one.png")
    elif wrong == "damaged":
        (folder / "one.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(InputError) as error:
        FusedFolder("theirs", folder, "set").check([pair()])
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_simple_rules_on_held_out_atlas_slices_stand_as_published(shared_data):
    """Other pairs than those of the published table (24 PET/MRI pairs): within a fifth, and in the same order."""
    published = {  # QABF, VIF, VIF_anatomy, SCD
        "maximum": (0.745, 0.857, 0.664, 1.376),
        "guided-filter": (0.760, 0.829, 0.634, 0.938),
        "laplacian-pyramid": (0.708, 0.699, 0.504, 1.477),
        "average": (0.430, 0.710, 0.507, 0.964),
    }
    pairs = pair_set("pet-mri", shared_data).at_most(6).pairs
    rows = list(compare(pairs, [BUILT_IN[name] for name in published]))
    columns = ("QABF", "VIF", "VIF_anatomy", "SCD")
    ours = {name: [np.mean([r.values[c] for r in rows if r.method == name]) for c in columns] for name in published}
    for name, expected in published.items():
        assert ours[name] == pytest.approx(expected, rel=0.25), name
    by_qabf = sorted(published, key=lambda name: -ours[name][0])
    assert by_qabf == ["guided-filter", "maximum", "laplacian-pyramid", "average"]
