"""How fast four linked views scroll in Chromium: `python Testing/web/views/measure_scrolling.py [--case FOLDER] [--size 500x400]`.

Two figures. A reader who turns the wheel without pause: how many different slices a second all four views show, and how many wheel
notches that took. A reader who turns it by one notch: from the notch to the moment when the last of the four pictures is on the page.
Nothing is measured on the server; what is counted are pictures that the browser has loaded.
"""

import argparse
import os
import statistics
import time
from pathlib import Path

from browser import Server, Views
from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
_PANEL, _READOUT, _FRAME = 200, 28, 4  # pixels of the page beside and under the views


def fast(views, seconds, per_second):
    """Steps a second that all four views showed while the wheel turned, up and down through the volume."""
    views.forget()
    count = views.page.evaluate(
        """async ([seconds, perSecond]) => {
          const view = document.querySelector('.lcd-view');
          const start = performance.now();
          let sent = 0;
          while (performance.now() - start < 1000 * seconds) {
            const deltaY = Math.floor(sent / 18) % 2 ? 120 : -120;
            view.dispatchEvent(new WheelEvent('wheel', {deltaY, bubbles: true, cancelable: true}));
            sent += 1;
            const until = start + 1000 * sent / perSecond;
            await new Promise((done) => setTimeout(done, Math.max(0, until - performance.now())));
          }
          return sent;
        }""",
        [seconds, per_second],
    )
    steps = views.watched()["steps"]
    complete = [step for step, came in steps.items() if len({name for name, *_ in came}) == 4]
    twice = [step for step, came in steps.items() if len(came) > 4]
    views.still()
    return len(complete) / seconds, count / seconds, len(twice)


def single(views, notches):
    """Milliseconds from a notch to the last of four pictures."""
    taken = []
    views.do("slice", 5)
    for n in range(notches):
        views.still()
        views.forget()
        taken.append(
            views.page.evaluate(
                """async (deltaY) => {
                  const view = document.querySelector('.lcd-view'), start = performance.now();
                  view.dispatchEvent(new WheelEvent('wheel', {deltaY, bubbles: true, cancelable: true}));
                  while (new Set(window.watched.shown.map(([name]) => name)).size < 4 && performance.now() - start < 5000)
                    await new Promise((done) => setTimeout(done, 1));
                  return Math.max(...window.watched.shown.map(([, when]) => when)) - start;
                }""",
                -120 if n % 2 else 120,
            )
        )
    return taken


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--case", type=Path, help="folder with ct.nrrd and pet.nrrd; without, the thorax phantom")
    parser.add_argument("--size", default="500x400", help="of one view")
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--notches", type=int, default=15)
    parser.add_argument("--per-second", type=float, nargs="+", default=[15, 40], help="wheel notches")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    server = Server(*(["--case", options.case] if options.case else ["--phantom"]))
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": _PANEL + 2 * width + _FRAME, "height": _READOUT + 2 * height + 2 * _FRAME})
            views = Views(page, server)
            box = views.box("LCDAnatomy")
            print(f"views {box['width']:.0f}x{box['height']:.0f}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
            for per_second in options.per_second:
                shown, sent, twice = fast(views, options.seconds, per_second)
                print(f"wheel at {sent:.0f} notches/s: {shown:.1f} slices/s in all four views, {twice} steps sent twice")
            taken = single(views, options.notches)
            print(f"one notch: {statistics.median(taken):.0f} ms to the last of four pictures, at most {max(taken):.0f} ms")
            print(f"load {os.getloadavg()[0]:.1f}")
            browser.close()
    finally:
        server.stop()


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"{time.monotonic() - started:.0f} s altogether")
