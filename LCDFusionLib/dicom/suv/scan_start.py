"""The moment that Decay Correction (0054,1102) START means.

Decay Correction DateTime (0018,9701) is that moment. Without it is taken what is there, in the order of QIBA's vendor-neutral pseudo-code:
Series Date and Time, unless the first acquisition was before it, for then the series was made after the scan (post-processing, or
reconstruction by some Siemens scanners); the private date-time of GE or Siemens; what Acquisition Time and Frame Reference Time give
together; the first Acquisition Time. Whatever else claims the same moment is compared with what was taken: a difference of a minute is told
with its size in SUV, and one of more than a tenth is refused, unless a second witness stands by the first.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydicom.dataset import Dataset

from LCDFusionLib.dicom.elements import attribute, text
from LCDFusionLib.dicom.moments import MomentError, date_time, seconds_between, shown
from LCDFusionLib.images.suv_factor import change, duration, in_percent

from .acquisition import Acquired, acquired, frame_seconds, moment_of
from .agreement import UnknownSUVError, common, number_if_any
from .private_elements import GE_SCAN_START, SIEMENS_DECAY_START, PrivateElement

DECAY_CORRECTION_DATE_TIME = attribute("DecayCorrectionDateTime")
_AGREE_S = 60.0
_LONGEST_MS = 86_400_000.0  # of a scan
_MOST_EFFECT = 0.1  # EANM/EARL accept SUV within a tenth of the true one
_SERIES, _ACQUISITION = attribute("SeriesTime"), attribute("AcquisitionTime")
_BOTH = f"{_ACQUISITION} and {attribute('FrameReferenceTime')}"


@dataclass(frozen=True)
class ScanStart:
    """When the scan began.

    Attributes:
        moment: aware of its zone where the headers tell it.
        source: the attribute that gives it.
        notes: what contradicts it, in sentences.
        first: the first acquisition, None where not known.
    """

    moment: datetime
    source: str
    notes: tuple[str, ...] = ()
    first: Acquired | None = None


def scan_start(headers: Sequence[Dataset], half_life: float) -> ScanStart:
    """The start of a scan, from all its slices.

    Args:
        headers: of the series, any order.
        half_life: seconds, by which a difference is weighed.

    Raises:
        UnknownSUVError: nothing tells it, or what tells it contradicts itself.
        MomentError: a date or time is none.
    """
    header = headers[0]
    if (corrected_to := _decay_correction_date_time(headers)) is not None:
        return _told_by_itself(corrected_to, headers)
    series = _series_moment(headers)
    frames = [(frame, h) for h in headers if (frame := acquired(h, series)) is not None]
    first = _first([frame for frame, _ in frames])
    if series is None and first is None:
        raise UnknownSUVError(f"{_SERIES} and {_ACQUISITION} are missing")
    was_made_later = series is not None and first is not None and _after(series, _SERIES, first.moment, first.source) > 0
    claims: list[tuple[datetime, str]] = []
    if series is not None and not was_made_later:
        claims.append((series, _SERIES))
    by_maker = [private for private in (GE_SCAN_START, SIEMENS_DECAY_START) if private.text(header)]
    claims += [(_private_moment(headers, private), private.called) for private in by_maker]
    back = _back_computed(frames, half_life) if len(frames) == len(headers) else None
    by_series = bool(claims) and claims[0][1] == _SERIES
    if back is not None and first is not None and (by_series or _after(first.moment, first.source, back, _BOTH) > _AGREE_S):
        claims.append((back, _BOTH))  # within a minute of the first acquisition it says the same, less exactly
    if first is not None and (back is None or not by_series or abs(_after(first.moment, first.source, *claims[0])) <= _AGREE_S):
        claims.append((first.moment, first.source))
    moment, source = claims[0]
    notes = _weigh(claims, half_life)
    notes += [note for private in by_maker if private.called == source for note in private.notes(header)]
    if was_made_later and series is not None and first is not None:
        notes += _note_on_series_time(series, first, (moment, source), half_life)
    elif first is None:
        notes.append(f"{_ACQUISITION} is missing, so nothing tells whether {_SERIES} is the start of the scan, as was taken.")
    return ScanStart(moment, source, tuple(notes), first)


def mean_decay_moment(duration_s: float, half_life: float) -> float:
    """Seconds from the beginning of a frame to its average activity, PS3.3 C.8.9.4.1.5."""
    constant = math.log(2.0) / half_life
    return math.log(constant * duration_s / -math.expm1(-constant * duration_s)) / constant


def _series_moment(headers: Sequence[Dataset]) -> datetime | None:
    """Series Date and Time, which one series has once; the earlier where they differ by seconds."""
    moments = {moment_of(header, "Series") for header in headers}
    known = [moment for moment in moments if moment is not None]
    first = _earliest(known)
    if first is not None and (None in moments or any(_after(other, _SERIES, first, _SERIES) > _AGREE_S for other in known)):
        listing = ", ".join(sorted(shown(moment) if moment is not None else "missing" for moment in moments)[:3])
        raise UnknownSUVError(f"its slices contradict each other in {_SERIES} ({listing})")
    return first


def _first(frames: Sequence[Acquired]) -> Acquired | None:
    first = None
    for frame in frames:
        if first is None or _after(frame.moment, frame.source, first.moment, first.source) < 0:
            first = frame
    return first


def _earliest(moments: Sequence[datetime]) -> datetime | None:
    first = None
    for moment in moments:
        if first is None or _after(moment, _SERIES, first, _SERIES) < 0:
            first = moment
    return first


def _private_moment(headers: Sequence[Dataset], private: PrivateElement) -> datetime:
    value = common(headers, lambda header: private.text(header) or None, private.called)
    return date_time(value or "", private.called, headers[0])


def _decay_correction_date_time(headers: Sequence[Dataset]) -> datetime | None:
    called = DECAY_CORRECTION_DATE_TIME
    value = common(headers, lambda header: text(header, "DecayCorrectionDateTime") or None, called)
    return date_time(value, called, headers[0]) if value else None


def _told_by_itself(corrected_to: datetime, headers: Sequence[Dataset]) -> ScanStart:
    """Decay Correction DateTime needs no other witness; it may be any moment, the injection too."""
    called = DECAY_CORRECTION_DATE_TIME
    try:
        first = _first([frame for header in headers if (frame := acquired(header, None)) is not None])
        apart = 0.0 if first is None else _after(first.moment, first.source, corrected_to, called)
    except (MomentError, UnknownSUVError):
        return ScanStart(corrected_to, called)  # the times of the acquisition are not needed
    notes = []
    if first is not None and abs(apart) > _AGREE_S:
        when = "after" if apart > 0 else "before"
        moments = f"{shown(first.moment)}, is {duration(apart)} {when} {called} {shown(corrected_to)}"
        notes.append(f"The first acquisition, {moments}, which was taken.")
    return ScanStart(corrected_to, called, tuple(notes), first)


def _back_computed(frames: Sequence[tuple[Acquired, Dataset]], half_life: float) -> datetime | None:
    """Acquisition Time less Frame Reference Time (0054,1300), which counts from the start of the scan; None where that is no one moment.

    By the standard it counts to the moment of average activity; GE's scanners count to the beginning of the frame, which shows where the
    first frame has less than half of the way to its average. Where every slice has one Acquisition Time and a Frame Reference Time of its
    own (GE again), the acquisition is the whole scan's, and nothing can be reckoned.
    """
    offsets, durations = [], []
    for _, header in frames:
        offset, length = number_if_any(header, "FrameReferenceTime"), frame_seconds(header)
        if offset is None or not 0 <= offset <= _LONGEST_MS or length is None:
            return None
        offsets.append(offset / 1000.0)
        durations.append(length)
    if not any(offsets):
        return None
    averages = [mean_decay_moment(length, half_life) for length in durations]
    if min(offsets) < min(averages) / 2:
        averages = [0.0] * len(averages)
    pairs = zip(frames, averages, offsets, strict=True)
    starts = [frame.moment + timedelta(seconds=average - offset) for (frame, _), average, offset in pairs]
    return min(starts) if max(starts) - min(starts) <= timedelta(seconds=_AGREE_S) else None


def _weigh(claims: Sequence[tuple[datetime, str]], half_life: float) -> list[str]:
    """What differs from the first claim, in sentences; refuses a large difference that no other claim outweighs."""
    (moment, source), others = claims[0], claims[1:]
    apart = {called: _after(other, called, moment, source) for other, called in others}
    is_seconded = any(abs(seconds) <= _AGREE_S for seconds in apart.values())
    notes = []
    for other, called in others:
        seconds = apart[called]
        if abs(seconds) <= _AGREE_S:
            continue
        effect = change(seconds, half_life)
        difference = (
            f"by {called} the scan began at {shown(other)}, {duration(seconds)} {'after' if seconds > 0 else 'before'} "
            f"{shown(moment)} from {source}"
        )
        # What was reckoned from both is before the first acquisition where that is not the first of the scan: no contradiction.
        if abs(effect) > _MOST_EFFECT and not is_seconded and source != _BOTH:
            raise UnknownSUVError(f"its times contradict each other: {difference}, and SUV would be {in_percent(effect)}")
        notes.append(f"B{difference[1:]}; the latter was taken, with the former SUV would be {in_percent(effect)}.")
    return notes


def _note_on_series_time(series: datetime, first: Acquired, chosen: tuple[datetime, str], half_life: float) -> list[str]:
    late = _after(series, _SERIES, first.moment, first.source)
    if late <= _AGREE_S:
        return []
    effect = change(_after(series, _SERIES, *chosen), half_life)
    return [
        f"{_SERIES} {shown(series)} is {duration(late)} after the first acquisition, so the series was made after the scan; "
        f"the start of the scan was taken from {chosen[1]}, {shown(chosen[0])} (with {_SERIES} SUV would be {in_percent(effect)})."
    ]


def _after(later: datetime, called: str, earlier: datetime, called_earlier: str) -> float:
    return seconds_between(earlier, later, called=(called_earlier, called))
