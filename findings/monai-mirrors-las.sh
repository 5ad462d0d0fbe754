#!/bin/sh
# MONAI 1.6.1 (torch 2.13.0), NrrdReader: one volume as NRRD in each of the format's three spaces, LPS, RAS and LAS, all three at the same place.
#
# Guess: three times the same affine in RAS, as SimpleITK 2.5.7 has three times the same origin and direction.
# Found: LPS and RAS are right. LAS is taken as if it were RAS: left and right are exchanged and the first voxel lies 20 mm from where it is.
#   Nothing is said; the space's name is kept in the metadata, as it is for RAS.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 monai==1.6.1 pynrrd==1.1.3 SimpleITK==2.5.7 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import nrrd
import numpy as np
import SimpleITK
from monai.data import NrrdReader

directions, origin = np.diag([2.0, 3.0, 4.0]), np.array([10.0, 20.0, 30.0])  # in LPS
volume = np.arange(7 * 6 * 5, dtype=np.int16).reshape(7, 6, 5)
wanted = np.diag([-2.0, -3.0, 4.0, 1.0])
wanted[:3, 3] = [-10, -20, 30]
print("guess:", wanted[:3].tolist())
right = {}
for space, signs in (("left-posterior-superior", (1, 1, 1)), ("right-anterior-superior", (-1, -1, 1)), ("left-anterior-superior", (1, -1, 1))):
    header = {"space": space, "space directions": directions * signs, "space origin": origin * signs, "kinds": ["domain"] * 3}
    nrrd.write("a.nrrd", volume, header)
    image = SimpleITK.ReadImage("a.nrrd")
    assert np.allclose(image.GetOrigin(), origin) and np.allclose(image.GetDirection(), np.eye(3).ravel())
    reader = NrrdReader()
    voxels, meta = reader.get_data(reader.read("a.nrrd"))
    assert (voxels == volume).all()
    affine = np.asarray(meta["affine"])
    right[space] = np.allclose(affine, wanted)
    print(f"found: {space}: {affine[:3].tolist()}", "space in the metadata", meta["space"])
mirrored = np.allclose(affine, np.diag([-1, 1, 1, 1]) @ wanted)
sys.exit(0 if list(right.values()) == [True, True, False] and mirrored else 1)
PY
env/bin/python ask.py
