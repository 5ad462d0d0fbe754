"""The browser of all tests of the browser host."""

import shutil

import pytest


@pytest.fixture(scope="module")
def chromium():
    """The system's browser. For one module: while Playwright runs, an event loop does, and `asyncio.run` of other tests refuses."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright, which drives the browser, is not installed")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine (apt-get install chromium)")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=program,
            args=["--no-sandbox"],
            ignore_default_args=["--hide-scrollbars"],  # readers have them, and they take their place
        )
        yield browser
        browser.close()
