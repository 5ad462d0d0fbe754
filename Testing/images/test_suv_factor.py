"""The arithmetic of SUVbw by hand, its bounds, and the nuclides that a text names."""

import re

import pytest
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from LCDFusionLib.dicom.suv.radionuclide_codes import NUCLIDES
from LCDFusionLib.images.radionuclides import HALF_LIFE_S, nuclide_in, nuclides_of
from LCDFusionLib.images.suv_factor import Body, Dose, change, duration, in_percent, suv_factor, why_implausible, why_no_decay

NAMES = {"weight": "weight", "size": "size", "dose": "dose", "half life": "half life"}


def test_the_formula():
    assert suv_factor(Body(70), Dose(300e6, 6586.2), 3600) == pytest.approx(3.408152e-4, rel=1e-6)
    assert suv_factor(Body(70), Dose(300e6)) == 70_000 / 300e6
    with pytest.raises(ValueError, match="half life"):
        suv_factor(Body(70), Dose(300e6), 3600)


@pytest.mark.parametrize("nuclide", ["F-18", "C-11", "O-15", "Rb-82", "Ga-68", "Cu-64", "Zr-89", "I-124", "Y-90", "Ge-68", "Na-22"])
def test_what_is_measured_is_plausible(nuclide):
    assert why_implausible(Body(70, 1.7), Dose(300e6, HALF_LIFE_S[nuclide]), NAMES) is None


@pytest.mark.parametrize(
    ("weight", "dose"),
    [(0.02, 4e6), (0.025, 40e6), (0.3, 20e6), (3.0, 14e6), (70, 26e6), (120, 37e6), (80, 2.2e9), (75, 20e9), (500, 1e9)],
)
def test_from_mouse_to_horse(weight, dose):
    """Mice, rats, a newborn, total-body scanners, I-124, Rb-82, Y-90, an equine scan."""
    assert why_implausible(Body(weight), Dose(dose), NAMES) is None


@pytest.mark.parametrize(
    ("body", "dose", "named"),
    [
        (Body(70_000), Dose(300e6), "weight is 70000 kg, as if in g"),
        (Body(0.001), Dose(300e6), "weight is 0.001 kg"),
        (Body(70, 170), Dose(300e6), "size is 170 m, as if in cm"),
        (Body(70, 0.45), Dose(300e6), "346 kg/m2"),
        (Body(70), Dose(300), "dose is 300, which cannot be in Bq"),
        (Body(70), Dose(300e3), "dose 300000 Bq and weight 70 kg"),
        (Body(70), Dose(300e9), "dose is 3e[+]11"),
        (Body(0.07), Dose(300e6), "dose 300000000 Bq and weight 0.07 kg"),
        (Body(70), Dose(300e6, 109.8), "half life 109.8 s .* in minutes it would be that of F-18"),
        (Body(70), Dose(300e6, 1.83), "half life 1.83 s .* in hours it would be that of F-18"),
        (Body(70), Dose(300e6, 0.0763), "half life 0.0763 s .* in days it would be that of F-18"),
        (Body(70), Dose(300e6, 6586200), "half life 6586200 s .* in milliseconds it would be that of F-18"),
        (Body(70), Dose(300e6, 20.4), "half life 20.4 s .* in minutes it would be that of C-11"),
        (Body(70), Dose(300e6, 7000), "half life 7000 s is that of no radionuclide that PET measures$"),
    ],
)
def test_what_is_not(body, dose, named):
    problem = why_implausible(body, dose, NAMES)
    assert re.search(named, problem or "")


@pytest.mark.parametrize(
    ("bound", "given"),
    [
        (0.005, lambda kg: (Body(kg), Dose(4e6))),
        (650, lambda kg: (Body(kg), Dose(1e9))),
        (0.02, lambda m: (Body(0.02, m), Dose(4e6))),
        (2.75, lambda m: (Body(150, m), Dose(3e8))),
        (250, lambda index: (Body(index, 1.0), Dose(3e8))),
        (5, lambda index: (Body(index * 0.41**2, 0.41), Dose(2e7))),
        (3e10, lambda bq: (Body(75), Dose(bq))),
        (2.5e5, lambda bq_per_kg: (Body(70), Dose(70 * bq_per_kg))),
        (4e9, lambda bq_per_kg: (Body(5), Dose(5 * bq_per_kg))),
    ],
)
def test_bounds_of_what_is_plausible(bound, given):
    inside, outside = (0.99, 1.01) if bound in (650, 2.75, 250, 3e10, 4e9) else (1.01, 0.99)
    assert why_implausible(*given(bound * inside), NAMES) is None
    assert why_implausible(*given(bound * outside), NAMES)


def test_a_small_animal_may_be_lighter_for_its_size_than_a_body():
    assert why_implausible(Body(4.9 * 0.39**2, 0.39), Dose(2e7), NAMES) is None


@pytest.mark.parametrize(
    ("seconds", "words"), [(-61, "61 seconds before it"), (-3600, "60 minutes before it"), (15 * 3600, "8.2 half lives")]
)
def test_waits_that_cannot_be(seconds, words):
    assert words in why_no_decay(seconds, 6586.2)


@pytest.mark.parametrize("seconds", [-60, 0, 3600, 14 * 3600])
def test_waits_that_can(seconds):
    assert why_no_decay(seconds, 6586.2) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0.4 seconds"),
        (0.99, "0.99 seconds"),
        (99.4, "99 seconds"),
        (100, "2 minutes"),
        (99 * 60, "99 minutes"),
        (100 * 60, "1 h 40 min"),
        (47 * 3600 + 59 * 60, "47 h 59 min"),
        (48 * 3600, "2 days 0 h"),
        (1, "1 second"),
        (-20, "20 seconds"),
        (300, "5 minutes"),
        (57900, "16 h 05 min"),
        (86400 * 3 + 7200, "3 days 2 h"),
    ],
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("part", "words"), [(0.209, "20.9% higher"), (-0.5, "50.0% lower"), (9.9, "990.0% higher"), (10.1, "more than 10 times as high")]
)
def test_changes_in_words(part, words):
    assert in_percent(part) == words


@pytest.mark.parametrize(("later_s", "part"), [(6586.2, 1.0), (-6586.2, -0.5), (3600, 0.4606)])
def test_a_later_scan_has_a_higher_suv(later_s, part):
    assert change(later_s, 6586.2) == pytest.approx(part, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "nuclide"),
    [
        ("^18^Fluorine", "F-18"),
        ("Fluorodeoxyglucose F^18^", "F-18"),
        ("FDG F-18", "F-18"),
        ("18FDG", "F-18"),
        ("[18F]FET", "F-18"),
        ("18F", "F-18"),
        ("Ga68-PSMA", "Ga-68"),
        ("68Ga-PSMA-11", "Ga-68"),
        ("Gallium-68 DOTATOC", "Ga-68"),
        ("C11-PiB", "C-11"),
        ("^52m^Manganese", "Mn-52m"),
        ("Y-90 microspheres", "Y-90"),
        ("FDG -- fluorodeoxyglucose", None),
        ("PSMA-1007", None),
        ("PSMA-11", None),
        ("Cu-64 or F-18", None),
        ("", None),
    ],
)
def test_nuclides_in_text(text, nuclide):
    assert nuclide_in(text) == nuclide


ICRP_107 = """
C-11 20.39 m, N-13 9.965 m, O-14 70.606 s, O-15 122.24 s, F-18 109.77 m, Na-22 2.6019 y, K-38 7.636 m, Sc-43 3.891 h,
Sc-44 3.97 h, Ti-45 184.8 m, Mn-51 46.2 m, Mn-52 5.591 d, Mn-52m 21.1 m, Fe-52 8.275 h, Co-55 17.53 h, Cu-60 23.7 m,
Cu-61 3.333 h, Cu-62 9.673 m, Cu-64 12.7 h, Zn-62 9.186 h, Zn-63 38.47 m, Ga-66 9.49 h, Ga-68 67.71 m, Ge-68 270.95 d,
As-70 52.6 m, As-72 26 h, As-74 17.77 d, Se-73 7.15 h, Br-75 96.7 m, Br-76 16.2 h, Br-77 57.036 h, Rb-82 1.273 m,
Y-86 14.74 h, Y-90 64.1 h, Zr-89 78.41 h, Nb-90 14.6 h, Tc-94m 52 m, I-120 81.6 m, I-122 3.63 m, I-124 4.176 d,
Tb-149 4.118 h, Tb-152 17.5 h
"""


def test_half_lives_are_those_of_the_icrp():
    """Publication 107, Nuclear Decay Data for Dosimetric Calculations (2008): s, m, h, d, y. Evaluations since moved some by 2 in 1000."""
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400, "y": 365.2422 * 86400}
    expected = {nuclide: float(number) * unit[letter] for nuclide, number, letter in map(str.split, ICRP_107.split(","))}
    assert pytest.approx(expected, rel=2e-3) == HALF_LIFE_S


def test_every_nuclide_of_the_standard_has_a_half_life():
    """PS3.16 CID 4020, as pydicom has it."""
    meanings = [getattr(codes.cid4020, name).meaning for name in codes.cid4020.dir()]
    assert len(meanings) > 30
    assert [meaning for meaning in meanings if nuclide_in(meaning) is None] == []


def test_every_code_of_the_standard_is_known():
    """The same, also by the codes that SNOMED had in DICOM before."""
    found = {getattr(codes.cid4020, name) for name in codes.cid4020.dir()}
    assert {(code.scheme_designator, code.value): nuclide_in(code.meaning) for code in found}.items() <= NUCLIDES.items()
    for (scheme, value), nuclide in NUCLIDES.items():
        assert nuclide_in(next(code.meaning for code in found if code == Code(value, scheme, ""))) == nuclide


def test_nuclides_of_a_half_life():
    assert nuclides_of(6588) == ("F-18",)
    assert nuclides_of(109.8) == ()
