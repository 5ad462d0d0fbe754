#!/bin/sh
# DIPY 1.12.1, `dipy.align.reslice.reslice`: a PET of 4 mm voxels brought to 2 mm, a lesion in its last slice.
#
# Guess: twice as many voxels per axis (it is so) with the values of their neighbours where they lie beyond the last voxel's middle, so that
#   activity times volume stays, to some percent.
# Found: the last plane along each axis is 0. A volume of 10 x 10 x 10 equal voxels loses 14 % of its activity, a lesion in the last slice a
#   quarter; the first plane is whole. Nothing is said; `mode="nearest"` keeps it.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check dipy==1.12.1 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import numpy as np
from dipy.align.reslice import reslice

even = np.ones((10, 10, 10))
lesion = np.zeros((10, 10, 10))
lesion[4:7, 4:7, 9] = 5
affine = np.diag([4.0, 4.0, 4.0, 1.0])
kept = []
for name, volume, mode in (("even", even, None), ("lesion", lesion, None), ("even, nearest", even, "nearest")):
    out, _ = reslice(volume, affine, (4, 4, 4), (2, 2, 2), **({} if mode is None else {"mode": mode}))
    assert out.shape == (20, 20, 20)
    kept.append(out.sum() * 8 / (volume.sum() * 64))
    print(f"found: {name}: {100 * kept[-1]:.1f} % of the activity; along the last axis {out[10, 10, -4:].round(2)}, at its start {out[10, 10, :3].round(2)}")
    if name == "even":
        assert (out[-1] == 0).all() and (out[:, -1] == 0).all() and (out[:, :, -1] == 0).all() and np.allclose(out[:-1, :-1, :-1], 1)
sys.exit(0 if abs(kept[0] - 0.857) < 0.01 and kept[1] < 0.85 and abs(kept[2] - 1) < 1e-6 else 1)
PY
env/bin/python ask.py
