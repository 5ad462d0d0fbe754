"""A person at the page."""

import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import expect

PATIENCE_MS = 90_000
# Letters below 14 pixels, labels wider than their buttons, and a panel that would have to be scrolled sideways.
_BADLY_LAID_OUT = """[...document.querySelectorAll(".panel *, .bar *")].filter((each) => {
    const texts = [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const is_cut = each.matches(".v-btn__content") && each.scrollWidth > each.parentElement.clientWidth + 1;
    const is_wide = each.matches(".panel-scroll") && each.scrollWidth > each.clientWidth;
    return each.checkVisibility() && (is_cut || is_wide || (texts && parseFloat(getComputedStyle(each).fontSize) < 14));
}).map((each) => `${each.className}: ${each.textContent}`)"""


class Reader:
    """One browser window on one session of its own.

    Attributes:
        page: of Playwright.
        troubles: what the page's scripts complained of.
    """

    def __init__(self, chromium, address: str, pictures: Path, *, size: tuple[int, int] = (1366, 768)) -> None:
        self._pictures = pictures
        self._context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, accept_downloads=True)
        self.page = self._context.new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.add_init_script(
            "addEventListener('unhandledrejection', (event) => console.log('rejected', JSON.stringify(event.reason)))"
        )
        self.page.on("console", lambda line: self.troubles.append(line.text) if line.text.startswith("rejected") else None)
        self.page.goto(address)
        self.page.wait_for_selector(".fuse-button")

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()
        assert self.troubles == [], self.troubles

    def text(self, selector: str) -> str:
        """What stands there; empty where there is no such place."""
        place = self.page.locator(selector)
        return place.first.inner_text() if place.count() else ""

    def wait_for(self, selector: str, text: str) -> None:
        """Until the text stands there."""
        expect(self.page.locator(selector).first).to_contain_text(text, timeout=PATIENCE_MS)

    def wait_until_read(self) -> None:
        """Until a pair can be fused."""
        expect(self.page.locator(".fuse-button")).to_be_enabled(timeout=PATIENCE_MS)

    def choose(self, selector: str, option: str) -> None:
        """One of a list."""
        self.page.locator(selector).click()
        self.page.locator(".v-overlay--active .v-list-item", has_text=option).first.click()
        expect(self.page.locator(".v-overlay--active .v-list-item")).to_have_count(0)

    def until(self, is_so: Callable[[], object]) -> None:
        """Until something is so in the pictures, which come when they are drawn."""
        give_up = time.monotonic() + PATIENCE_MS / 1000
        while not is_so():
            assert time.monotonic() < give_up, "waited in vain"
            self.page.wait_for_timeout(50)

    def unfold(self, title: str) -> None:
        """Opens a section that is folded."""
        section = self.page.locator("details.section", has=self.page.locator("summary", has_text=title))
        if section.get_attribute("open") is None:
            section.locator("summary").click()

    def badly_laid_out(self) -> list[str]:
        """What is cut, too small, or too wide, with every section unfolded."""
        self.page.evaluate("document.querySelectorAll('details.section').forEach((section) => (section.open = true))")
        return self.page.evaluate(_BADLY_LAID_OUT)

    def fuse(self) -> None:
        """All slices, to the end."""
        self.page.click(".fuse-button")
        self.wait_for(".status", "slices fused")

    def upload(self, *files: Path) -> None:
        """By the button."""
        with self.page.expect_file_chooser() as chooser:
            self.page.click(".open-button")
        chooser.value.set_files([str(file) for file in files])

    def save(self, button: str, folder: Path) -> Path:
        """Clicks an export button; what the browser saved."""
        with self.page.expect_download() as saved:
            self.page.click(button)
        path = folder / saved.value.suggested_filename
        saved.value.save_as(path)
        return path

    def picture(self, name: str) -> Path:
        """A screenshot of the page when it does not change any more (but for what turns without end), kept under `build`."""

        def shown() -> bytes:
            return self.page.screenshot(animations="disabled")

        pictures = [shown()]
        self.until(lambda: pictures.append(shown()) or pictures[-1] == pictures[-2])
        self._pictures.mkdir(parents=True, exist_ok=True)
        (self._pictures / f"{name}.png").write_bytes(pictures[-1])
        return self._pictures / f"{name}.png"

    def view(self, name: str):
        """The picture in a slice view as an array (rows, columns, RGB)."""
        place = self.page.locator(f".lcd-view[data-view={name}]")
        return np.asarray(Image.open(io.BytesIO(place.screenshot())).convert("RGB"))


def timed(action) -> float:
    """Seconds that it takes."""
    began = time.monotonic()
    action()
    return time.monotonic() - began
