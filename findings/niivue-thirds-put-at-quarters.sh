#!/bin/sh
# @niivue/niivue 0.69.0: its colour maps viridis, inferno, plasma and cividis beside those of matplotlib 3.10.8, where they come from.
#
# Guess: one name, one map, but for rounding: at a quarter of the window both have the same colour, to a few 255ths.
# Found: four colours are kept of each map. They are those that it has at 0, 1/3, 2/3 and 1, and are put at 0, 1/4, 3/4 and 1: a voxel at a quarter of the window is
#   shown in the colour of a third, at three quarters in that of two thirds; off by up to 131 of 255 in a channel. And inferno ends in plasma's last colour. An SUV
#   read off another program's colour bar of that name is wrong by 8 % of the window, and the maps are not even in lightness any more, what they are taken for.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
npm install --no-audit --no-fund --ignore-scripts --silent @niivue/niivue@0.69.0
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check matplotlib==3.10.8 numpy==2.2.6
cat > maps.mjs <<'JS'
import { writeFileSync } from "node:fs";
globalThis.self = globalThis.window = globalThis;
globalThis.document = { createElement: () => ({ getContext: () => null, style: {} }), addEventListener() {} };
Object.defineProperty(globalThis, "navigator", { value: { userAgent: "node", platform: "node" }, configurable: true });
globalThis.HTMLElement = globalThis.Worker = class {};
console.debug = () => {};
const { cmapper } = await import("@niivue/niivue");
const maps = Object.fromEntries(["viridis", "inferno", "plasma", "cividis"].map((name) => [name, Array.from(cmapper.colormap(name))]));
writeFileSync("maps.json", JSON.stringify(maps));
JS
node maps.mjs
cat > ask.py <<'PY'
import json
import sys

import matplotlib
import numpy as np

with open("node_modules/@niivue/niivue/package.json") as file:
    print("@niivue/niivue", json.load(file)["version"], "matplotlib", matplotlib.__version__)
print("guess: 64, 192 (of 255), a difference of some 255ths")
with open("maps.json") as file:
    maps = json.load(file)
matplotlibs = {name: matplotlib.colormaps[name](np.arange(256))[:, :3] * 255 for name in maps}
found = []
for name, values in maps.items():
    here = np.reshape(values, (256, 4))[:, :3]
    nearest = [int(np.abs(matplotlibs[name] - here[at]).max(axis=1).argmin()) for at in (64, 192)]
    same = max(np.abs(matplotlibs[name][there] - here[at]).max() for at, there in zip((64, 192), nearest))
    difference = round(float(np.abs(matplotlibs[name] - here).max()))
    print("found:", name, "has at 64 and 192 the colours that matplotlib has at", nearest, "to", round(float(same), 1), "; greatest difference", difference)
    found.append(abs(nearest[0] - 85) <= 2 and abs(nearest[1] - 170) <= 2 and same < 1.5 and difference >= 30)
last = np.reshape(maps["inferno"], (256, 4))[255, :3]
print("found: inferno ends in", last, "and plasma of matplotlib in", matplotlibs["plasma"][255].round())
sys.exit(0 if all(found) and np.abs(last - matplotlibs["plasma"][255]).max() < 1 else 1)
PY
env/bin/python ask.py
