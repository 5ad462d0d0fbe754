"""The browser of all tests of the browser host."""

import shutil

import pytest


@pytest.fixture(scope="module")
def playwright():
    """Drives browsers. For one module: while it runs, an event loop does, and `asyncio.run` of other tests refuses."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright, which drives the browser, is not installed")
    with api.sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(playwright):
    """The system's browser."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium on this machine (apt-get install chromium)")
    browser = playwright.chromium.launch(
        executable_path=program,
        args=["--no-sandbox"],
        ignore_default_args=["--hide-scrollbars"],  # readers have them, and they take their place
    )
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def firefox(playwright, tmp_path_factory):
    """Firefox as Debian has it, driven by WebDriver BiDi, and the folder of its downloads."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        pytest.skip("there is no Firefox on this machine (apt-get install firefox-esr)")
    downloads = tmp_path_factory.mktemp("downloads")
    browser = playwright.firefox.launch(
        channel="moz-firefox", executable_path=program, downloads_path=downloads, firefox_user_prefs={"ui.useOverlayScrollbars": 0}
    )
    yield browser, downloads
    browser.close()
