"""Chromium before the page of `views_page.py`: what a reader's hand does, and what the page then shows."""

import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

PAGE = Path(__file__).with_name("views_page.py")
PROJECT = Path(__file__).resolve().parents[3]
ANATOMY, FUNCTION, BLEND, FUSED, PROJECTION = "LCDAnatomy", "LCDFunction", "LCDBlend", "LCDFused", "LCDProjection"
LINKED = (ANATOMY, FUNCTION, BLEND, FUSED)

# Notes each step of pictures that comes, when each view on the page has shown its picture, and the notches of the wheel that came.
_WATCH = """() => {
  window.watched = {steps: {}, shown: [], wheel: 0};
  window.addEventListener("wheel", (event) => (window.watched.wheel += Math.abs(event.wheelDeltaY) / 120), {capture: true, passive: true});
  window.trame.client.getConnection().getSession().subscribe("trame.rca.topic.stream", ([{name, meta}]) => {
    if (meta.step !== undefined) (window.watched.steps[meta.step] ||= []).push([name, performance.now(), meta.rough]);
  });
  document.addEventListener("load", (event) => {
    const view = event.target.closest?.(".lcd-view");
    if (view) window.watched.shown.push([view.dataset.view, performance.now()]);
  }, true);
}"""


class Server:
    """`views_page.py` in a process of its own."""

    def __init__(self, *options):
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        command = [sys.executable, str(PAGE), *map(str, options)]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=self._log, text=True)
        line = next((line for line in self.process.stdout if line.startswith("port")), None)
        assert line, f"the page did not start: {self.log}"
        self.address = f"http://127.0.0.1:{int(line.split()[1])}/index.html"

    @property
    def log(self):
        self._log.seek(0)
        return self._log.read()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self._log.close()


class Views:
    """The views in one browser page."""

    def __init__(self, page, server):
        self.page, self.server = page, server
        page.goto(server.address)
        self._wait()

    def reload(self):
        self.page.reload()
        self._wait()

    def _wait(self):
        self.page.wait_for_selector(".lcd-view img", timeout=30_000)
        self.page.evaluate(_WATCH)
        self.still()

    @property
    def names(self):
        """Layout names of the views on the page."""
        return [view.get_attribute("data-view") for view in self.page.locator(".lcd-view").all()]

    def fits(self, name):
        """The image of a body 384 mm wide and 320 mm high, not zoomed, just fits into a view."""
        width, height, _ = self.scene()["fields"][name]
        return abs(min(width / 384, height / 320) - 1) < 0.02

    def scene(self):
        """What the server's scene holds, see `Page.state`."""
        return self.page.evaluate("window.trame.trigger('scene')")

    def do(self, *what):
        self.page.evaluate("what => window.trame.trigger('do', what)", list(what))
        self.still()

    def still(self):
        """Waits until the server has drawn and sent everything, sharp, and the page shows it."""
        self.page.evaluate(
            """async () => {
              const soon = (ms) => new Promise((done) => setTimeout(done, ms));
              let last = -1;
              for (let idle = 0; idle < 2; ) {
                await soon(40);
                const {is_idle, step} = await window.trame.trigger('scene');
                idle = is_idle && step === last ? idle + 1 : 0;
                last = step;
              }
              await new Promise(requestAnimationFrame);
              await soon(40);
            }"""
        )

    def sized(self):
        """Waits until the server's views have the size that this page gives them."""
        self.page.wait_for_function(
            """async () => {
              const {sizes} = await window.trame.trigger('scene');
              return [...document.querySelectorAll('.lcd-view')].every((view) => {
                const {width, height} = view.querySelector('.image-display-area').parentElement.getBoundingClientRect();
                const [across, down] = sizes[view.dataset.view].map((pixels) => pixels / devicePixelRatio);
                return Math.abs(across - width) <= 1 && Math.abs(down - height) <= 1;
              });
            }"""
        )
        self.still()

    def watched(self):
        return self.page.evaluate("window.watched")

    def forget(self):
        self.page.evaluate("() => { window.watched.steps = {}; window.watched.shown = []; }")

    def box(self, name):
        return self.page.locator(f'.lcd-view[data-view="{name}"]').bounding_box()

    def at(self, name, across=0.5, down=0.5):
        """Pixel of the page at a place in a view."""
        box = self.box(name)
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def hover(self, name, across=0.5, down=0.5):
        self.page.mouse.move(*self.at(name, across, down))

    def wheel(self, notches, pause_ms=0, pixels=120):
        """Turns the wheel; ends when the page has heard of every notch."""
        heard = self.watched()["wheel"]
        for _ in range(abs(notches)):
            self.page.mouse.wheel(0, -pixels if notches > 0 else pixels)
            if pause_ms:
                self.page.wait_for_timeout(pause_ms)
        self.page.wait_for_function("count => window.watched.wheel >= count", arg=heard + abs(notches))

    def drag(self, name, start, end, *, button="left", steps=8):
        self.hover(name, *start)
        self.page.mouse.down(button=button)
        for step in range(1, steps + 1):
            self.hover(name, *(s + (e - s) * step / steps for s, e in zip(start, end, strict=True)))
            self.page.wait_for_timeout(30)
        self.page.mouse.up(button=button)
        self.still()

    def picture(self, name):
        """What the page shows in a view: (height, width, 3)."""
        content = self.page.locator(f'.lcd-view[data-view="{name}"]').screenshot()
        return np.asarray(Image.open(BytesIO(content)).convert("RGB")).astype(int)

    def middle(self, name):
        """The middle of a view, where nothing is written."""
        picture = self.picture(name)
        height, width, _ = picture.shape
        return picture[height // 4 : -height // 4, width // 4 : -width // 4]
