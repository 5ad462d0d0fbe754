"""SUVbw from activity concentration, dose, weight and times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset

from LCDFusionLib.dicom.elements import ElementError, attribute, item, text
from LCDFusionLib.dicom.moments import MomentError
from LCDFusionLib.images.radionuclides import HALF_LIFE_S
from LCDFusionLib.images.suv_factor import Body, Dose, change, duration, in_percent, suv_factor, why_implausible

from .acquisition import acquired, frame_seconds, moment_of
from .agreement import UnknownSUVError, common, common_number, common_text
from .completeness import check_complete, check_corrections
from .conversion import NAMES, SUV
from .decay_factor import check_not_corrected, notes_on_factor
from .injection import TOLD_HALF_LIVES, decay_seconds, has_injection_time, injected_at
from .scan_start import DECAY_CORRECTION_DATE_TIME, ScanStart, mean_decay_moment, scan_start
from .tracer import Tracer, other_nuclides, tracer_of

SAME_SUV, MOST_EFFECT = 0.01, 0.1
"""Two ways to one SUV: a difference above the first is told, above the second refused (EARL accepts a tenth)."""

_SHORTEST_WAIT_S = 60.0
_CORRECTION = attribute("DecayCorrection")


def from_activity(headers: Sequence[Dataset], units: str, *, to_bqml: float = 1.0) -> SUV:
    """SUVbw of values that are activity, or become it by a factor.

    Args:
        headers: all slices.
        units: Units (0054,1001).
        to_bqml: Bq/ml per value.

    Raises:
        UnknownSUVError: something is missing, implausible or contradicts itself.
        MomentError: a date or time is none.
    """
    tracer, body = tracer_of(headers), body_of(headers)
    decay = check_complete(headers, tracer)
    if body is None or tracer.dose_bq is None:
        raise UnknownSUVError(f"{NAMES['weight']} or {NAMES['dose']} is missing")
    dose = Dose(tracer.dose_bq, tracer.half_life_s or None)
    if problem := why_implausible(body, dose, NAMES):
        raise UnknownSUVError(problem)
    others = other_nuclides(tracer.item, dose.half_life_s) if dose.half_life_s is not None else []
    check_corrections(headers)
    common_text(headers, "TimezoneOffsetFromUTC")
    common(headers, _injection_as_written, "the time of the injection, Radiopharmaceutical Start Time (0018,1072) and DateTime (0018,1078)")
    given: dict[str, Any] = {
        "units": units,
        "half_life_seconds": dose.half_life_s,
        "dose_bq": dose.activity_bq,
        "weight_kg": body.weight_kg,
    }
    if decay == "ADMIN":
        notes = [*tracer.notes, *_notes_on_injection(headers, tracer)]
        reference = f"injection, {_CORRECTION} ADMIN"
        return SUV(to_bqml * suv_factor(body, dose), reference=reference, decay_seconds=0.0, notes=tuple(notes), **given)
    if dose.half_life_s is None:
        raise UnknownSUVError(f"{NAMES['half life']} is missing")
    if decay == "NONE":
        seconds, own, source = _seconds_of_each(headers, tracer, dose.half_life_s)
        factors = [to_bqml * suv_factor(body, dose, each) for each in own]
        return SUV(
            factors[0],
            reference=f"the frame of each slice from {source}, because its values are not corrected for decay",
            decay_seconds=seconds,
            notes=(*tracer.notes, *_notes_on_nuclide(others, dose.half_life_s, seconds)),
            slice_factors=tuple(factors) if max(factors) - min(factors) > 1e-9 * max(factors) else (),
            **given,
        )
    start = scan_start(headers, dose.half_life_s)
    seconds = decay_seconds(headers[0], tracer.item, start, dose.half_life_s)
    notes = [*tracer.notes, *_notes_on_nuclide(others, dose.half_life_s, seconds), *start.notes]
    notes += _notes_on_wait(seconds, dose.half_life_s, start)
    notes += notes_on_factor(headers, dose.half_life_s, reference=start.moment, first=start.first)
    return SUV(
        to_bqml * suv_factor(body, dose, seconds),
        reference=_reference(start),
        decay_seconds=seconds,
        notes=tuple(notes),
        **given,
    )


def compared(headers: Sequence[Dataset], to_suv: float, to_bqml: float, *, called: tuple[str, str]) -> list[str]:
    """SUV as a scanner states it, beside what its activity, dose, weight and times give, in sentences.

    Args:
        headers: all slices.
        to_suv: SUVbw per value, as stated.
        to_bqml: Bq/ml per value.
        called: what states them.

    Raises:
        UnknownSUVError: they differ by more than a tenth.
    """
    try:
        reckoned = from_activity(headers, "BQML", to_bqml=to_bqml)
    except (UnknownSUVError, ElementError, MomentError):
        return []  # what is lacking there is not needed here
    effect = reckoned.factor / to_suv - 1.0
    if abs(effect) <= SAME_SUV or reckoned.slice_factors:
        return []
    difference = (
        f"{called[0]} {to_suv:g} and what {called[1]}, dose, weight and times give, {reckoned.factor:.6g}, differ by {abs(effect):.1%}"
    )
    if abs(effect) > MOST_EFFECT:
        raise UnknownSUVError(difference)
    return [f"{difference}; the former was taken."]


def body_of(headers: Sequence[Dataset]) -> Body | None:
    """Weight and size, as all slices tell them; None where there is no weight."""
    weight = common_number(headers, "PatientWeight")
    if not weight or weight < 0:
        return None
    try:
        size = common_number(headers, "PatientSize")
    except UnknownSUVError:
        size = None  # SUVbw does not need it
    return Body(weight, size or None)


def _seconds_of_each(headers: Sequence[Dataset], tracer: Tracer, half_life: float) -> tuple[float, list[float], str]:
    """Values that were not corrected are the mean activity of their own frame (IBSI's manual).

    Returns:
        Seconds from the injection to the first frame, and to the average activity of each; the attribute that tells when they began.
    """
    check_not_corrected(headers)
    to_frame, to_average, source = [], [], ""
    for header in headers:
        frame = acquired(header, moment_of(header, "Series"))
        length = frame_seconds(header)
        if frame is None or length is None:
            lacking = attribute("AcquisitionTime" if frame is None else "ActualFrameDuration")
            raise UnknownSUVError(f"{_CORRECTION} is NONE, and {lacking}, by which the decay would be reckoned, is missing")
        source = frame.source
        seconds = decay_seconds(header, tracer.item, ScanStart(frame.moment, source), half_life)
        to_frame.append(seconds)
        to_average.append(seconds + mean_decay_moment(length, half_life))
    return min(to_frame), to_average, source


def _notes_on_wait(seconds: float, half_life: float, start: ScanStart) -> list[str]:
    if seconds < _SHORTEST_WAIT_S:
        when = f"{-seconds:.0f} s after" if seconds < 0 else f"{seconds:.0f} s before" if seconds > 0 else "at"
        return [f"The injection was {when} the start of the scan from {start.source}, as in a dynamic scan."]
    if seconds > TOLD_HALF_LIVES * half_life:
        return [f"The scan began {duration(seconds)} after the injection, {seconds / half_life:.3g} half lives, which is unusually long."]
    return []


def _reference(start: ScanStart) -> str:
    if start.source == DECAY_CORRECTION_DATE_TIME:
        return f"{start.moment:%Y-%m-%d %H:%M:%S} from {start.source}"
    return f"start of the scan {start.moment:%Y-%m-%d %H:%M:%S} from {start.source}, {_CORRECTION} START"


def _notes_on_nuclide(others: Sequence[tuple[str, str]], half_life: float, seconds: float) -> list[str]:
    notes = []
    for nuclide, where in others:
        effect = change(seconds * (half_life / HALF_LIFE_S[nuclide] - 1.0), half_life)
        notes.append(
            f"{where} names {nuclide}; {NAMES['half life']} {half_life:g} s was taken, which all else agrees with (with that of {nuclide} "
            f"SUV would be {in_percent(effect)})."
        )
    return notes


def _injection_as_written(header: Dataset) -> str:
    tracer = item(header, "RadiopharmaceuticalInformationSequence")
    return " ".join(text(tracer, f"RadiopharmaceuticalStart{kind}") for kind in ("Time", "DateTime")).strip()


def _notes_on_injection(headers: Sequence[Dataset], tracer: Tracer) -> list[str]:
    """Decay Factor tells whether the values were corrected to the injection, where the times allow to ask; they are not needed."""
    if not tracer.half_life_s or not has_injection_time(tracer.item):
        return []
    try:
        start = scan_start(headers, tracer.half_life_s)
        injected, _ = injected_at(headers[0], tracer.item, start, tracer.half_life_s)
        decay_seconds(headers[0], tracer.item, start, tracer.half_life_s)
    except (UnknownSUVError, MomentError):
        return []
    return notes_on_factor(headers, tracer.half_life_s, reference=injected, first=start.first)
