"""Counts of Philips' scanners, which have one private factor to SUV and one to activity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydicom.dataset import Dataset

from LCDFusionLib.dicom.elements import ElementError, attribute
from LCDFusionLib.dicom.moments import MomentError
from LCDFusionLib.images.suv_factor import why_implausible

from .activity import body_of, from_activity
from .agreement import UnknownSUVError, common
from .completeness import check_corrections
from .conversion import NAMES, SUV
from .private_elements import PHILIPS_ACTIVITY_FACTOR, PHILIPS_SUV_FACTOR, PrivateElement

_SAME_SUV = 0.01
_MOST_EFFECT = 0.1


def from_counts(headers: Sequence[Dataset]) -> SUV:
    """SUVbw of counts: by the scanner's own factor, else by activity, dose, weight and times.

    Raises:
        UnknownSUVError: neither factor is there, or they contradict each other by more than a tenth.
    """
    to_suv, to_bqml = (_factor(headers, element) for element in (PHILIPS_SUV_FACTOR, PHILIPS_ACTIVITY_FACTOR))
    if not to_suv and not to_bqml:
        strangers = [element.why_not_believed(headers[0]) for element in (PHILIPS_SUV_FACTOR, PHILIPS_ACTIVITY_FACTOR)]
        why = "; ".join(filter(None, strangers)) or "the Philips scale factors (7053,1000) and (7053,1009) are missing or 0"
        raise UnknownSUVError(f"it holds counts, {attribute('Units')} CNTS, and {why}")
    if not to_suv:
        suv = from_activity(headers, "CNTS", to_bqml=to_bqml or 0.0)
        return replace(suv, notes=(*PHILIPS_ACTIVITY_FACTOR.notes(headers[0]), *suv.notes))
    check_corrections(headers)
    if problem := why_implausible(body_of(headers), None, NAMES):
        raise UnknownSUVError(f"{problem}, and {PHILIPS_SUV_FACTOR.called} rests on it")
    notes = PHILIPS_SUV_FACTOR.notes(headers[0])
    if to_bqml:
        notes += _compared(headers, to_suv, to_bqml)
    return SUV(to_suv, "CNTS", PHILIPS_SUV_FACTOR.called, notes=tuple(notes))


def _factor(headers: Sequence[Dataset], element: PrivateElement) -> float | None:
    value = common(headers, lambda header: element.text(header) or None, element.called)
    if value is None:
        return None
    try:
        factor = float(value)
    except ValueError:
        factor = float("nan")
    if not 0 <= factor < float("inf"):
        raise UnknownSUVError(f"{element.called} '{value}' is no number that can be a factor")
    return factor or None  # Philips writes 0 where the values cannot be converted


def _compared(headers: Sequence[Dataset], to_suv: float, to_bqml: float) -> list[str]:
    """The scanner's own factor beside what dose, weight and times give."""
    try:
        reckoned = from_activity(headers, "CNTS", to_bqml=to_bqml)
    except (UnknownSUVError, ElementError, MomentError):
        return []  # what is lacking there is not needed here
    effect = reckoned.factor / to_suv - 1.0
    if abs(effect) <= _SAME_SUV or reckoned.slice_factors:
        return []
    difference = (
        f"{PHILIPS_SUV_FACTOR.called} {to_suv:g} and what {PHILIPS_ACTIVITY_FACTOR.called}, dose, weight and times give, "
        f"{reckoned.factor:.6g}, differ by {abs(effect):.1%}"
    )
    if abs(effect) > _MOST_EFFECT:
        raise UnknownSUVError(difference)
    return [f"{difference}; the former was taken."]
