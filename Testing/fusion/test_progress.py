"""How long the rest takes, and how that is said."""

import pytest

from LCDFusionLib.fusion.progress import TimeLeft, duration_text, left_text, seconds_left


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (60, "1 min 0 s"), (65, "1 min 5 s"), (3725, "62 min 5 s")]
)
def test_durations(seconds, text):
    assert duration_text(seconds) == text
    assert left_text(seconds) == f", {text} left"


def test_what_cannot_be_estimated_is_not_said():
    assert left_text(None) == ""
    assert seconds_left(0.05, 10) is None  # a twentieth says nothing yet
    assert seconds_left(0.0, 10) is None
    assert seconds_left(0.06, 6) == pytest.approx(94)


@pytest.mark.parametrize(("part", "left"), [(0.1, 90), (0.25, 30), (0.5, 10), (1.0, 0)])
def test_the_rest_takes_as_long_as_what_was_done(part, left):
    assert seconds_left(part, 10) == pytest.approx(left)


def test_slices_left_by_the_median_of_the_last_fifteen_batches():
    time_left = TimeLeft()
    assert time_left.seconds(0) == 0
    time_left.batch_done(1, 100)  # warms up
    assert time_left.seconds(3) is None
    time_left.batch_done(2, 8)
    assert time_left.seconds(3) == 12
    for seconds in [4] * 8 + [1] * 8:
        time_left.batch_done(1, seconds)
    assert time_left.seconds(3) == 3  # of the last fifteen seven took four seconds, and of all nine
    time_left.batch_done(1, 1000)
    assert time_left.seconds(3) == 3
    assert time_left.seconds(0) == 0
