"""Firefox in a reader's hands: what Chromium's tests show, where the two differ (keys, wheel, typed text, files, downloads, layout).

Its driver (WebDriver BiDi) makes no double clicks, and its wheel is that of a touchpad.
"""

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from Testing.web.app.conftest import PICTURES
from Testing.web.app.reader import Reader

VIEWS = ("LCDAnatomy", "LCDFunction", "LCDFused")


@pytest.fixture(scope="module")
def fox(firefox, viewer):
    """The small study, fused."""
    with Reader(firefox[0], viewer, PICTURES) as reader:
        reader.wait_until_read()
        reader.fuse()
        yield reader


def test_it_looks_as_in_chromium(fox, viewer, request):
    """Every pixel of the slice views but the letters at their edges: a few differ by one, since they come as JPEG."""
    fox.page.keyboard.press("Home")
    fox.wait_for(".slice-title", "Slice 1/6")
    fox.picture("firefox")
    seen = {name: fox.view(name) for name in VIEWS}
    boxes = {name: fox.page.locator(f".lcd-view[data-view={name}]").bounding_box() for name in VIEWS}
    with Reader(request.getfixturevalue("chromium"), viewer, PICTURES) as other:
        other.wait_until_read()
        other.fuse()
        other.page.keyboard.press("Home")
        other.wait_for(".slice-title", "Slice 1/6")
        other.picture("chromium")
        for name in VIEWS:
            box = other.page.locator(f".lcd-view[data-view={name}]").bounding_box()
            assert {side: abs(box[side] - boxes[name][side]) <= 2 for side in box} == dict.fromkeys(box, True), (box, boxes[name])
            middle = tuple(slice(length // 4, -length // 4) for length in seen[name].shape[:2])
            assert np.abs(seen[name][middle].astype(float) - other.view(name)[middle]).mean() < 2, name


def test_keys_and_the_wheel_scroll(fox):
    fox.page.keyboard.press("Home")
    fox.wait_for(".slice-title", "Slice 1/6")
    before = fox.text(".metrics")
    fox.page.keyboard.press("ArrowUp")
    fox.wait_for(".slice-title", "Slice 2/6")
    expect(fox.page.locator(".metrics")).not_to_have_text(before)
    fox.page.locator(".lcd-view").first.hover()
    fox.page.mouse.wheel(0, -40)
    fox.wait_for(".slice-title", "Slice 3/6")


def test_a_drag_changes_the_window_and_the_page_does_not_take_it_for_its_own(fox):
    before = fox.view("LCDAnatomy")
    box = fox.page.locator(".lcd-view[data-view=LCDAnatomy]").bounding_box()
    fox.page.mouse.move(box["x"] + 100, box["y"] + 100)
    fox.page.mouse.down()
    for step in range(1, 9):
        fox.page.mouse.move(box["x"] + 100 + 10 * step, box["y"] + 100)
    fox.page.mouse.up()
    fox.until(lambda: (fox.view("LCDAnatomy") != before).any())
    assert fox.page.evaluate("getSelection().toString()") == ""


def test_a_region_is_named_by_typing_and_space_stays_a_letter_there(fox):
    box = fox.page.locator(".lcd-view[data-view=LCDAnatomy]").bounding_box()
    fox.page.mouse.click(box["x"] + 0.35 * box["width"], box["y"] + 0.45 * box["height"])
    fox.page.click(".sphere-button")
    fox.wait_for(".region-name", "Lesion 1")
    fox.page.click(".region-rename")
    fox.page.keyboard.press("Control+A")
    fox.page.keyboard.type("Left lung 1")
    fox.page.keyboard.press("Enter")
    expect(fox.page.locator(".region-name")).to_have_text("Left lung 1")


def test_downloads_come_whole_and_a_session_is_opened_again(fox, firefox):
    fox.unfold("Export")
    fox.page.click(".save-session-button")
    saved = firefox[1] / "lcdfusion_session.json"
    fox.until(lambda: saved.exists() and saved.stat().st_size and not list(firefox[1].glob("*.part")))
    assert json.loads(saved.read_text(encoding="utf-8"))["regions"][0]["name"] == "Left lung 1"
    with fox.page.expect_file_chooser() as chooser:
        fox.page.click(".open-session-button")
    chooser.value.set_files(str(saved))
    fox.wait_for(".export-note", "The session is back")


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080)])
def test_nothing_is_cut_and_scroll_bars_take_their_place(fox, size):
    fox.page.set_viewport_size({"width": size[0], "height": size[1]})
    fox.picture(f"firefox-{size[0]}")
    assert fox.badly_laid_out() == []
    assert fox.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
