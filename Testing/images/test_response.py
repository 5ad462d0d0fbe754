"""SUL, the PERCIST threshold and the Deauville score, against numbers of the papers and reckoned by hand."""

import math

import pytest

from LCDFusionLib.images.response import BLOOD_LENGTH_MM, BLOOD_RADIUS_MM, LIVER_RADIUS_MM, References, lean_body_mass_kg
from LCDFusionLib.images.uptake import RegionUptake
from LCDFusionLib.images.volume import Unit


def uptake(maximum, mean=1.0, sd=0.0, peak=math.nan):
    return RegionUptake(maximum, mean, sd, peak, 10.0, (0.0, 0.0, 0.0), Unit.SUVBW)


def test_lean_body_mass_is_that_of_janmahasatian():
    """9270 W / (6680 + 216 BMI) of men, 9270 W / (8780 + 244 BMI) of women: 80 kg at 1.80 m and 60 kg at 1.65 m, by hand."""
    assert (
        lean_body_mass_kg(80, 1.80, "M") == pytest.approx(741_600 / (6680 + 216 * 80 / 3.24), rel=1e-9) == pytest.approx(61.732, abs=0.01)
    )
    assert (
        lean_body_mass_kg(60, 1.65, "F") == pytest.approx(556_200 / (8780 + 244 * 60 / 2.7225), rel=1e-9) == pytest.approx(39.287, abs=0.01)
    )
    assert lean_body_mass_kg(60, 1.65, "O") is None
    # Unlike James', it does not fall again in the heaviest (120 kg and 160 kg at 1.60 m, women).
    assert lean_body_mass_kg(160, 1.6, "F") > lean_body_mass_kg(120, 1.6, "F")


def test_references_are_as_large_as_percist_has_them():
    """A sphere of 3 cm in the liver; in the aorta 1 cm across and 2 cm long."""
    assert (2 * LIVER_RADIUS_MM, 2 * BLOOD_RADIUS_MM, BLOOD_LENGTH_MM) == (30, 10, 20)


def test_the_percist_threshold_is_the_livers_or_else_the_bloods():
    liver, blood = uptake(3.0, mean=2.0, sd=0.3), uptake(2.0, mean=1.5, sd=0.2)
    assert References(liver, blood).threshold == pytest.approx(1.5 * 2.0 + 2 * 0.3)
    assert References(None, blood).threshold == pytest.approx(2 * 1.5 + 2 * 0.2)
    assert References().threshold is None
    assert References(liver).is_measurable(uptake(9.0, peak=3.61))
    assert not References(liver).is_measurable(uptake(9.0, peak=3.59)), "the peak counts, not the maximum"
    assert not References(liver).is_measurable(uptake(9.0)), "no peak is known"
    assert not References().is_measurable(uptake(9.0, peak=9.0))


@pytest.mark.parametrize(("maximum", "score"), [(1.9, "1-2"), (2.0, "1-2"), (2.1, "3"), (3.0, "3"), (3.1, "4"), (6.0, "4"), (6.1, "5")])
def test_the_deauville_score_stands_against_both(maximum, score):
    references = References(uptake(3.0), uptake(2.0))
    assert references.deauville(uptake(maximum)) == score
    assert References(references.liver).deauville(uptake(maximum)) == ""
