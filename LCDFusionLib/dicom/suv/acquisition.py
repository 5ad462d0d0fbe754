"""When a slice was measured, and when its series says that it began."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydicom.dataset import Dataset

from LCDFusionLib.dicom.elements import attribute, text
from LCDFusionLib.dicom.moments import clock, date_time, day, is_placeholder, moment_of_day, seconds_between, shown

from .agreement import UnknownSUVError, number_if_any

# A time without a date belongs to the day after or before the series' if it then lies this near to Series Time.
_LONGEST_SCAN = timedelta(hours=4)
_SAME_S = 60.0
_LONGEST_MS = 86_400_000.0  # of a frame
# Of a frame of an enhanced image, and of a whole one.
_DATE_TIMES = ("FrameAcquisitionDateTime", "AcquisitionDateTime")


def moment_of(header: Dataset, event: str) -> datetime | None:
    """Date and time of "Series" or "Acquisition"; None where the time is missing."""
    since_midnight = clock(header, f"{event}Time")
    if since_midnight is None:
        return None
    on = day(header, f"{event}Date", "SeriesDate", "StudyDate")
    if on is None:
        raise UnknownSUVError(f"{attribute(f'{event}Date')} and {attribute('StudyDate')} are missing")
    return moment_of_day(on, since_midnight, header)


@dataclass(frozen=True)
class Acquired:
    """When a slice was begun.

    Attributes:
        moment: aware of its zone where the headers tell it.
        source: the attribute that gives it.
    """

    moment: datetime
    source: str


def acquired(header: Dataset, series: datetime | None) -> Acquired | None:
    """When a slice was begun, from Acquisition Date and Time or Acquisition DateTime; None where all are missing.

    Args:
        header: of the slice.
        series: Series Date and Time, by which the day of a time without a date is told.

    Raises:
        UnknownSUVError: two of them differ, or nothing tells the day.
    """
    by_time = _by_time(header, series)
    told = None if by_time is None else Acquired(by_time, attribute("AcquisitionTime"))
    for keyword in _DATE_TIMES:
        if not (value := text(header, keyword)):
            continue
        by_date_time = date_time(value, attribute(keyword), header)
        if by_time is None and is_placeholder(by_date_time):
            moment = _across_midnight(moment_of_day(_day_or_fail(header), _of_day(by_date_time), header), series)
            return Acquired(moment, attribute(keyword))
        if by_time is None:
            return Acquired(by_date_time, attribute(keyword))
        if is_placeholder(by_date_time):
            return told
        if abs(seconds_between(by_time, by_date_time, called=(attribute("AcquisitionTime"), attribute(keyword)))) > _SAME_S:
            raise UnknownSUVError(
                f"its times contradict each other: {attribute('AcquisitionTime')} is {shown(by_time)} and "
                f"{attribute(keyword)} {shown(by_date_time)}"
            )
    return told


def frame_seconds(header: Dataset) -> float | None:
    """How long a frame was measured, Actual Frame Duration (0018,1242) or Frame Acquisition Duration (0018,9220); None where not known."""
    for keyword in ("ActualFrameDuration", "FrameAcquisitionDuration"):
        if (milliseconds := number_if_any(header, keyword)) is not None and 1 <= milliseconds <= _LONGEST_MS:
            return milliseconds / 1000.0
    return None


def _by_time(header: Dataset, series: datetime | None) -> datetime | None:
    moment = moment_of(header, "Acquisition")
    own_day = day(header, "AcquisitionDate")
    if moment is None or (own_day is not None and (not is_placeholder(own_day) or is_placeholder(moment))):
        return moment
    return _across_midnight(moment, series)


def _across_midnight(moment: datetime, series: datetime | None) -> datetime:
    """A time that was given the day of the series may lie on the other side of midnight."""
    if series is None or abs(moment - series) <= timedelta(hours=12):
        return moment
    moved = moment + timedelta(days=1 if moment < series else -1)
    if abs(moved - series) > _LONGEST_SCAN:
        raise UnknownSUVError(
            f"the day of the scan is unknown, {attribute('AcquisitionDate')}: {attribute('AcquisitionTime')} {moment:%H:%M} is far from "
            f"{attribute('SeriesTime')} {series:%H:%M}"
        )
    return moved


def _day_or_fail(header: Dataset) -> datetime:
    on = day(header, "SeriesDate", "StudyDate")
    if on is None:
        raise UnknownSUVError(f"{attribute('AcquisitionDate')} and {attribute('StudyDate')} are missing")
    return datetime(on.year, on.month, on.day)


def _of_day(moment: datetime) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)
