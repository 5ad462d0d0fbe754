#!/bin/sh
# pydicom 3.0.2, `apply_modality_lut` and then `apply_voi_lut`: a PET whose slices have slopes of their own (Rescale Slope) and one window, 0 to 10000 Bq/ml.
#
# Guess: the same activity has the same grey in each slice, as the window is in Bq/ml and the same for all; which greys those are (0 to 255, or 0 to 1, or
#   0 to 65535) is open.
# Found: the greys reach from the slice's smallest to its largest storable value times its slope: 5000 Bq/ml is 16385 in a slice with a slope of 0.5 and
#   163854 in one with 5, and white is 32767.5 and 327675. Shown as a volume, brightness changes from slice to slice by the ratio of their slopes, and
#   the slice with the hottest lesion is the brightest altogether. A CT, whose slices share one slope, never shows it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut

activity = np.array([0, 2500, 5000, 15000])
greys = {}
for slope in (0.5, 1, 5):
    ds = Dataset()
    ds.Modality, ds.Units, ds.PhotometricInterpretation = "PT", "BQML", "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 0
    ds.RescaleSlope, ds.RescaleIntercept = slope, 0
    ds.WindowCenter, ds.WindowWidth = 5000, 10000
    stored = (activity / slope).astype(np.uint16)
    values = apply_modality_lut(stored, ds)
    assert np.array_equal(values, activity)
    greys[slope] = apply_voi_lut(values, ds)
    print("found: slope", slope, "greys", greys[slope].round(1))
print("pydicom", pydicom.__version__, "guess: the same greys for", activity, "Bq/ml in each slice")
same = all(np.allclose(grey / slope, greys[1]) for slope, grey in greys.items())
sys.exit(0 if same and np.allclose(greys[5][-1] - greys[5][0], 65535 * 5) else 1)
PY
env/bin/python ask.py
