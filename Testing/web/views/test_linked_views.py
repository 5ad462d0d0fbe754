"""The slice views in a real browser: what the hand does, what the scene then holds, and what the page shows."""

import numpy as np
import pytest
from browser import ANATOMY, BLEND, FUNCTION, FUSED, LINKED, PROJECTION
from playwright.sync_api import expect

MIDDLE = 12


def differ(a, b):
    """Mean difference of two pictures."""
    return np.abs(a - b).mean()


def same(values):
    """All vectors or numbers of a dict are equal."""
    first, *others = values
    return all(np.allclose(first, other, atol=1e-6) for other in others)


def of_linked(values):
    return [values[name] for name in LINKED]


def pale_yellow(picture):
    """Where letters are: they are pale yellow."""
    return (picture[..., 0] > 200) & (picture[..., 1] > 200) & (picture[..., 2] > 90) & (picture[..., 2] < 225)


def test_the_wheel_scrolls_all_views_to_one_place(views):
    before = {name: views.middle(name) for name in LINKED}
    views.hover(FUNCTION)
    views.wheel(3, pause_ms=40)
    views.still()
    scene = views.scene()
    assert scene["slice"] == MIDDLE + 3
    assert same(of_linked(scene["offsets"]))
    assert same(of_linked(scene["normals"]))
    assert scene["said"][-1] == ["slice", MIDDLE + 3]
    for name in LINKED:
        assert differ(views.middle(name), before[name]) > 0.1, f"{name} shows the old slice"


def test_after_a_burst_every_view_shows_the_last_slice_and_none_was_drawn_in_vain(views):
    views.hover(ANATOMY)
    views.forget()
    views.wheel(7)
    views.wheel(-4)
    views.still()
    assert views.scene()["slice"] == MIDDLE + 3
    came = views.watched()["steps"]
    for step, pictures in came.items():
        for rough in (True, False):  # as it comes, and once more, sharp, where nothing followed at once
            names = [name for name, _, is_rough in pictures if is_rough is rough]
            assert len(set(names)) == len(names), f"step {step} was sent more than once"
    assert {name for pictures in came.values() for name, _, is_rough in pictures if not is_rough} == set(LINKED), "not all came sharp"
    shown = {name: views.picture(name) for name in LINKED}
    views.reload()
    for name in LINKED:
        assert differ(views.picture(name), shown[name]) < 1, f"{name} did not show the last slice"


def test_keys_scroll_and_stop_at_the_ends(views):
    for key, index in (
        ("ArrowUp", MIDDLE + 1),
        ("ArrowLeft", MIDDLE),
        ("PageUp", MIDDLE + 10),
        ("PageUp", 23),
        ("ArrowRight", 23),
        ("Home", 0),
        ("ArrowDown", 0),
        ("End", 23),
    ):
        views.page.keyboard.press(key)
        views.still()
        assert views.scene()["slice"] == index, key


def test_keys_belong_to_a_field_while_one_types_in_it(views):
    views.page.locator("input").click()
    views.page.keyboard.press("End")
    views.page.keyboard.type(" 3")
    views.page.keyboard.press("ArrowUp")
    views.still()
    assert views.page.locator("input").input_value().endswith(" 3")
    assert (views.scene()["slice"], views.scene()["arrangement"]) == (MIDDLE, "four-up")
    views.page.mouse.click(*views.at(ANATOMY))
    views.page.keyboard.press("ArrowUp")
    views.still()
    assert views.scene()["slice"] == MIDDLE + 1


@pytest.mark.parametrize(
    ("arrangement", "names"),
    [
        ("reading", {ANATOMY, FUNCTION, FUSED, PROJECTION}),
        ("side by side", {ANATOMY, FUNCTION, FUSED}),
        ("one view", {FUSED}),
        ("four-up", set(LINKED)),
    ],
)
def test_every_arrangement_has_its_views_filled_and_fitting(views, arrangement, names):
    views.do("arrange", "one view" if arrangement != "one view" else "reading")
    views.do("arrange", arrangement)
    views.sized()
    scene = views.scene()
    assert set(views.names) == names
    for name in names:
        assert views.picture(name).max() > 200, f"{name} is empty"
        box = views.box(name)
        assert scene["sizes"][name][:2] == pytest.approx([box["width"], box["height"] - 2], abs=1)
    assert views.fits(FUSED)


def test_space_shows_the_anatomy_in_the_place_of_the_fused_image(views):
    fused = views.middle(FUSED)
    views.page.keyboard.press("Space")
    views.still()
    assert differ(views.middle(FUSED), views.middle(ANATOMY)) < 1
    assert differ(views.middle(FUSED), fused) > 5
    views.page.keyboard.press("Space")
    views.still()
    assert differ(views.middle(FUSED), fused) < 1
    views.page.keyboard.down("Space")
    views.still()
    assert differ(views.middle(FUSED), fused) > 5
    views.page.keyboard.up("Space")
    views.still()
    assert differ(views.middle(FUSED), fused) < 1, "held, it shows only as long as it is held"


def test_dragging_changes_the_window_of_the_anatomy(views):
    blend, fused = views.middle(BLEND), views.middle(FUSED)
    views.drag(ANATOMY, (0.4, 0.4), (0.6, 0.5))
    window = views.scene()["window"]
    assert window[0] > 400
    assert window[1] != 40
    assert views.scene()["said"][-1] == pytest.approx(["window", *window])
    assert differ(views.middle(BLEND), blend) > 1
    assert differ(views.middle(FUSED), fused) < 1, "what was fused was fused with its window"


def test_the_title_of_the_function_says_the_range_that_is_shown(views):
    title = views.picture(FUNCTION)[:45, :140]
    views.drag(FUNCTION, (0.5, 0.4), (0.5, 0.6))
    assert differ(views.picture(FUNCTION)[:45, :140], title) > 1, "it still says the old range"


def test_zoom_and_pan_are_linked(views):
    before = views.scene()
    views.drag(BLEND, (0.5, 0.3), (0.5, 0.6), button="right")
    zoomed = views.scene()
    assert same(of_linked(zoomed["fields"]))
    assert zoomed["fields"][FUSED][0] != pytest.approx(before["fields"][FUSED][0], rel=0.05)
    views.drag(ANATOMY, (0.5, 0.5), (0.7, 0.6), button="middle")
    panned = views.scene()
    assert same(of_linked(panned["pans"]))
    assert abs(panned["pans"][FUSED][0]) > 10
    views.do("align")
    assert same([views.scene()["fields"][FUSED], before["fields"][FUSED]])


def test_zoom_stays_through_other_arrangements(views):
    views.drag(BLEND, (0.5, 0.3), (0.5, 0.6), button="right")
    before = views.scene()["fields"]
    for arrangement in ("reading", "one view", "four-up"):
        views.do("arrange", arrangement)
    assert views.scene()["fields"][FUSED] == pytest.approx(before[FUSED], rel=1e-3)
    assert same(of_linked(views.scene()["fields"]))


def test_a_click_places_the_crosshair_in_all_views(views):
    views.page.mouse.click(*views.at(ANATOMY, 0.6, 0.4))
    views.still()
    place = views.scene()["crosshair"]
    assert np.dot(place, views.scene()["normals"][FUSED]) == pytest.approx(views.scene()["offsets"][FUSED], abs=1e-3)
    for name in LINKED:
        picture = views.picture(name)
        y, x = (round(part * size) for part, size in zip((0.4, 0.6), picture.shape, strict=False))
        near = picture[y - 6 : y + 7, x - 6 : x + 7]
        assert ((near[..., 0] > near[..., 2] + 60) & (near[..., 0] > 150)).any(), f"no crosshair in {name}"


def test_values_under_the_pointer(views):
    views.forget()
    views.hover(ANATOMY, 0.5, 0.45)
    readout = views.page.locator(".lcd-readout")
    expect(readout).to_contain_text("Fused")
    text = readout.inner_text()
    hu, suv, fused = (float(text.split(name)[1].split()[0]) for name in ("HU", "SUV", "Fused"))
    assert hu == 40 + 5 * (MIDDLE % 9)
    assert 0.5 < suv < 9
    assert 0 < fused < 1
    views.page.keyboard.press("ArrowUp")
    expect(readout).to_contain_text(f"HU {hu + 5:.0f} ")  # another slice came under the pointer
    views.page.mouse.move(5, 400)
    expect(readout).to_have_text("")


def test_a_click_leaves_the_window_alone(views):
    said = views.scene()["said"]
    views.page.mouse.click(*views.at(ANATOMY))
    views.still()
    assert [event for event in views.scene()["said"][len(said) :] if event[0] == "window"] == []


def test_moving_the_pointer_draws_nothing(views):
    views.forget()
    for across in np.linspace(0.2, 0.8, 12):
        views.hover(FUSED, across, 0.5)
        views.page.wait_for_timeout(25)
    views.still()
    assert views.watched()["steps"] == {}


def test_patient_sides_and_ruler_are_written(views):
    for name in LINKED:
        picture = views.picture(name)
        height, width, _ = picture.shape
        letters = pale_yellow(picture)
        for place, part in {
            "left": letters[height // 2 - 25 : height // 2 + 25, :30],
            "right": letters[height // 2 - 25 : height // 2 + 25, -30:],
            "top": letters[: height // 3, width // 2 - 25 : width // 2 + 25],  # below a title that reaches so far
        }.items():
            assert part.sum() > 8, f"{name} has no letter at the {place}"
        ruler = picture[-20:, width // 4 : -width // 4]
        line = ruler.max(axis=-1) < 60 if name == FUNCTION else (ruler[..., 0] > 180) & (ruler[..., 2] < 90)  # black on white
        assert 40 < line.sum() < 2000, f"{name} has no ruler"


@pytest.mark.parametrize(("orientation", "axis"), [("Coronal", 1), ("Sagittal", 0)])
def test_other_planes(views, orientation, axis):
    """The body is oblique by 8 degrees: its voxel planes are shown, not the room's."""
    axial = views.middle(ANATOMY)
    views.do("orientation", orientation)
    scene = views.scene()
    assert (scene["orientation"], scene["slice"], scene["said"][-1]) == (orientation, None, ["slice", None])
    assert same(of_linked(scene["normals"]))
    tilt = np.degrees(np.arccos(min(abs(scene["normals"][FUSED][axis]), 1)))
    assert tilt == pytest.approx(8 if orientation == "Coronal" else 0, abs=0.1)
    assert differ(views.middle(ANATOMY), axial) > 5
    views.hover(FUSED)
    views.wheel(2, pause_ms=60)
    views.still()
    moved = views.scene()["offsets"][FUSED] - scene["offsets"][FUSED]
    assert abs(moved) == pytest.approx(4, abs=1e-3), "two voxels of 2 mm"
    views.do("orientation", "Axial")
    assert views.scene()["slice"] == MIDDLE
    assert views.scene()["orientation"] == "Axial"


def test_a_click_in_the_projection_goes_there(views):
    views.do("slice", 3)
    views.do("arrange", "reading")
    picture = views.middle(PROJECTION).sum(axis=-1)
    dark = np.argwhere(picture < picture.min() + 60).mean(axis=0)  # inverse gray: the hot spot is the darkest
    box = views.box(PROJECTION)
    _, width = picture.shape
    views.page.mouse.click(box["x"] + box["width"] / 4 + dark[1] * box["width"] / 2 / width, box["y"] + box["height"] / 4 + dark[0])
    views.still()
    assert views.scene()["slice"] == pytest.approx(MIDDLE, abs=1)
    assert same(of_linked(views.scene()["offsets"]))
    views.hover(FUNCTION)
    assert views.scene()["crosshair"] is not None


def test_function_in_colour(views):
    assert views.middle(FUNCTION).mean() > 180
    views.do("color")
    assert views.middle(FUNCTION).mean() < 100


def test_views_follow_the_size_of_the_window(views):
    views.page.set_viewport_size({"width": 1800, "height": 700})
    views.sized()
    for name in LINKED:
        box = views.box(name)
        assert views.scene()["sizes"][name][:2] == pytest.approx([box["width"], box["height"] - 2], abs=1)
    assert views.fits(FUSED)
    views.page.set_viewport_size({"width": 1204, "height": 836})
    views.sized()


def test_other_arrangements_while_scrolling(views):
    views.hover(FUSED)  # in the same place there is a plot in one of the arrangements
    for key in "2413" * 2:
        views.page.keyboard.press("PageUp")
        views.page.keyboard.press(f"Shift+Digit{key}")
        views.wheel(1)
        views.page.keyboard.press("PageDown")
        views.page.wait_for_timeout(60)
    views.still()
    views.do("slice", MIDDLE)
    scene = views.scene()
    assert (scene["arrangement"], scene["slice"]) == ("four-up", MIDDLE)
    for name in LINKED:
        assert views.picture(name).max() > 200


def test_a_volume_that_is_deleted_leaves_standing_views(views):
    views.do("delete", 1)
    views.hover(FUNCTION)
    views.wheel(2, pause_ms=40)
    views.do("delete", 0)
    views.wheel(2, pause_ms=40)
    views.page.keyboard.press("Space")
    views.page.keyboard.press("Space")
    views.page.mouse.click(*views.at(ANATOMY))
    views.do("orientation", "Coronal")
    views.still()
    assert views.middle(ANATOMY).mean() < 2
    views.do("close review")
    views.still()


def test_no_volume_and_one_slice(open_page):
    views = open_page("--slices", 0)
    for name in LINKED:
        assert views.middle(name).max() < 60
        views.hover(name)
        views.wheel(1, pause_ms=30)
        views.drag(name, (0.4, 0.4), (0.6, 0.6), steps=3)
    for key in ("ArrowUp", "End", "Space", "1", "3"):
        views.page.keyboard.press(key)
    views.do("orientation", "Sagittal")
    assert views.scene()["slice"] is None
    views.do("show", 1)
    views.hover(ANATOMY)
    views.wheel(3, pause_ms=30)
    views.still()
    assert views.scene()["slice"] == 0
    assert views.middle(FUSED).max() > 100
    views.do("orientation", "Coronal")
    views.do("end")
    step = views.scene()["step"]
    said = len(views.scene()["said"])
    views.do("slice", 0)
    assert (views.scene()["step"], len(views.scene()["said"])) == (step, said), "after the end nothing is drawn and nothing said"
    assert "Traceback" not in views.server.log


def test_a_patient(open_page, shared_data):
    """A sarcoma of the thigh: CT and PET on grids of their own."""
    views = open_page("--case", shared_data / "pet-ct-mr-sarcoma" / "STS_003")
    start = views.scene()["slice"]
    views.hover(FUSED)
    views.wheel(-4)
    views.still()
    assert views.scene()["slice"] == start - 4
    assert same(of_linked(views.scene()["offsets"]))
    for name in LINKED:
        assert views.middle(name).std() > 10
    text = views.page.inner_text(".lcd-readout")
    assert all(name in text for name in ("HU", "SUV", "Fused"))
    assert "Traceback" not in views.server.log
