"""Reading by hand and keys, as a reader does it who has clicked somewhere else before."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from Testing.clients.npm_clients import place
from Testing.web.app.conftest import PICTURES
from Testing.web.app.reader import PATIENCE_MS, Reader

AXE = place("axe-core") / "axe.min.js"


def view(reader, name):
    return reader.page.locator(f".lcd-view[data-view={name}]")


def full_uptake(reader):
    return reader.page.locator(".upper-field input").input_value()


def click_somewhere(reader, what):
    """All that a reader may have clicked last."""
    if what == "list":
        reader.choose(".plane-select", "Axial")
    elif what == "number":
        reader.page.locator(".upper-field input").click()
        reader.page.keyboard.press("Enter")
    elif what == "section":
        for _ in range(2):
            reader.page.locator("summary", has_text="Advanced").click()
    elif what == "check":
        for _ in range(2):
            reader.page.get_by_label("Write them in the fused view").click()
    elif what == "slider":
        reader.page.locator(".v-slider").first.click()
    elif what == "button":
        reader.page.locator(".range-preset").nth(1).click()


@pytest.mark.parametrize("what", ["list", "number", "section", "check", "slider", "button"])
def test_keys_act_on_the_images_whatever_was_clicked_last(reader, what):
    click_somewhere(reader, what)
    reader.page.keyboard.press("0")
    expect(reader.page.locator(".upper-field input")).to_have_value("20")
    reader.wait_for(".plan", "PET SUV 0-20")
    reader.page.keyboard.press("2")
    reader.wait_for(".plan", "CT lung window 1400/-700")
    reader.page.keyboard.press("1")
    reader.wait_for(".plan", "CT mediastinum window 350/40")
    reader.page.keyboard.press("a")
    expect(reader.page.locator(".upper-field input")).to_have_value("")
    reader.wait_for(".range-reason", "Automatic: SUV 0-10")


def test_a_number_is_typed_where_it_is_typed(reader):
    field = reader.page.locator(".upper-field input")
    field.fill("")
    field.type("12")
    assert field.input_value() == "12", "no key went to the images"
    reader.page.keyboard.press("Enter")
    reader.wait_for(".plan", "PET SUV 0-12")
    reader.page.keyboard.press("6")
    reader.wait_for(".plan", "PET SUV 0-5")
    reader.page.locator(".range-auto").click()
    reader.wait_for(".plan", "PET SUV 0-10")


def test_a_view_that_was_walked_to_takes_keys_and_is_seen_to(reader):
    reader.page.locator(".brand").click()
    for _ in range(80):
        reader.page.keyboard.press("Tab")
        if reader.page.evaluate("document.activeElement.classList.contains('lcd-view')"):
            break
    assert reader.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    reader.page.keyboard.press("7")
    reader.wait_for(".plan", "PET SUV 0-7")
    reader.page.keyboard.press("a")


def test_dragging_in_the_pet_keeps_zero(reader):
    reader.page.keyboard.press("8")
    expect(reader.page.locator(".range-reason", has_text="Automatic")).to_have_count(0)  # a hand before that counts for the range before
    reader.wait_for(".plan", "PET SUV 0-10")
    box = view(reader, "LCDFunction").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    reader.page.mouse.move(x, y)
    reader.page.mouse.down()
    for step in range(1, 9):
        reader.page.mouse.move(x + 10 * step, y)
        reader.page.wait_for_timeout(40)
    reader.page.mouse.up()
    expect(reader.page.locator(".upper-field input")).not_to_have_value("10", timeout=PATIENCE_MS)
    upper = float(full_uptake(reader))
    assert upper > 0
    reader.wait_for(".plan", f"PET SUV 0-{upper:g}")
    reader.page.keyboard.press("r")
    reader.wait_for(".plan", "PET SUV 0-10")


def test_a_double_click_makes_one_view_full_and_escape_brings_all_back(reader):
    for name in ("LCDFunction", "LCDProjection"):
        view(reader, name).dblclick()
        expect(reader.page.locator(".lcd-view:visible")).to_have_count(1)
        expect(view(reader, name)).to_be_visible()
        reader.until(lambda name=name: reader.view(name)[60:-60, 40:-40].std() > 5)
        reader.page.keyboard.press("Escape")
        expect(reader.page.locator(".lcd-view:visible")).to_have_count(4)
        for each in ("LCDAnatomy", "LCDFunction", "LCDFused", "LCDProjection"):
            reader.until(lambda each=each: reader.view(each)[60:-60, 40:-40].std() > 5)


def test_the_panel_folds_away_and_the_views_take_its_place(reader):
    before = view(reader, "LCDAnatomy").bounding_box()["width"]
    reader.page.keyboard.press("p")
    expect(reader.page.locator(".panel")).to_be_hidden()
    reader.page.wait_for_function("before => document.querySelector('.lcd-view').clientWidth > before + 80", arg=before)
    reader.page.keyboard.press("p")
    expect(reader.page.locator(".panel")).to_be_visible()


def test_pet_and_projection_on_black_where_that_is_wanted(reader):
    def white(name):
        return (reader.view(name) > 200).mean()

    for look, is_so in (
        ("Inverse gray", lambda part: part > 0.1),  # the paper, of which the projection's is small
        ("Gray on black", lambda part: 0 < part < 0.05),  # words and side marks
        ("Inverse gray", lambda part: part > 0.1),
    ):
        reader.choose(".function-look-select", look)
        for name in ("LCDFunction", "LCDProjection"):
            reader.until(lambda name=name, is_so=is_so: is_so(white(name)))


def test_a_double_click_on_fuse_fuses(reader):
    reader.page.dblclick(".fuse-button")
    reader.wait_for(".status", "slices fused")


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed (python -m Testing.clients.npm_clients)")
@pytest.mark.parametrize("opened", ["as it is", "help", "list"])
def test_axe_finds_nothing_critical_or_serious(reader, opened):
    for title in ("Export", "Advanced"):
        reader.unfold(title)
    if opened == "help":
        reader.page.click(".help-button")
        expect(reader.page.locator(".help-card")).to_be_visible()
    elif opened == "list":
        reader.page.locator(".window-select").click()
        expect(reader.page.locator(".v-overlay--active .v-list")).to_be_visible()
    reader.page.wait_for_function(  # what opens has faded in
        "document.getAnimations().every(each => each.playState !== 'running' || each.effect.getComputedTiming().iterations === Infinity)"
    )
    reader.page.evaluate(AXE.read_text())
    found = reader.page.evaluate("axe.run().then((result) => result.violations)")
    reader.page.keyboard.press("Escape")
    grave = {each["id"]: [node["html"][:160] for node in each["nodes"]][:4] for each in found if each["impact"] in ("critical", "serious")}
    assert grave == {}


def test_the_page_may_be_enlarged_and_what_is_disabled_looks_it(chromium, viewer):
    with Reader(chromium, viewer, PICTURES) as reader:
        assert not re.search("maximum-scale|user-scalable", reader.page.locator("meta[name=viewport]").get_attribute("content"))
        reader.wait_until_read()
        on, off = (reader.page.locator(f".{name}-button") for name in ("preview", "sphere"))
        style = "element => { const s = getComputedStyle(element); return [s.borderStyle, s.color]; }"
        assert not np.intersect1d(on.evaluate(style), off.evaluate(style)).size
