#!/bin/sh
# sewar 0.4.10: the visual information fidelity (vifp), which papers on fusion report.
#
# Guess: a ratio of two informations does not depend on the unit: both images times 255 have the same VIF, as UQI in the same package has.
# Found: the eye's noise is a constant, variance 2 in grey levels of 0 to 255, and floats are taken as they are. Two images of 0 to 1 lie wholly
#   under it, and VIF nears 1 whatever is wrong with them. With noise of a tenth of the range: 0.97 for 0 to 1, 0.25 for 0 to 255.
#   PSNR of the same package takes the range of a float image as 1 and goes the other way: -28 dB for 0 to 255.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check sewar==0.4.10 numpy scipy
cat > ask.py <<'PY'
import sys
from importlib.metadata import version
import numpy
import sewar

random = numpy.random.default_rng(0)
y, x = numpy.mgrid[:64, :64]
image = 0.5 + 0.25 * numpy.sin(x / 5.0) + 0.25 * numpy.cos(y / 7.0)
noisy = numpy.clip(image + 0.1 * random.normal(size=image.shape), 0, 1)
measures = {name: (float(f(image, noisy)), float(f(image * 255, noisy * 255))) for name, f in (("vifp", sewar.vifp), ("uqi", sewar.uqi), ("psnr", sewar.psnr))}
print("sewar", version("sewar"))
print("guess: each measure alike for 0 to 1 and 0 to 255")
print("found:", {name: [round(value, 4) for value in pair] for name, pair in measures.items()})
(low, high), uqi, psnr = measures["vifp"], measures["uqi"], measures["psnr"]
sys.exit(0 if low > 0.95 and high < 0.5 and abs(uqi[0] - uqi[1]) < 1e-9 and abs(psnr[0] - psnr[1] - 20 * numpy.log10(255)) < 1e-6 else 1)
PY
env/bin/python ask.py
