"""Half lives of the radionuclides that PET measures, and which of them a text names."""

from __future__ import annotations

import re

SAME_HALF_LIFE = 0.05
"""Scanners and tables round: 110 minutes for F-18, 75 or 78 s for Rb-82. Farther apart than this part, it is another nuclide or unit."""

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0

HALF_LIFE_S = {
    "C-11": 20.361 * _MINUTE,
    "N-13": 9.965 * _MINUTE,
    "O-14": 70.62,
    "O-15": 122.24,
    "F-18": 6586.2,
    "Na-22": 2.6018 * 365.2422 * _DAY,
    "K-38": 7.636 * _MINUTE,
    "Sc-43": 3.891 * _HOUR,
    "Sc-44": 3.97 * _HOUR,
    "Ti-45": 184.8 * _MINUTE,
    "Mn-51": 46.2 * _MINUTE,
    "Mn-52": 5.591 * _DAY,
    "Mn-52m": 21.1 * _MINUTE,
    "Fe-52": 8.275 * _HOUR,
    "Co-55": 17.53 * _HOUR,
    "Cu-60": 23.7 * _MINUTE,
    "Cu-61": 3.339 * _HOUR,
    "Cu-62": 9.67 * _MINUTE,
    "Cu-64": 12.701 * _HOUR,
    "Zn-62": 9.193 * _HOUR,
    "Zn-63": 38.47 * _MINUTE,
    "Ga-66": 9.49 * _HOUR,
    "Ga-68": 67.71 * _MINUTE,
    "Ge-68": 270.95 * _DAY,
    "As-70": 52.6 * _MINUTE,
    "As-72": 26.0 * _HOUR,
    "As-74": 17.77 * _DAY,
    "Se-73": 7.15 * _HOUR,
    "Br-75": 96.7 * _MINUTE,
    "Br-76": 16.2 * _HOUR,
    "Br-77": 57.04 * _HOUR,
    "Rb-82": 76.38,
    "Y-86": 14.74 * _HOUR,
    "Y-90": 64.05 * _HOUR,
    "Zr-89": 78.41 * _HOUR,
    "Nb-90": 14.6 * _HOUR,
    "Tc-94m": 52.0 * _MINUTE,
    "I-120": 81.6 * _MINUTE,
    "I-122": 3.63 * _MINUTE,
    "I-124": 4.176 * _DAY,
    "Tb-149": 4.118 * _HOUR,
    "Tb-152": 17.5 * _HOUR,
}
"""Seconds; the nuclides of PS3.16 CID 4020 and a few more. Values: evaluated nuclear structure data (ENSDF, NNDC); F-18 as in DICOM."""

_ELEMENTS = {
    "C": "Carbon",
    "N": "Nitrogen",
    "O": "Oxygen",
    "F": "Fluorine",
    "Na": "Sodium",
    "K": "Potassium",
    "Sc": "Scandium",
    "Ti": "Titanium",
    "Mn": "Manganese",
    "Fe": "Iron",
    "Co": "Cobalt",
    "Cu": "Copper",
    "Zn": "Zinc",
    "Ga": "Gallium",
    "Ge": "Germanium",
    "As": "Arsenic",
    "Se": "Selenium",
    "Br": "Bromine",
    "Rb": "Rubidium",
    "Y": "Yttrium",
    "Zr": "Zirconium",
    "Nb": "Niobium",
    "Tc": "Technetium",
    "I": "Iodine",
    "Tb": "Terbium",
}


def _pattern(nuclide: str) -> re.Pattern[str]:
    """18F, F18, F-18, [18F], ^18^Fluorine, Fluorine-18, Ga68-PSMA; not the 11 of PSMA-11."""
    symbol, mass = nuclide.split("-")
    element = rf"(?:{symbol}|(?i:{_ELEMENTS[symbol]}))"
    return re.compile(rf"(?<![A-Za-z0-9])(?:\^?{mass}\^?[ -]?{element}(?![a-z])|{element}[ -]?\^?{mass}(?![0-9m]))")


_PATTERNS = {nuclide: _pattern(nuclide) for nuclide in HALF_LIFE_S}


def nuclide_in(text: str) -> str | None:
    """The one nuclide of `HALF_LIFE_S` that a text names, such as "F-18"; None where it names none, or several."""
    named = [nuclide for nuclide, pattern in _PATTERNS.items() if pattern.search(text)]
    return named[0] if len(named) == 1 else None


def nuclides_of(half_life_s: float) -> tuple[str, ...]:
    """The nuclides that have this half life, to `SAME_HALF_LIFE`."""
    return tuple(nuclide for nuclide in HALF_LIFE_S if has_half_life(nuclide, half_life_s))


def has_half_life(nuclide: str, half_life_s: float) -> bool:
    """Whether a half life is a nuclide's, to `SAME_HALF_LIFE`."""
    true = HALF_LIFE_S[nuclide]
    return abs(half_life_s - true) <= SAME_HALF_LIFE * true
