"""Chromium, and servers of the page with nothing but views."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from browser import Server, Views


@pytest.fixture(scope="module")
def open_page(chromium):
    """Opens a page of its own server, `open_page("--slices", 1)`, or of one that has a page already: `open_page(server=server)`."""
    opened = []

    def open_it(*options, size=(1204, 836), server=None, **context):
        if server is None:
            server = Server(*options)
            opened.append(server)
        return Views(chromium.new_page(viewport={"width": size[0], "height": size[1]}, **context), server)

    yield open_it
    for server in opened:
        server.stop()


@pytest.fixture(scope="module")
def one_page(open_page):
    return open_page()


@pytest.fixture
def views(one_page):
    """Four linked views of an oblique body of 24 slices at the 13th, as they are when the page has just been opened."""
    one_page.page.mouse.move(5, 400)
    one_page.do("show", 24)
    one_page.do("arrange", "four-up")
    yield one_page
    assert "Traceback" not in one_page.server.log
