"""Dates and times of a data set, each as one moment that others can be subtracted from.

Where Timezone Offset From UTC (0008,0201) tells the zone of the data set's times, every moment here is aware of it, and date-times with an
offset of their own are moved into it; elsewhere times are local ones of an unknown zone, and only date-times with an offset are aware.
The standard's forms are read, and the harmless ones beside them: colons, hyphens, more decimals than six.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo

from pydicom.dataset import Dataset

from LCDFusionLib.errors import InputError

from .elements import attribute, text

_CLOCK = re.compile(r"(\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d+))?)?)?")
_DAY = re.compile(r"(\d{4})[-./]?(\d{2})[-./]?(\d{2})")
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})|Z")
_FIRST_YEAR = 1000  # from here on a day can be subtracted
_LAST_PLACEHOLDER_YEAR = 1900  # de-identification writes 19000101 where a date was; there was no PET then


class MomentError(InputError):
    """A date or time that is none.

    Attributes:
        reason: attribute, value and what is wrong.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}: export the series again.")
        self.reason = reason


def zone_of(header: Dataset) -> tzinfo | None:
    """Timezone Offset From UTC (0008,0201), which all times of a data set share; None where it is missing or none.

    A bad one is told by `date_time`, where it matters.
    """
    return _offset(text(header, "TimezoneOffsetFromUTC"))


def clock(header: Dataset, keyword: str) -> timedelta | None:
    """A time since midnight; None where it is missing."""
    value = text(header, keyword)
    return _clock(value, attribute(keyword)) if value else None


def day(header: Dataset, *keywords: str) -> date | None:
    """The first date that is there and no placeholder such as 19000101; a placeholder where there is nothing else."""
    placeholder = None
    for keyword in keywords:
        if value := text(header, keyword):
            found = _day(value, attribute(keyword))
            if found.year > _LAST_PLACEHOLDER_YEAR:
                return found
            if found.year >= _FIRST_YEAR:
                placeholder = placeholder or found
    return placeholder


def is_placeholder(moment: date) -> bool:
    """Whether a date (or a moment's) is what de-identification writes where a date was."""
    return moment.year <= _LAST_PLACEHOLDER_YEAR


def moment_of_day(on: date, since_midnight: timedelta, header: Dataset) -> datetime:
    """A date and a time of a data set, in its zone."""
    return datetime.combine(on, time.min, zone_of(header)) + since_midnight


def date_time(value: str, called: str, header: Dataset) -> datetime:
    """A DICOM DT, to the minute at least, in the zone of `header`.

    Args:
        value: such as 20250314090000.00+0100.
        called: the attribute, for the sentence.
        header: with Timezone Offset From UTC (0008,0201), if any.

    Raises:
        MomentError: no date and time.
    """
    found = re.fullmatch(rf"({_DAY.pattern})[T ]?({_CLOCK.pattern})\s*({_OFFSET.pattern})?", value.strip())
    # Groups: the day and its 3 parts, the clock and its 4, the offset.
    if found is None or found.group(7) is None:
        raise MomentError(f"{called} '{value}' is no date and time")
    on, since_midnight = _day(found.group(1), called, whole=value), _clock(found.group(5), called, whole=value)
    zone, own = zone_of(header), _offset(found.group(10) or "")
    if found.group(10) and own is None:
        raise MomentError(f"{called} '{value}' has no offset from UTC that there is")
    if own is not None and zone is None and (offset := text(header, "TimezoneOffsetFromUTC")):
        raise MomentError(f"{attribute('TimezoneOffsetFromUTC')} '{offset}' is no offset such as +0100")
    moment = datetime.combine(on, time.min, own or zone) + since_midnight
    try:
        return moment.astimezone(zone) if own is not None and zone is not None and not is_placeholder(on) else moment
    except OverflowError:
        raise MomentError(f"{called} '{value}' is no date and time") from None


def seconds_between(earlier: datetime, later: datetime, *, called: tuple[str, str]) -> float:
    """From one moment to another.

    Raises:
        MomentError: one has an offset from UTC and the other none, so that nothing tells how far they lie apart.
    """
    if (earlier.tzinfo is None) == (later.tzinfo is None):
        return (later - earlier).total_seconds()
    with_offset, without = called if earlier.tzinfo is not None else called[::-1]
    aware = earlier if earlier.tzinfo is not None else later
    raise MomentError(
        f"{with_offset} {shown(aware)} has an offset from UTC and {without} has none, {attribute('TimezoneOffsetFromUTC')} is missing"
    )


def shown(moment: datetime) -> str:
    """For a sentence: 2025-03-14 09:00:00, with the offset where one is known."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment.tzinfo is None else f"{moment:%Y-%m-%d %H:%M:%S%z}"


def _clock(value: str, called: str, *, whole: str = "") -> timedelta:
    found = _CLOCK.fullmatch(value.strip())
    if found is not None:
        hours, minutes, seconds = (int(part or 0) for part in found.groups()[:3])
        fraction = float(f"0.{found.group(4)}") if found.group(4) else 0.0
        if hours < 24 and minutes < 60 and seconds <= 60:  # 60: a leap second
            return timedelta(hours=hours, minutes=minutes, seconds=seconds + fraction)
    raise MomentError(f"{called} '{whole or value}' is no {'date and time' if whole else 'time'}")


def _day(value: str, called: str, *, whole: str = "") -> date:
    found = _DAY.fullmatch(value.strip())
    try:
        if found is not None:
            return date(*(int(part) for part in found.groups()))
    except ValueError:
        pass  # such as 20250231
    raise MomentError(f"{called} '{whole or value}' is no date{' and time' if whole else ''}")


def _offset(value: str) -> tzinfo | None:
    """PS3.5 6.2: -1200 to +1400."""
    found = _OFFSET.fullmatch(value.strip())
    if found is None:
        return None
    if found.group(1) is None:
        return timezone.utc
    minutes = int(found.group(2)) * 60 + int(found.group(3))
    minutes = -minutes if found.group(1) == "-" else minutes
    return timezone(timedelta(minutes=minutes)) if -720 <= minutes <= 840 and int(found.group(3)) < 60 else None
