"""What readers who tell no red from green see of the fused colours, by the model of Machado, Oliveira and Fernandes (2009)."""

import numpy as np
import pytest

from LCDFusionLib.images.color import COLOR_TABLES, fused_color

# IEEE TVCG 15(6), table 1: severity 1.0, on linear RGB.
MODELS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}
# Linear sRGB to XYZ, IEC 61966-2-1.
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(rgb, model):
    """CIELAB (D65) of 8-bit sRGB as it is seen."""
    value = rgb / 255.0
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    xyz = np.clip(linear @ np.array(model).T, 0, 1) @ TO_XYZ.T / (TO_XYZ @ np.ones(3))
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def seen_chroma(table, model, gray):
    """Of the fused colour over anatomy of one gray, for uptake from a quarter of the range up."""
    uptake = np.linspace(0.25, 1, 31)[np.newaxis, np.newaxis]
    seen = lab(fused_color(np.full_like(uptake, gray), uptake, table), MODELS[model])[0, 0]
    return np.hypot(seen[:, 1], seen[:, 2])


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("gray", [0.65, 0.8])
def test_citrine_is_coloured_and_the_more_so_the_hotter(model, gray):
    chroma = seen_chroma("citrine", model, gray)
    assert chroma.min() > 15, "gray anatomy has none"
    assert chroma[-1] > 2 * chroma[0]
    assert (chroma > 0.9 * np.maximum.accumulate(chroma)).all(), "and none of it is lost towards the hottest"


@pytest.mark.parametrize("model", MODELS)
def test_citrine_alone_rises_in_lightness(model):
    lightness = lab(COLOR_TABLES["citrine"].rgb.astype(float), MODELS[model])[:, 0]
    assert (np.diff(lightness) > -0.2).all()
    assert lightness[-1] - lightness[0] > 70
