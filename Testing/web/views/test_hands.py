"""Hands that are unlike the test's own: wheels of other systems, a keyboard of another country, a finger."""

import pytest
from browser import ANATOMY, FUNCTION, LINKED

MIDDLE = 12


def turn(views, *events):
    """What a wheel of another system makes of its notches, over a view."""
    views.page.evaluate(
        """([view, events]) => {
          const image = document.querySelector(`.lcd-view[data-view="${view}"] img`);
          for (const event of events) image.dispatchEvent(new WheelEvent("wheel", {bubbles: true, cancelable: true, ...event}));
        }""",
        [ANATOMY, list(events)],
    )
    views.still()


def test_a_wheel_with_steps_of_four_pixels_moves_a_slice_a_notch(views):
    views.hover(FUNCTION)
    views.wheel(6, pixels=4)
    views.wheel(-2, pixels=4)
    views.still()
    assert views.scene()["slice"] == MIDDLE + 4
    assert len({views.scene()["offsets"][name] for name in LINKED}) == 1


@pytest.mark.parametrize(
    ("event", "times", "slices"),
    [
        pytest.param({"deltaY": -4.000244140625, "wheelDeltaY": 120}, 5, 5, id="macOS, slow"),
        pytest.param({"deltaY": -34.15283203125, "wheelDeltaY": 120}, 3, 3, id="macOS, faster"),
        pytest.param({"deltaY": -4.000244140625, "wheelDeltaY": 12}, 5, 5, id="macOS, no 120ths"),
        pytest.param({"deltaY": 8.00048828125, "wheelDeltaY": -24}, 3, -3, id="macOS, no 120ths, faster"),
        pytest.param({"deltaY": -1, "deltaMode": 1, "wheelDeltaY": 40}, 4, 4, id="Firefox on macOS"),
        pytest.param({"deltaY": 3, "deltaMode": 1, "wheelDeltaY": -120}, 4, -4, id="Firefox on Windows"),
        pytest.param({"deltaY": -100, "wheelDeltaY": 120}, 4, 4, id="Windows"),
        pytest.param({"deltaY": -500, "wheelDeltaY": 600}, 1, 5, id="Windows, five notches in one event"),
        pytest.param({"deltaY": -4, "wheelDeltaY": 12}, 25, 2, id="touchpad: 100 pixels at 40 a slice"),
    ],
)
def test_wheels_of_other_systems(views, event, times, slices):
    turn(views, {"deltaY": 120, "wheelDeltaY": -120}, {"deltaY": -120, "wheelDeltaY": 120})  # nothing is left of a touchpad before
    turn(views, *[event] * times)
    assert views.scene()["slice"] == MIDDLE + slices


def test_what_a_touchpad_leaves_over_is_kept(views):
    turn(views, {"deltaY": 120, "wheelDeltaY": -120}, {"deltaY": -120, "wheelDeltaY": 120})
    for _ in range(4):
        turn(views, *[{"deltaY": -6, "wheelDeltaY": 18}] * 5)
    assert views.scene()["slice"] == MIDDLE + 3, "4 x 30 pixels at 40 a slice"


@pytest.mark.parametrize(
    ("sign", "code", "shift", "key"),
    [("&", "Digit1", False, "1"), ("1", "Digit1", True, "Shift+1"), ("à", "Digit0", False, "0"), ("4", "Numpad4", False, "4")]
    + [("r", "KeyR", False, "r"), ("a", "KeyQ", False, "a"), ("Escape", "Escape", False, "Escape")],
)
def test_digits_are_places_on_the_keyboard_and_letters_what_is_written(views, sign, code, shift, key):
    """On AZERTY too."""
    views.page.evaluate(
        "([key, code, shiftKey]) => document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {key, code, shiftKey, bubbles: true, cancelable: true}))",
        [sign, code, shift],
    )
    views.still()
    assert views.scene()["said"][-1] == ["key", key]


@pytest.fixture(scope="module")
def touched(open_page):
    """A page on a touch screen, and the means to put fingers on it."""
    views = open_page(has_touch=True)
    return views, views.page.context.new_cdp_session(views.page)


def swipe(views, screen, start, end, fingers=1):
    """Moves fingers over the anatomy, in parts of its height."""

    def at(down):
        x, y = views.at(ANATOMY, 0.5, down)
        return [{"x": x + 40 * number, "y": y, "id": number} for number in range(fingers)]

    screen.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at(start)})
    for step in range(1, 13):
        screen.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": at(start + (end - start) * step / 12)})
    screen.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    views.still()


def test_one_finger_scrolls_and_leaves_the_window(touched):
    views, screen = touched
    views.do("show", 24)
    before = views.scene()
    pictures = {name: views.middle(name) for name in LINKED}
    height = views.box(ANATOMY)["height"]
    swipe(views, screen, 0.3, 0.6)
    scene = views.scene()
    assert scene["slice"] == pytest.approx(MIDDLE + 0.3 * height / 12, abs=1), "a slice for 12 pixels"
    assert scene["window"] == before["window"]
    assert scene["fields"] == before["fields"]
    assert scene["pans"] == before["pans"]
    assert scene["crosshair"] == before["crosshair"], "a swipe is no click"
    assert views.middle(ANATOMY).mean() > pictures[ANATOMY].mean() / 2, "the picture went dark"
    swipe(views, screen, 0.6, 0.3)
    assert views.scene()["slice"] == MIDDLE
    assert all(abs(views.middle(name) - pictures[name]).mean() < 1 for name in LINKED)
    assert "Traceback" not in views.server.log


def test_two_fingers_leave_slice_and_window(touched):
    views, screen = touched
    views.do("show", 24)
    before = views.scene()
    swipe(views, screen, 0.3, 0.6, fingers=2)
    scene = views.scene()
    assert (scene["slice"], scene["window"]) == (before["slice"], before["window"])
