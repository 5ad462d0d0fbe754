"""Dates and times as PS3.5 6.2 writes them (DA, TM, DT), and what is none."""

from datetime import datetime, timedelta, timezone

import pytest
from pydicom.dataset import Dataset

from LCDFusionLib.dicom.moments import MomentError, clock, date_time, seconds_between


def header(**attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("202503140930", datetime(2025, 3, 14, 9, 30)),
        ("20250314093015", datetime(2025, 3, 14, 9, 30, 15)),
        ("20250314093015.25", datetime(2025, 3, 14, 9, 30, 15, 250_000)),
        ("202503140930+0100", datetime(2025, 3, 14, 9, 30, tzinfo=timezone(timedelta(hours=1)))),
        ("20250314093015Z", datetime(2025, 3, 14, 9, 30, 15, tzinfo=timezone.utc)),
    ],
)
def test_date_times_to_the_minute_or_finer(value, moment):
    assert date_time(value, "DateTime", header()) == moment


@pytest.mark.parametrize(
    "value", ["2025", "20250314", "2025031409", "20250231093000", "20250314240000", "20250314096000", "20250314093061"]
)
def test_what_is_no_date_time(value):
    """A day or an hour alone is a DT too, but no moment that decay can be reckoned from."""
    with pytest.raises(MomentError, match=f"DateTime '{value}' is no date and time"):
        date_time(value, "DateTime", header())


@pytest.mark.parametrize(("value", "seconds"), [("235960", 86400), ("235959.5", 86399.5), ("0930", 34200), ("09", 32400), ("00", 0)])
def test_times_of_a_day(value, seconds):
    """60 seconds are a leap second's (PS3.5 6.2, TM)."""
    assert clock(header(SeriesTime=value), "SeriesTime") == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["2400", "1260", "125961", "9:30", "0930am"])
def test_what_is_no_time(value):
    dataset = header()
    dataset.add_new("SeriesTime", "LO", value)
    with pytest.raises(MomentError, match="is no time"):
        clock(dataset, "SeriesTime")


@pytest.mark.parametrize("earlier_has_it", [True, False])
def test_a_moment_with_an_offset_and_one_without_lie_at_no_known_distance(earlier_has_it):
    with_offset, without = datetime(2025, 3, 14, 9, tzinfo=timezone.utc), datetime(2025, 3, 14, 10)
    moments, called = (with_offset, without), ("Injection", "Scan")
    if not earlier_has_it:
        moments, called = moments[::-1], called[::-1]
    with pytest.raises(MomentError, match=r"^Injection 2025-03-14 09:00:00\+0000 has an offset from UTC and Scan has none"):
        seconds_between(*moments, called=called)
