"""Counts of Philips' scanners, which have one private factor to SUV and one to activity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydicom.dataset import Dataset

from LCDFusionLib.dicom.elements import attribute
from LCDFusionLib.images.suv_factor import why_implausible

from .activity import body_of, compared, from_activity
from .agreement import UnknownSUVError, common
from .completeness import check_corrections
from .conversion import NAMES, SUV
from .private_elements import PHILIPS_ACTIVITY_FACTOR, PHILIPS_SUV_FACTOR, PrivateElement


def from_counts(headers: Sequence[Dataset]) -> SUV:
    """SUVbw of counts: by the scanner's own factor, else by activity, dose, weight and times.

    Raises:
        UnknownSUVError: neither factor is there, or they contradict each other by more than a tenth.
    """
    to_suv, to_bqml = (_factor(headers, element) for element in (PHILIPS_SUV_FACTOR, PHILIPS_ACTIVITY_FACTOR))
    if not to_suv and not to_bqml:
        raise UnknownSUVError(f"it holds counts, {attribute('Units')} CNTS, and {_why_no_factor(headers[0])}")
    if not to_suv:
        suv = from_activity(headers, "CNTS", to_bqml=to_bqml or 0.0)
        return replace(suv, notes=(*PHILIPS_ACTIVITY_FACTOR.notes(headers[0]), *suv.notes))
    check_corrections(headers)
    if problem := why_implausible(body_of(headers), None, NAMES):
        raise UnknownSUVError(f"{problem}, and {PHILIPS_SUV_FACTOR.called} rests on it")
    notes = PHILIPS_SUV_FACTOR.notes(headers[0])
    if to_bqml:
        notes += compared(headers, to_suv, to_bqml, called=(PHILIPS_SUV_FACTOR.called, PHILIPS_ACTIVITY_FACTOR.called))
    return SUV(to_suv, "CNTS", PHILIPS_SUV_FACTOR.called, notes=tuple(notes))


def _why_no_factor(header: Dataset) -> str:
    elements = (PHILIPS_SUV_FACTOR, PHILIPS_ACTIVITY_FACTOR)
    if strangers := [why for element in elements if (why := element.why_not_believed(header))]:
        return "; ".join(strangers)
    if any(element.text(header) for element in elements):
        return " and ".join(f"{element.called} is {element.text(header) or 'missing'}" for element in elements)
    return "the Philips scale factors (7053,1000) and (7053,1009) are missing"


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
