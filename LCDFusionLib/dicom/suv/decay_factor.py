"""Decay Factor (0054,1321): by what an image was multiplied, held against what Decay Correction (0054,1102) says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from pydicom.dataset import Dataset

from LCDFusionLib.dicom.elements import attribute, text
from LCDFusionLib.dicom.moments import seconds_between
from LCDFusionLib.images.suv_factor import change, duration, in_percent

from .acquisition import Acquired, frame_seconds
from .agreement import UnknownSUVError, number_if_any
from .scan_start import mean_decay_moment

_FACTOR, _CORRECTION = attribute("DecayFactor"), attribute("DecayCorrection")
_MOST_EFFECT = 0.1
_LEAST_EFFECT = 0.02


def check_not_corrected(headers: Sequence[Dataset]) -> None:
    """Raises `UnknownSUVError` where values that are said not to be decay corrected have a factor."""
    for header in headers:
        factor = number_if_any(header, "DecayFactor")
        if factor is not None and factor > 0 and abs(factor - 1.0) > _LEAST_EFFECT:
            raise UnknownSUVError(f"{_CORRECTION} is NONE and {_FACTOR} {factor:g} says that its values were corrected")


def notes_on_factor(headers: Sequence[Dataset], half_life: float, *, reference: datetime, first: Acquired | None) -> list[str]:
    """What the smallest factor, that of the first frame, contradicts, in sentences.

    A factor of 1 in every slice says nothing: writers put it where the attribute is asked for.

    Args:
        headers: of the series.
        half_life: seconds.
        reference: to which the values are said to be corrected.
        first: the first acquisition, None where not known.

    Raises:
        UnknownSUVError: it differs by more than a tenth.
    """
    factors = [(factor, header) for header in headers if (factor := number_if_any(header, "DecayFactor")) is not None and factor > 0]
    if first is None or not factors or all(factor == 1.0 for factor, _ in factors):
        return []
    factor, header = min(factors, key=lambda pair: pair[0])
    length = frame_seconds(header) or 0.0
    average = mean_decay_moment(length, half_life) if length > 0 else 0.0
    offset = (number_if_any(header, "FrameReferenceTime") or 0.0) / 1000.0
    seconds = math.log2(factor) * half_life
    expected = [seconds_between(reference, first.moment, called=("the reference", first.source)) + average]
    if text(header, "DecayCorrection").upper() == "START":
        # Frame Reference Time counts to the beginning of the frame or to its average, and may be the only one to tell a later bed.
        expected += [offset, offset + average]
    apart = min((seconds - each for each in expected), key=abs)
    effect = change(-apart, half_life)  # corrected to an earlier moment, the same value is less SUV
    if abs(effect) <= _LEAST_EFFECT:
        return []
    difference = (
        f"{_FACTOR} {factor:g} corrects to a moment {duration(apart)} {'before' if apart > 0 else 'after'} {reference:%H:%M:%S}, "
        f"which is what {_CORRECTION} {text(header, 'DecayCorrection')} means"
    )
    if abs(effect) > _MOST_EFFECT:
        raise UnknownSUVError(f"{difference}; SUV would be {in_percent(effect)}")
    return [f"{difference}; the latter was taken, with the former SUV would be {in_percent(effect)}."]
