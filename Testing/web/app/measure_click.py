"""What a reader waits for after the click on Fuse: `python -m Testing.web.app.measure_click [--study FOLDER] [--turns 5]`.

From the click on the page, with the worker warm, to the picture on the screen: of the slice on show at half resolution, and of the slice
itself. Each turn is cancelled then, and the next is of another slice: so the later ones also tell what a cancel leaves. A picture
counts when the browser has decoded it, in the frame after, if it came after the title that belongs to it and is another one. Without a
folder: the study of `measure_reading`. Each line has the load of the machine, without which it says little.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from Testing.web.app.conftest import running_viewer
from Testing.web.app.measure_reading import make_study, memory, say

_CLICK = """async () => {
  const image = () => document.querySelector(".lcd-view[data-view=LCDFused] img");
  const title = () => document.querySelector(".slice-title").innerText;
  const canvas = Object.assign(document.createElement("canvas"), {width: 64, height: 64});
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  const middle = async () => {
    const from = image(), w = from.naturalWidth, h = from.naturalHeight;
    await from.decode();
    pen.drawImage(from, 0.25 * w, 0.25 * h, 0.5 * w, 0.5 * h, 0, 0, 64, 64);
    return pen.getImageData(0, 0, 64, 64).data;
  };
  const frame = () => new Promise(requestAnimationFrame);
  const apart = (one, other) => one.reduce((sum, value, n) => sum + Math.abs(value - other[n]), 0) / one.length;
  let shown = null;
  while (shown === null) shown = await middle().catch(() => null); // the picture may be replaced while it is decoded
  let source = image().src;
  const times = [], start = performance.now();
  document.querySelector(".fuse-button").click();
  for (const isThere of [() => title().includes("half resolution"), () => /^Slice \\d+\\/\\d+$/.test(title())]) {
    while (performance.now() - start < 120000) {
      await frame();
      if (!isThere() || image().src === source) continue;
      source = image().src;
      const now = await middle().catch(() => shown);
      if (apart(now, shown) > 0.2) {
        await frame();
        times.push((performance.now() - start) / 1000);
        shown = now;
        break;
      }
    }
  }
  return times;
}"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--slices", type=int, default=135)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        study = options.study or Path(folder) / "study"
        if options.study is None:
            make_study(study, options.slices)
        (Path(folder) / "viewer").mkdir()
        with running_viewer(study, Path(folder) / "viewer") as address:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.goto(address)
            page.wait_for_selector(".fuse-button:not([disabled])", timeout=300_000)
            page.wait_for_timeout(15_000)  # the worker loads PyTorch behind the study
            turns = []
            for turn in range(options.turns):
                times = page.evaluate(_CLICK)
                say(f"turn {turn + 1}: {' and '.join(f'{seconds:.2f} s' for seconds in times)} from the click to preview and slice")
                turns += [times] if len(times) == 2 else []
                page.wait_for_timeout(2000)
                if turn == 0:
                    say(f"fusing {memory(folder)}")
                page.click(".fuse-button")  # now Cancel
                page.wait_for_function("document.querySelector('.status').innerText.includes('Cancelled')")
                page.wait_for_timeout(3000)
                page.locator(".lcd-view").first.hover()
                for _ in range(10):
                    page.mouse.wheel(0, 120)
                    page.wait_for_timeout(50)
                page.wait_for_timeout(1000)
            say(f"median {' and '.join(f'{statistics.median(column):.2f} s' for column in zip(*turns, strict=True))}")
            browser.close()


if __name__ == "__main__":
    main()
