"""The .json beside a NIfTI of dcm2niix or PET2BIDS: what a voxel means, and SUVbw where dose, weight and times stand in it.

Fields are those of BIDS (its chapter Positron Emission Tomography): times in seconds from TimeZero, which the formula does not need.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .radionuclides import HALF_LIFE_S, nuclide_in
from .suv_factor import Body, Dose, suv_factor, why_implausible, why_no_decay
from .text_header import number
from .volume import Modality, Unit

_MOST_BYTES = 1 << 20
_NAMES = {
    "weight": "PatientWeight",
    "size": "PatientSize",
    "dose": "InjectedRadioactivity",
    "half life": "RadionuclideHalfLife",
}
_BQ = {"bq": 1.0, "kbq": 1e3, "mbq": 1e6, "gbq": 1e9, "mci": 3.7e7, "uci": 3.7e4, "µci": 3.7e4, "μci": 3.7e4}
_UNITS = {
    "bq/ml": (Unit.BQML, 1.0),
    "bqml": (Unit.BQML, 1.0),
    "kbq/ml": (Unit.BQML, 1e3),
    "mbq/ml": (Unit.BQML, 1e6),
    "bq/cc": (Unit.BQML, 1.0),
    "bq/cm3": (Unit.BQML, 1.0),
    "g/ml": (Unit.SUVBW, 1.0),
    "gml": (Unit.SUVBW, 1.0),
    "suv": (Unit.SUVBW, 1.0),
    "suvbw": (Unit.SUVBW, 1.0),
    "{suvbw}g/ml": (Unit.SUVBW, 1.0),
    "suvlbm": (Unit.SUVLBM, 1.0),
    "{suvlbm}g/ml": (Unit.SUVLBM, 1.0),
    "suvbsa": (Unit.SUVBSA, 1.0),
    "cm2/ml": (Unit.SUVBSA, 1.0),
    "cm2ml": (Unit.SUVBSA, 1.0),
    "cnts": (Unit.COUNTS, 1.0),
    "counts": (Unit.COUNTS, 1.0),
    "propcnts": (Unit.COUNTS, 1.0),
}
_CORRECTED = {True: True, "true": True, "yes": True, False: False, "false": False, "no": False}


@dataclass(frozen=True)
class Sidecar:
    """What a .json says of the image beside it.

    Attributes:
        modality: of the image; None where it does not say.
        unit: of the values once they are multiplied by `factor`; None where it does not say.
        factor: to be multiplied.
        notes: sentences that begin with "its".
    """

    modality: Modality | None = None
    unit: Unit | None = None
    factor: float = 1.0
    notes: tuple[str, ...] = ()


class _UnknownSUVError(ValueError):
    """SUVbw cannot be had; the text is a clause that says why, and what to add."""


def read_sidecar(image: Path) -> Sidecar | None:
    """The .json of the same name; None where there is none.

    One that is damaged says nothing, which a note tells.
    """
    name = image.name[:-7] if image.name.lower().endswith(".nii.gz") else image.stem
    file = image.with_name(f"{name}.json")
    if not file.is_file():
        return None
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ValueError("too long")
        fields = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(fields, dict):
            raise ValueError("no object")
    except (ValueError, OSError, RecursionError):
        return Sidecar(notes=(f"its '{file.name}' could not be read, so what it says of the values is not known",))
    return _sidecar(fields, file.name)


def _sidecar(fields: dict[str, Any], name: str) -> Sidecar:
    said = str(fields.get("Modality", "")).upper()
    modality = {"PET": Modality.PET, "MRI": Modality.MR}.get(said) or next((one for one in Modality if one.value == said), None)
    written = "".join(str(fields.get("Units", "")).lower().split())
    is_pet = modality is Modality.PET or "TracerName" in fields or "InjectedRadioactivity" in fields
    if not is_pet or not written:
        return Sidecar(modality)
    modality = modality or Modality.PET
    if written not in _UNITS:
        return Sidecar(
            modality, Unit.RELATIVE, notes=(f"its Units '{fields['Units']!s:.30}' in '{name}' are not known, so it is relative",)
        )
    unit, factor = _UNITS[written]
    if unit is not Unit.BQML:
        return Sidecar(modality, unit)
    try:
        per_bqml, how = _suv_per_bqml(fields)
    except _UnknownSUVError as problem:
        note = f"its values are Bq/ml and cannot be shown as SUV because {problem} in '{name}', so they are shown relative to the hottest"
        return Sidecar(modality, Unit.BQML, factor, (note,))
    return Sidecar(modality, Unit.SUVBW, factor * per_bqml, (f"its values were Bq/ml and became SUVbw by '{name}' ({how})",))


def _suv_per_bqml(fields: dict[str, Any]) -> tuple[float, str]:
    """SUVbw per Bq/ml, and how it came, in words."""
    weight = next((found for key in ("PatientWeight", "BodyWeight") if (found := _number(fields, key)) is not None), None)
    dose = _dose(fields)
    half_life = _half_life(fields)
    seconds = _decay_seconds(fields)
    missing = [
        what
        for what, value in (
            ("PatientWeight (kg)", weight),
            ("InjectedRadioactivity with InjectedRadioactivityUnits", dose),
            ("RadionuclideHalfLife (s) or TracerRadionuclide", half_life if seconds else 0.0),
            ("InjectionStart (s, as ScanStart and ImageDecayCorrectionTime are counted)", seconds),
        )
        if value is None
    ]
    garbled = [
        key
        for key in ("PatientWeight", "BodyWeight", "InjectedRadioactivity", "RadionuclideHalfLife", "InjectionStart")
        if _number(fields, key) is None and fields.get(key) not in (None, "", "n/a")
    ]
    if missing and garbled:
        raise _UnknownSUVError(f"{garbled[0]} '{fields[garbled[0]]!s:.30}' is no number")
    if missing:
        raise _UnknownSUVError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing; add {'it' if len(missing) == 1 else 'them'}"
        )
    assert weight is not None and dose is not None and seconds is not None  # noqa: PT018
    body, given = Body(weight, _number(fields, "PatientSize")), Dose(dose, half_life)
    if problem := why_implausible(body, given, _NAMES):
        raise _UnknownSUVError(problem)
    if half_life is not None and (problem := why_no_decay(seconds, half_life)):
        raise _UnknownSUVError(f"the times contradict each other: the values are corrected to a moment {problem}, the injection,")
    if str(fields.get("AttenuationCorrection", "")).upper().startswith("NONE"):
        raise _UnknownSUVError("AttenuationCorrection is none")
    return suv_factor(body, given, seconds), f"{weight:g} kg, {dose / 1e6:.4g} MBq, {seconds:.0f} s from injection to decay reference"


def _decay_seconds(fields: dict[str, Any]) -> float | None:
    """From the injection to the moment that the values are corrected to; None where it is not said."""
    correction = str(fields.get("DecayCorrection", "")).upper()
    corrected = fields.get("ImageDecayCorrected")
    if correction == "NONE" or _CORRECTED.get(corrected.lower() if isinstance(corrected, str) else corrected) is False:
        raise _UnknownSUVError("the values are not corrected for decay (DecayCorrection, ImageDecayCorrected)")
    injected, reference, scan = (_number(fields, key) for key in ("InjectionStart", "ImageDecayCorrectionTime", "ScanStart"))
    if correction == "ADMIN":
        if injected is not None and reference is not None and abs(reference - injected) > 60:
            raise _UnknownSUVError("DecayCorrection ADMIN and ImageDecayCorrectionTime contradict each other")
        return 0.0
    if correction == "START" and reference is not None and scan is not None and abs(reference - scan) > 60:
        raise _UnknownSUVError("DecayCorrection START and ImageDecayCorrectionTime contradict each other")
    if reference is None and correction == "START":
        reference = scan
    return None if injected is None or reference is None else reference - injected


def _dose(fields: dict[str, Any]) -> float | None:
    """Bq."""
    dose, unit = _number(fields, "InjectedRadioactivity"), str(fields.get("InjectedRadioactivityUnits", "")).strip().lower()
    if dose is None:
        return _number(fields, "RadionuclideTotalDose")
    return dose * _BQ[unit] if unit in _BQ else None


def _half_life(fields: dict[str, Any]) -> float | None:
    """Seconds."""
    half_life = _number(fields, "RadionuclideHalfLife")
    nuclide = nuclide_in(str(fields.get("TracerRadionuclide", "")))
    return half_life if half_life is not None else HALF_LIFE_S[nuclide] if nuclide else None


def _number(fields: dict[str, Any], key: str) -> float | None:
    """A finite number; None where there is none (PET2BIDS writes "n/a")."""
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return number(str(value).strip())
    except ValueError:
        return None
