#!/bin/sh
# colorjs.io 0.7.1, chroma-js 3.2.0, culori 4.0.2, color-diff 1.4.0 and Python's coloraide 8.13.1, scikit-image 0.26.0: the CIEDE2000 difference of
# two colours on a screen, as colour scales for PET are judged by.
#
# Guess: sRGB has one white, D65, and CIEDE2000 one formula: six libraries give the same to 0.05.
# Found: five do; colorjs.io takes both colours to its space `lab` first, which is that of print, under D50, and the difference there: 11.1 for 9.2 between
#   blue and violet, 19.7 for 21.2 between red and orange. Grays agree, so a check with grays sees nothing.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check coloraide==8.13.1 scikit-image==0.26.0 numpy==2.2.6
npm install --no-audit --no-fund --ignore-scripts --silent colorjs.io@0.7.1 chroma-js@3.2.0 culori@4.0.2 color-diff@1.4.0
cat > ask.mjs <<'JS'
import chroma from "chroma-js";
import * as diff from "color-diff";
import Color from "colorjs.io";
import { differenceCiede2000 } from "culori";
const lab = hex => diff.rgb_to_lab(Object.fromEntries(["R", "G", "B"].map((name, k) => [name, parseInt(hex.slice(1 + 2 * k, 3 + 2 * k), 16)])));
const [a, b] = process.argv.slice(2);
console.log(JSON.stringify({
  "colorjs.io": new Color(a).deltaE(new Color(b), "2000"), "chroma-js": chroma.deltaE(a, b), culori: differenceCiede2000()(a, b),
  "color-diff": diff.diff(lab(a), lab(b)),
}));
JS
cat > ask.py <<'PY'
import json
import subprocess
import sys

import numpy as np
from coloraide import Color
from skimage.color import deltaE_ciede2000, rgb2lab

seen = {}
for a, b in (("#0000ff", "#8000ff"), ("#ff0000", "#ff8000"), ("#ffff00", "#80ff00"), ("#808080", "#909090")):
    found = json.loads(subprocess.run(["node", "ask.mjs", a, b], capture_output=True, text=True, check=True).stdout)
    found["coloraide"] = Color(a).delta_e(Color(b), method="2000")
    pair = [rgb2lab(np.array([[list(bytes.fromhex(colour[1:]))]]) / 255)[0, 0] for colour in (a, b)]
    found["scikit-image"] = float(deltaE_ciede2000(*pair))
    print(a, b, "found:", {name: round(value, 2) for name, value in found.items()})
    seen[a] = found.pop("colorjs.io"), min(found.values()), max(found.values())
alike = all(high - low < 0.05 for _, low, high in seen.values())
other = seen["#0000ff"][0] > 1.15 * seen["#0000ff"][2] and seen["#ff0000"][0] < 0.95 * seen["#ff0000"][1]
sys.exit(0 if alike and other and abs(seen["#808080"][0] - seen["#808080"][1]) < 0.05 else 1)
PY
env/bin/python ask.py
