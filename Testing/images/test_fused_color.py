"""The lesion-colour rule: what a radiologist sees in the fused colour image, in CIEDE2000 against the 50/50 blend.

Not every gray can be won: where the tumour's fused luminance meets the lightness of its surroundings (light gray, 0.6 to 0.8, as T1 fat)
only chroma parts them, and a blend, which darkens all anatomy to half, shows the hottest uptake up to a fifth stronger.
"""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.color import (
    CHROMA_LIMIT,
    COLOR_TABLES,
    DEFAULT_COLOR_TABLE,
    ColorTable,
    blend,
    colorize,
    fused_color,
    fused_color_from_rgb,
)
from LCDFusionLib.images.color_difference import ciede2000, lab
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


def test_default_table_rises_with_uptake_and_ends_in_colour():
    rgb = COLOR_TABLES[DEFAULT_COLOR_TABLE].rgb.astype(float)
    lightness = lab(rgb / 255)[:, 0]
    chroma = rgb.max(axis=1) - rgb.min(axis=1)
    # Between entries 2 % apart: neighbours may differ by the rounding to 8 bit alone.
    for rising in (lightness, luma(rgb)):
        assert (rising[5:] > rising[:-5]).all()
    assert (chroma[5:] >= chroma[:-5]).all()
    assert chroma[-1] > 0.9 * 255
    assert (rgb[0] == 0).all()


def test_default_table_turns_from_violet_to_orange_only():
    _, a, b = lab(COLOR_TABLES[DEFAULT_COLOR_TABLE].rgb[50:] / 255.0).T
    hue = np.degrees(np.unwrap(np.arctan2(b, a)))
    assert (hue[10:] > hue[:-10]).all()
    assert -60 < hue[0] < -20
    assert 30 < hue[-1] < 60


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
    with pytest.raises(InputError, match=r"'viridis'.*ember, hot-iron, inverse-gray, rainbow"):
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


@pytest.mark.parametrize("name", COLOR_TABLES)
def test_any_fused_pixel_keeps_half_of_the_luma_range(name):
    """So the anatomy's edges are nowhere weaker than in the 50/50 blend, and nearly twice as strong where uptake is that of background."""
    uptake = np.linspace(0, 1, 256, dtype=np.float32)[np.newaxis, np.newaxis]
    dark, bright = (luma(fused_color(np.full_like(uptake, value), uptake, name)) for value in (0.3, 0.7))
    dark_blend, bright_blend = (luma(blend(np.full_like(uptake, value), uptake, name)) for value in (0.3, 0.7))
    assert (bright - dark > bright_blend - dark_blend - ROUNDING).all()
    assert (bright - dark >= 0.4 * (1 - CHROMA_LIMIT) * 255 - ROUNDING).all()
    if name == "ember":
        background = uptake[0, 0] < 0.2
        assert ((bright - dark)[0, 0][background] > 1.7 * (bright_blend - dark_blend)[0, 0][background]).all()


@pytest.mark.parametrize("anatomy", [1.0, 0.5, 0.0], ids=["white", "mid", "black"])
@pytest.mark.parametrize("surroundings", [0.1, 0.15, 0.2])
def test_lesion_stands_out_at_least_as_in_the_blend(anatomy, surroundings):
    """Any lesion from SUV 3 of 10 on, with fused luminance as the maximum gives it."""
    uptake = np.append(np.linspace(0.3, 1, 71), surroundings)
    function, gray = one_slice(*uptake), one_slice(*np.full(72, anatomy))
    fused, mixed = look(fused_color(np.maximum(gray, function), function)), look(blend(gray, function))
    in_fused, in_blend = ciede2000(fused[:-1], fused[-1]), ciede2000(mixed[:-1], mixed[-1])
    assert (in_fused > 0.97 * in_blend).all(), "each, but for the rounding of colours to 8 bit"
    assert in_fused.mean() > in_blend.mean()
    assert in_fused[-1] > 23


def test_hot_iron_shows_why_it_is_not_the_default():
    """On white the hottest is white: the lesion has a hole."""
    on_white = look(fused_color(one_slice(1, 1), one_slice(1, 0), "hot-iron"))
    assert ciede2000(*on_white) == 0
    on_white = look(fused_color(one_slice(1, 1), one_slice(1, 0), DEFAULT_COLOR_TABLE))
    assert ciede2000(*on_white) > 25


@pytest.mark.parametrize("fused", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_hotter_never_looks_colder(fused):
    """On the same fused luminance more uptake has at least the chroma, and a hue nearer to orange."""
    uptake = np.linspace(0, 1, 21)
    rgb = fused_color(np.full((1, 1, 21), fused, dtype=np.float32), one_slice(*uptake))[0, 0].astype(float)
    chroma = rgb.max(axis=1) - rgb.min(axis=1)
    assert (np.diff(chroma) >= -ROUNDING).all()
    _, a, b = lab(rgb[6:] / 255).T
    hue = np.degrees(np.unwrap(np.arctan2(b, a)))
    assert (np.diff(hue) > 0).all()


@pytest.mark.parametrize("uptake", [0.0, 0.3, 0.6, 1.0])
def test_brighter_fused_is_brighter_in_colour_and_keeps_its_chroma(uptake):
    fused = np.linspace(0, 1, 52)
    rgb = fused_color(one_slice(*fused), np.full((1, 1, 52), uptake, dtype=np.float32))
    assert (np.diff(luma(rgb)[0, 0]) > 0).all()
    chroma = (rgb.max(axis=-1).astype(int) - rgb.min(axis=-1))[0, 0]
    assert np.ptp(chroma) <= ROUNDING
    own = COLOR_TABLES["ember"].rgb[round(uptake * 255)].astype(int)
    assert chroma[0] == pytest.approx(min(np.ptp(own), CHROMA_LIMIT * 255), abs=ROUNDING)


def test_colour_image_keeps_its_own_hue_and_chroma():
    rng = np.random.default_rng(0)
    function = rng.integers(0, 256, (3, 20, 20, 3)).astype(np.uint8)
    fused = rng.random((3, 20, 20), dtype=np.float32)
    rgb = fused_color_from_rgb(fused, function).astype(float)
    own = function - luma(function)[..., np.newaxis]
    own *= np.minimum(1, CHROMA_LIMIT * 255 / np.maximum(np.ptp(function, axis=-1).astype(float), 1))[..., np.newaxis]
    np.testing.assert_allclose(rgb - luma(rgb)[..., np.newaxis], own, atol=ROUNDING)


def test_scalar_and_colour_door_are_one_rule():
    rng = np.random.default_rng(0)
    fused, uptake = rng.random((2, 4, 8, 8), dtype=np.float32)
    np.testing.assert_array_equal(fused_color(fused, uptake), fused_color_from_rgb(fused, colorize(uptake)))


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
    fused, mixed = fused_color(np.maximum(gray, uptake), uptake), blend(gray, uptake)
    in_fused, in_blend = (ciede2000(*(lab(rgb[where].mean(axis=0) / 255) for where in (tumour, surroundings))) for rgb in (fused, mixed))
    assert in_fused > in_blend
    sharp_fused, sharp_blend = (np.hypot(*np.gradient(luma(rgb)[0]))[~tumour[0]].mean() for rgb in (fused, mixed))
    assert sharp_fused > 1.5 * sharp_blend
