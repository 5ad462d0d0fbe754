"""One session on two pages of different shape, as on two monitors."""

import numpy as np
import pytest
from browser import ANATOMY
from scipy import ndimage

MARGIN = 3  # pixels of the page


def spine(views):
    """Width and height of the vertebra, which is round, on a page, in its pixels, and its middle (x, y)."""
    white = (views.picture(ANATOMY) > 235).all(axis=-1)
    labels, _ = ndimage.label(white)
    largest = np.bincount(labels.ravel())[1:].argmax() + 1
    down, across = ndimage.find_objects(labels)[largest - 1]
    size = across.stop - across.start, down.stop - down.start
    return size, ((across.start + across.stop) / 2, (down.start + down.stop) / 2)


def is_round(views):
    (width, height), _ = spine(views)
    return width > 8 and abs(width - height) <= MARGIN


@pytest.fixture(scope="module")
def first(open_page):
    return open_page()


@pytest.fixture
def second(open_page, first):
    """On a wide monitor with fine pixels."""
    views = open_page(server=first.server, size=(1700, 480), device_scale_factor=2)
    views.sized()
    first.still()
    yield views
    views.page.close()
    first.sized()
    first.page.mouse.move(-5, -5)
    assert "Traceback" not in first.server.log


def test_nothing_is_squashed_and_the_page_in_use_gives_the_size(first, second):
    assert is_round(second)
    assert is_round(first), "the second page's size squashes the first one's pictures"
    first.hover(ANATOMY, 0.3, 0.3)
    first.sized()
    second.still()
    assert is_round(first)
    assert is_round(second), "the first page's size squashes the second one's pictures"


def test_the_pointer_points_at_what_its_own_page_shows(first, second):
    first.hover(ANATOMY, 0.3, 0.3)
    first.sized()
    for views in (first, second, first):
        views.page.mouse.click(*views.at(ANATOMY, 0.6, 0.3))  # the first event here since the other page was in use
        views.sized()
        scene = views.scene()
        place, normal = np.array(scene["crosshair"]), np.array(scene["normals"][ANATOMY])
        assert place @ normal == pytest.approx(scene["offsets"][ANATOMY], abs=1e-3)
        picture = views.picture(ANATOMY)
        y, x = (round(part * size) for part, size in zip((0.3, 0.6), picture.shape, strict=False))
        near = picture[y - 6 : y + 7, x - 6 : x + 7]
        assert ((near[..., 0] > near[..., 2] + 60) & (near[..., 0] > 150)).any(), "no crosshair where was clicked"


def test_a_closed_page_gives_the_size_back(first, second):
    (before, _), _ = spine(first)
    second.page.close()
    first.sized()
    assert is_round(first)
    (width, _), _ = spine(first)
    assert width > before, "the picture still has the closed page's margins"
    assert first.fits(ANATOMY)


def test_a_hidden_page_gives_the_size_back(first, second):
    second.page.evaluate(
        """() => {
          Object.defineProperty(document, "visibilityState", {get: () => "hidden"});
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    first.sized()
    assert is_round(first)


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda page: page.keyboard.press("ArrowUp"), id="a key"),
        pytest.param(lambda page: page.evaluate("window.dispatchEvent(new Event('focus'))"), id="a look"),
        pytest.param(lambda page: page.mouse.move(100, 400), id="the pointer over the panel"),
    ],
)
def test_every_use_of_a_page_gives_its_size(first, second, use):
    use(first.page)
    first.sized()
