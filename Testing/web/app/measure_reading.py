"""What a reader waits for, and what a session holds: `python -m Testing.web.app.measure_reading [--study FOLDER | --phantom]`.

Without a folder: a made-up CT of 512 x 512 and a PET of 192 x 192; `--phantom`: what the viewer shows by itself. From the address to a page
that can be used, and to a study on show. For Reading and Four-up, idle and while a fusion runs: slices a second that all views on the page
showed while the wheel turned, and the time from one notch to the text of the metrics that belong to it. Then the memory (proportional set
size) of the session's process and of its worker. Each line has the load of the machine, without which it says little.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from LCDFusionLib.images.volume import Modality, Unit, Volume, geometry_matrix
from Testing.cli.small_study import FRAME_OF_REFERENCE, write_series
from Testing.web.app.conftest import running_viewer

_WATCH = """() => {
  window.watched = {};
  window.trame.client.getConnection().getSession().subscribe("trame.rca.topic.stream", ([{name, meta}]) => {
    if (meta.step !== undefined) (window.watched[meta.step] ||= new Set()).add(name);
  });
}"""
_TURN = """async ([seconds, perSecond]) => {
  const view = document.querySelector(".lcd-view"), start = performance.now();
  window.watched = {};
  for (let sent = 0; performance.now() - start < 1000 * seconds; sent++) {
    const deltaY = Math.floor(sent / 18) % 2 ? 120 : -120;
    view.dispatchEvent(new WheelEvent("wheel", {deltaY, wheelDeltaY: -deltaY, bubbles: true, cancelable: true}));
    await new Promise((done) => setTimeout(done, Math.max(0, start + (1000 * sent) / perSecond - performance.now())));
  }
  return Object.values(window.watched).map((names) => names.size);
}"""
_NOTCH = """async (deltaY) => {
  const text = () => document.querySelector(".slice-title").innerText + document.querySelector("table.metrics")?.innerText;
  const view = document.querySelector(".lcd-view"), before = text(), start = performance.now();
  view.dispatchEvent(new WheelEvent("wheel", {deltaY, wheelDeltaY: -deltaY, bubbles: true, cancelable: true}));
  while (text() === before && performance.now() - start < 3000) await new Promise((done) => setTimeout(done, 2));
  return performance.now() - start;
}"""


def make_study(folder, slices):
    """A trunk of noise with a hot spot."""
    for modality, size, spacing in ((Modality.CT, 512, [0.9, 0.9, 3.0]), (Modality.PET, 192, [2.4, 2.4, 3.0])):
        shape, rng = (slices, size, size), np.random.default_rng(1)
        j, i = np.mgrid[:size, :size] / size - 0.5
        inside = (i / 0.42) ** 2 + (j / 0.3) ** 2 < 1
        if modality is Modality.CT:
            array, unit = np.rint(np.where(inside, 40, -1000) + rng.normal(0, 12, shape)).astype(np.int16), Unit.HU
        else:
            array = np.where(inside, 1.5, 0.05) + 7.0 * (np.hypot(i - 0.1, j) < 0.04) + rng.random(shape)
            array, unit = array.astype(np.float32), Unit.SUVBW
        matrix = geometry_matrix(np.array(spacing), np.eye(3), -np.array([size - 1, size - 1, 0]) / 2 * spacing)
        write_series(folder / modality.value, Volume(array, matrix, modality, unit, modality.value, FRAME_OF_REFERENCE))


def memory(folder):
    """MiB of each process of the viewer whose temporary folder this is, by what it is; other viewers may run beside it."""
    found = {}
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            is_ours = str(folder).encode() in (process / "environ").read_bytes()
            lines = (process / "smaps_rollup").read_text().splitlines()
        except (OSError, ValueError):
            continue
        name = next((name for name in ("LCDFusionLib.web.app", "LCDFusionLib.fusion.worker") if name.encode() in words), "")
        if name and is_ours:
            found[f"{name} {process.name}"] = next(int(line.split()[1]) // 1024 for line in lines if line.startswith("Pss:"))
    return found


def say(text):
    print(f"{text} (load {os.getloadavg()[0]:.1f})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--study", type=Path)
    parser.add_argument("--phantom", action="store_true")
    parser.add_argument("--slices", type=int, default=135)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--notches", type=int, default=11)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        study = options.study or (None if options.phantom else Path(folder) / "study")
        if options.study is None and study is not None:
            make_study(study, options.slices)
        (Path(folder) / "viewer").mkdir()
        with running_viewer(study, Path(folder) / "viewer") as address:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            began = time.monotonic()
            page.goto(address)
            page.wait_for_selector(".fuse-button", timeout=300_000)
            say(f"page usable after {time.monotonic() - began:.1f} s")
            page.wait_for_selector(".fuse-button:not([disabled])", timeout=300_000)
            say(f"study on show after {time.monotonic() - began:.1f} s")
            page.wait_for_timeout(2000)
            page.evaluate(_WATCH)
            say(f"before {memory(folder)}")
            for what in ("idle", "fusing"):
                if what == "fusing":
                    page.click(".fuse-button")
                    page.wait_for_function(
                        "/ ([3-9]|[0-9]{2,}) of |slices fused/.test(document.querySelector('.status').innerText)", timeout=300_000
                    )
                for name, views in (("Reading", 3), ("Four-up", 4)):
                    page.locator(".arrangements button", has_text=name).click()
                    page.wait_for_timeout(1500)
                    steps = page.evaluate(_TURN, [options.seconds, 30])
                    page.wait_for_timeout(1000)
                    say(f"{what}, {name}: {sum(count >= views for count in steps) / options.seconds:.1f} steps a second")
                    if what == "fusing":  # before, no slice has a text of its own; from one that has to one that has
                        notches = []
                        for n in range(-2, options.notches):
                            notches.append(page.evaluate(_NOTCH, 120 if n % 2 else -120))
                            page.wait_for_selector("table.metrics", timeout=300_000)
                            page.wait_for_timeout(1000)  # the fusion has all cores again
                        notches = notches[2:]
                        say(f"{statistics.median(notches):.0f} ms from a notch to its text")
                say(f"{what} {memory(folder)}")
            browser.close()


if __name__ == "__main__":
    main()
