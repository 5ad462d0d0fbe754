#!/bin/sh
# medpy 0.5.2 (scipy 1.15.3), `medpy.features.intensity.gaussian_gradient_magnitude` with `voxelspacing`, an edge measure for lesions and for fusion: activity that
# rises by 1 per mm along one axis, voxels of 4 x 2 x 1 mm.
#
# Guess: the spacing is given, so the slope is that per mm: 1 along each axis.
# Found: 4, 2 and 1. The spacing makes the smoothing isotropic (sigma is in mm), the derivative is per voxel. The thick axis has 16 times the weight of the thin
#   one in the sum of squares, and the same lesion in finer voxels has a weaker edge.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check medpy==0.5.2 SimpleITK==2.5.7 numpy==2.2.6 scipy==1.15.3
cat > ask.py <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from medpy.features.intensity import gaussian_gradient_magnitude

spacing = (4, 2, 1)
found = []
for axis, step in enumerate(spacing):
    ramp = np.indices((30, 30, 30))[axis] * float(step)
    slope = gaussian_gradient_magnitude(ramp, sigma=4, voxelspacing=spacing).reshape(ramp.shape)
    found.append(float(slope[15, 15, 15].round(2)))
print("medpy", version("medpy"), "guess: [1, 1, 1] per mm")
print("found:", found)
sys.exit(0 if np.allclose(found, spacing, atol=0.02) else 1)
PY
env/bin/python ask.py
