"""Which slice is fused when."""

import pytest

from LCDFusionLib.fusion.order import Waiting, outwards


@pytest.mark.parametrize(
    ("total", "first", "order"), [(5, 3, [3, 2, 4, 1, 0]), (4, 0, [0, 1, 2, 3]), (4, 3, [3, 2, 1, 0]), (5, 2, [2, 1, 3, 0, 4]), (1, 0, [0])]
)
def test_outwards_the_lower_of_two_neighbours_first(total, first, order):
    assert outwards(total, first) == order
    assert outwards(total) == list(range(total))


@pytest.mark.parametrize("first", [-1, 5])
def test_a_slice_that_is_not_there(first):
    with pytest.raises(ValueError, match=f"first slice must be from 0 to 4, got {first}"):
        outwards(5, first)


def test_waiting_slices_follow_what_is_on_show():
    waiting = Waiting(outwards(8))
    assert (waiting.take(2), len(waiting)) == ([0, 1], 6)
    waiting.follow(6)
    assert waiting.take(3) == [6, 5, 7]
    assert waiting.take(1) == [4]  # goes on from there
    waiting.put_back([5, 4])
    assert waiting.take(9) == [5, 4, 3, 2]
    assert waiting.take(1) == []
    assert not waiting


def test_of_two_neighbours_the_lower_one_comes_first_there_too():
    waiting = Waiting([4, 2, 0])
    waiting.follow(3)
    assert waiting.take(3) == [2, 4, 0]
