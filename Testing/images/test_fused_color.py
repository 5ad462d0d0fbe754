"""The lesion-colour rule: what a radiologist sees in the fused colour image, in CIEDE2000."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from LCDFusionLib.errors import InputError
from LCDFusionLib.evaluation.color_difference import ciede2000, lab
from LCDFusionLib.images.color import (
    BRIGHTEST,
    COLOR_TABLES,
    DARKEST,
    DEFAULT_COLOR_TABLE,
    LIFT,
    ColorTable,
    anatomy_color,
    blend,
    colorize,
    fused_color,
    fused_color_from_rgb,
    without_lift,
)
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.resample import resample_onto
from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.images.window import anatomy_window, function_range, luma, normalise

ROUNDING = 1.0  # of the 8-bit result, in gray levels


def one_slice(*values):
    """(1, 1, n) volume of the values, one slice of one row."""
    return np.array([[values]], dtype=np.float32)


def look(rgb):
    """L*a*b* of the pixels of a one-row volume."""
    return lab(rgb[0, 0] / 255)


# The measure itself -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "difference"),
    [  # Sharma et al. 2005, table 1, pairs 1, 2, 4, 7, 9, 11, 17, 18, 25, 28, 33, 34
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (61, -5, 29), 22.8977),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_ciede2000_equals_the_published_pairs(first, second, difference):
    assert ciede2000(first, second) == pytest.approx(difference, abs=1e-4)


# Tables -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [DEFAULT_COLOR_TABLE, "ember"])
def test_tables_made_for_fusion_rise_with_uptake_and_end_in_colour(name):
    rgb = COLOR_TABLES[name].rgb.astype(float)
    lightness = lab(rgb / 255)[:, 0]
    chroma = rgb.max(axis=1) - rgb.min(axis=1)
    # Between entries 2 % apart: neighbours may differ by the rounding to 8 bit alone.
    for rising in (lightness, luma(rgb)):
        assert (rising[5:] > rising[:-5]).all()
    assert (chroma[5:] >= chroma[:-5]).all()
    assert chroma[-1] > 0.9 * 255
    assert (rgb[0] == 0).all()


@pytest.mark.parametrize(("name", "first", "last"), [(DEFAULT_COLOR_TABLE, (-60, 0), (65, 90)), ("ember", (-60, -20), (30, 60))])
def test_their_hue_turns_one_way_from_violet(name, first, last):
    _, a, b = lab(COLOR_TABLES[name].rgb[50:] / 255.0).T
    hue = np.degrees(np.unwrap(np.arctan2(b, a)))
    assert (hue[10:] > hue[:-10]).all()
    assert first[0] < hue[0] < first[1]
    assert last[0] < hue[-1] < last[1]


def test_hot_iron_is_dicoms():
    pydicom = pytest.importorskip("pydicom")
    from pydicom.data import get_palette_files

    palette = pydicom.dcmread(get_palette_files("hotiron.dcm")[0], force=True)
    channels = [np.frombuffer(palette[f"{c}PaletteColorLookupTableData"].value, np.uint8) for c in ("Red", "Green", "Blue")]
    np.testing.assert_array_equal(COLOR_TABLES["hot-iron"].rgb, np.stack(channels, axis=1))


def test_inverse_gray_is_what_it_says():
    np.testing.assert_array_equal(COLOR_TABLES["inverse-gray"].rgb, np.repeat(np.arange(255, -1, -1)[:, np.newaxis], 3, axis=1))


@pytest.mark.parametrize("name", COLOR_TABLES)
def test_tables_are_complete(name):
    table = COLOR_TABLES[name]
    assert table.name == name
    assert table.rgb.shape == (256, 3)
    assert table.rgb.dtype == np.uint8


def test_colorize_looks_values_up():
    rgb = colorize(one_slice(-1, 0, 0.5, 1, 2), "hot-iron")
    np.testing.assert_array_equal(rgb[0, 0], COLOR_TABLES["hot-iron"].rgb[[0, 0, 128, 255, 255]])


def test_unknown_table_lists_what_there_is():
    with pytest.raises(InputError, match=r"'viridis'.*blaze, ember, citrine, hot-iron, inverse-gray, rainbow"):
        colorize(one_slice(0.5), "viridis")


# The 50/50 blend ----------------------------------------------------------------------------------------------------------------------


def test_blend_mixes_by_opacity():
    table = ColorTable("red", np.repeat(np.array([[255, 0, 0]], dtype=np.uint8), 256, axis=0))
    np.testing.assert_array_equal(blend(one_slice(0, 1), one_slice(1, 1), table)[0, 0], [(128, 0, 0), (255, 128, 128)])
    np.testing.assert_array_equal(blend(one_slice(0, 1), one_slice(1, 1), table, opacity=0)[0, 0], [(0, 0, 0), (255, 255, 255)])
    own = np.array([[[(0, 0, 255)]]], dtype=np.uint8)
    np.testing.assert_array_equal(blend(one_slice(1), own, opacity=1), own)


def test_impossible_opacity_is_named():
    with pytest.raises(InputError, match=r"not 1\.5"):
        blend(one_slice(0), one_slice(0), opacity=1.5)


# Fused colour -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ember", "hot-iron", "rainbow"])
def test_without_uptake_gray_is_untouched(name):
    gray = np.linspace(0, 1, 256, dtype=np.float32).reshape(1, 16, 16)
    rgb = fused_color(gray, np.zeros_like(gray), name)
    np.testing.assert_array_equal(rgb, np.repeat(np.arange(256).reshape(1, 16, 16, 1), 3, axis=3))


def test_little_uptake_hardly_tints():
    """Half a unit of SUV on a range of ten; one CIEDE2000 is the least difference seen side by side."""
    gray = np.linspace(0.1, 1, 10)
    rgb = fused_color(one_slice(*gray), np.full((1, 1, 10), 0.05, dtype=np.float32))
    assert ciede2000(look(rgb), lab(np.repeat(gray[:, np.newaxis], 3, axis=1))).max() < 2


SURROUNDINGS = 0.12  # SUV 1.2 of 10: blood and muscle
GRAYS = pytest.mark.parametrize("gray", [0.0, 0.25, 0.5, 0.75, 1.0], ids=["black", "dark", "mid", "light", "white"])


def over_anatomy(gray, uptake):
    """L*a*b* of uptake over one gray of the plain anatomy."""
    return look(anatomy_color(np.full((1, 1, len(uptake)), gray, dtype=np.float32), one_slice(*uptake)))


@pytest.mark.parametrize("name", COLOR_TABLES)
def test_luma_is_linear_in_the_anatomy_and_chroma_leaves_it_this_much(name):
    gray = np.linspace(0, 1, 18, dtype=np.float32)
    for color in COLOR_TABLES[name].rgb[::15]:
        chroma = np.ptp(color.astype(float)) / 255
        table = ColorTable("one", np.repeat(color[np.newaxis], 256, axis=0))
        painted = luma(anatomy_color(one_slice(*gray), one_slice(*gray), table))[0, 0] / 255
        lowest, highest = DARKEST * chroma**2, 1 - (1 - BRIGHTEST) * chroma * (2 - chroma)
        np.testing.assert_allclose(painted, lowest + (highest - lowest) * gray, atol=1.5 / 255)


@GRAYS
def test_hotter_stands_out_more_up_to_the_top(gray):
    """Against the same anatomy without uptake: no fold, on white least of all (CIEDE2000 itself bends by about two where hue turns)."""
    difference = ciede2000(over_anatomy(gray, np.linspace(0, 1, 101)), over_anatomy(gray, [0.0]))
    assert (np.maximum.accumulate(difference) - difference).max() < 3.5
    assert difference[-1] > 0.88 * difference.max()


def test_loud_from_a_third_of_the_range_on():
    """SUV 3.5 of 10 on soft tissue and on white; the hottest on black, gray and white."""
    moderate, hot = ([ciede2000(*over_anatomy(gray, [uptake, SURROUNDINGS])) for gray in (0.5, 1.0)] for uptake in (0.35, 1.0))
    assert min(moderate) > 20
    assert hot[0] > 31
    assert hot[1] > 31
    assert ciede2000(*over_anatomy(0.0, [1.0, 0.0])) > 30


@pytest.mark.parametrize("gray", [0.35, 0.5, 0.65, 1.0])
def test_who_sees_no_green_sees_the_hottest(gray):
    """Deuteranopia by Machado, Oliveira and Fernandes 2009 (severity 1), in linear RGB: the hottest has at least 25."""
    as_seen = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]])
    rgb = anatomy_color(np.full((1, 1, 4), gray, dtype=np.float32), one_slice(SURROUNDINGS, 0.35, 0.5, 1.0))[0, 0] / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = (linear @ as_seen.T).clip(0, 1)
    around, *lesions = lab(np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055))
    moderate, warm, hot = (ciede2000(lesion, around) for lesion in lesions)
    assert hot > 25
    assert moderate > 12
    assert warm > 20


@pytest.mark.parametrize("uptake", [0.5, 0.75, 1.0])
def test_air_and_soft_tissue_inside_a_hot_mass_differ_as_in_the_blend(uptake):
    """A patent bronchus in the mediastinal window (0, 121 of 255) and the lung window (0.29, 1), against about what the blend has."""
    for pair, in_blend in (((0.0, 121 / 255), 18.6), ((0.286, 1.0), 24.0)):
        assert ciede2000(*look(anatomy_color(one_slice(*pair), one_slice(uptake, uptake)))) > in_blend


def test_the_lift_of_the_network_is_taken_back():
    """Black and white anatomy, and a range that uptake narrows from below: what is left of it is spread over all grays again."""
    uptake = np.linspace(0, 1, 11, dtype=np.float32)
    lift = LIFT * 1.1 * uptake**2 / (uptake + 0.1)
    for anatomy in (0.0, 0.5, 1.0):
        np.testing.assert_allclose(without_lift(anatomy * (1 - lift) + lift, uptake), anatomy, atol=1e-6)
    assert (without_lift(np.full(11, 0.3, dtype=np.float32), uptake) >= 0).all()


def test_hot_iron_shows_why_it_is_not_the_default():
    """On white the hottest is white: the lesion has a hole."""
    on_white = look(anatomy_color(one_slice(1, 1), one_slice(1, 0), "hot-iron"))
    assert ciede2000(*on_white) == 0
    assert ciede2000(*over_anatomy(1.0, [1.0, 0.0])) > 25


@pytest.mark.parametrize("uptake", [0.0, 0.3, 0.6, 1.0])
def test_brighter_fused_is_brighter_in_colour(uptake):
    lift = LIFT * 1.1 * uptake**2 / (uptake + 0.1)
    fused = np.linspace(lift, 1, 32)
    rgb = fused_color(one_slice(*fused), np.full((1, 1, 32), uptake, dtype=np.float32))
    assert (np.diff(luma(rgb)[0, 0]) > 0).all()


def test_a_colour_function_keeps_its_hue():
    rng = np.random.default_rng(0)
    function = rng.integers(0, 256, (3, 20, 20, 3)).astype(np.uint8)
    function[np.ptp(function, axis=-1) < 60] = (200, 20, 20)
    fused = 0.9 * rng.random((3, 20, 20), dtype=np.float32)
    rgb = fused_color_from_rgb(fused, function).astype(float)
    order = np.argsort(function, axis=-1)
    ordered = np.take_along_axis(rgb, order, axis=-1)
    assert (np.diff(ordered, axis=-1) >= -ROUNDING).all(), "the largest channel stays the largest, the least the least"
    assert np.ptp(rgb[fused > 0.7], axis=-1).min() > 5


def test_scalar_and_colour_door_are_one_rule():
    """A table whose luma is the uptake itself."""
    table = ColorTable("gray", np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1))
    rng = np.random.default_rng(0)
    fused, uptake = np.rint(255 * rng.random((2, 4, 8, 8))).astype(np.float32) / 255
    scalar, color = fused_color(fused, uptake, table), fused_color_from_rgb(fused, colorize(uptake, table))
    assert np.abs(scalar.astype(int) - color).max() <= ROUNDING


# Real lesions -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("window", ["lung", "mediastinum"])
@pytest.mark.parametrize("patient", ["STS_003", "STS_007", "STS_037"])
def test_real_tumour_stands_out_and_the_anatomy_stays_sharp(shared_data, patient, window):
    folder = shared_data / "pet-ct-mr-sarcoma" / patient
    ct = read_volume(folder / "ct.nrrd")
    pet = resample_onto(read_volume(folder / "pet.nrrd", modality=Modality.PET, unit=Unit.SUVBW), ct).volume
    hottest = np.unravel_index(pet.array.argmax(), pet.shape)[0]
    here = slice(hottest, hottest + 1)
    gray = normalise(ct, anatomy_window(ct, window))[here]
    uptake = normalise(pet, function_range(pet))[here]
    tumour = uptake > 0.41 * uptake.max()  # the usual threshold of PET volumetry
    distance = distance_transform_edt(~tumour[0], sampling=ct.spacing[[1, 0]])[np.newaxis]  # in mm
    surroundings = (distance > 8) & (distance < 20) & (ct.array[here] > -300)
    fused, mixed = anatomy_color(gray, uptake), blend(gray, uptake, "ember")
    in_fused, in_blend = (ciede2000(*(lab(rgb[where].mean(axis=0) / 255) for where in (tumour, surroundings))) for rgb in (fused, mixed))
    assert in_fused > in_blend
    sharp_fused, sharp_blend = (np.hypot(*np.gradient(luma(rgb)[0]))[~tumour[0]].mean() for rgb in (fused, mixed))
    assert sharp_fused > 1.5 * sharp_blend
