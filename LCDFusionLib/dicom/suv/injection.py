"""When the tracer was given."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydicom.dataset import Dataset

from LCDFusionLib.dicom.elements import attribute, text
from LCDFusionLib.dicom.moments import clock, date_time, is_placeholder, moment_of_day, seconds_between, shown, zone_of
from LCDFusionLib.images.suv_factor import EARLIEST_S, MOST_HALF_LIVES, duration, why_no_decay

from .agreement import UnknownSUVError
from .scan_start import ScanStart

_SAME_S = 60.0
_DAY = timedelta(days=1)
USUAL_HALF_LIVES = 5.0
"""9 h for F-18. A time without a date is not believed to be farther from the scan."""
TOLD_HALF_LIVES = 3.0
"""5.5 h for F-18: an eighth of the dose is left, and a wrong hour in either time is likelier than such a scan."""

_DATE_TIME, _TIME = attribute("RadiopharmaceuticalStartDateTime"), attribute("RadiopharmaceuticalStartTime")


def decay_seconds(header: Dataset, tracer: Dataset, start: ScanStart, half_life: float) -> float:
    """From the injection to the start of the scan.

    Args:
        header: of the series, with its zone.
        tracer: item of Radiopharmaceutical Information Sequence, with one of both times.
        start: of the scan.
        half_life: seconds.

    Raises:
        UnknownSUVError: date-time and time of the injection differ, or no scan begins so long after (or before) it.
        MomentError: one is no time, or one has a zone and the other none.
    """
    injected, called = injected_at(header, tracer, start, half_life)
    seconds = seconds_between(injected, start.moment, called=(called, start.source))
    if seconds == 0 and not _of_day(injected):
        raise UnknownSUVError(f"{called} and {start.source} are both 00:00:00, which is what de-identification writes where a time was")
    if problem := why_no_decay(seconds, half_life):
        raise UnknownSUVError(
            f"its times contradict each other: the injection was at {shown(injected)} from {called}, and the scan began {problem}, "
            f"at {shown(start.moment)} from {start.source}"
        )
    return seconds


def has_injection_time(tracer: Dataset) -> bool:
    """Whether one of both times is there."""
    return bool(text(tracer, "RadiopharmaceuticalStartDateTime") or text(tracer, "RadiopharmaceuticalStartTime"))


def injected_at(header: Dataset, tracer: Dataset, start: ScanStart, half_life: float) -> tuple[datetime, str]:
    """When the tracer was given, and the attribute that says it; the arguments and errors are those of `decay_seconds`."""
    since_midnight = clock(tracer, "RadiopharmaceuticalStartTime")
    written, called = text(tracer, "RadiopharmaceuticalStartDateTime"), _TIME
    if written:
        moment = date_time(written, _DATE_TIME, header)
        if not is_placeholder(moment):
            return _with_date(header, moment, written, since_midnight, tracer), _DATE_TIME
        if since_midnight is None:
            since_midnight, called = _of_day(moment), _DATE_TIME
    assert since_midnight is not None  # one of both is there, or nobody had come here
    if MOST_HALF_LIVES * half_life >= _DAY.total_seconds():
        raise UnknownSUVError(
            f"the day of the injection is unknown, {_DATE_TIME}, and with a half life of {half_life / 3600:.1f} hours it may have been "
            "days before the scan"
        )
    zone = zone_of(header)
    scan = start.moment.astimezone(zone) if start.moment.tzinfo is not None and zone is not None else start.moment
    injected = moment_of_day(scan.date(), since_midnight, header)
    after_scan = -seconds_between(injected, scan, called=(called, start.source))
    if after_scan <= -EARLIEST_S:
        if -after_scan > USUAL_HALF_LIVES * half_life:
            raise UnknownSUVError(
                f"its times contradict each other: {called} {injected:%H:%M:%S} lies {duration(after_scan)} before the start of the scan, "
                f"{shown(scan)} from {start.source}, {-after_scan / half_life:.3g} half lives, and no date says that it was so long before"
            )
        return injected, called
    if _DAY.total_seconds() - after_scan > USUAL_HALF_LIVES * half_life:
        raise UnknownSUVError(
            f"its times contradict each other: {called} {injected:%H:%M:%S} lies {duration(after_scan)} after the start of the scan, "
            f"{shown(scan)} from {start.source}, and no date says that it was on another day"
        )
    return injected - _DAY, called


def _with_date(header: Dataset, moment: datetime, written: str, since_midnight: timedelta | None, tracer: Dataset) -> datetime:
    """The date-time, once it agrees with the time beside it, which is in the zone of the data set."""
    if since_midnight is None:
        return moment
    apart = abs((_of_day(moment) - since_midnight).total_seconds())
    if min(apart, _DAY.total_seconds() - apart) > _SAME_S:
        raise UnknownSUVError(f"{_DATE_TIME} '{written}' contradicts {_TIME} '{text(tracer, 'RadiopharmaceuticalStartTime')}'")
    # The clock on the wall showed both, so that is the zone of the other times, even where nothing names it.
    return moment.replace(tzinfo=zone_of(header))


def _of_day(moment: datetime) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)
