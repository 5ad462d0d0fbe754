#!/bin/sh
# SimpleITK 2.5.7 and nibabel 5.4.2 (h5py 3.16.0): an image written by SimpleITK as NIfTI and as MINC 2 (.mnc), each read by nibabel and again by SimpleITK.
#
# Guess: MINC's x goes to the right and its y to the front, DICOM's to the left and to the back; SimpleITK turns as it does for NIfTI, so that nibabel
#   sees the hot voxel at one place in both files.
# Found: the MINC file holds SimpleITK's coordinates unturned, and reading turns nothing either, so that SimpleITK alone agrees with itself. For nibabel
#   and the MINC tools the voxel lies on the other side, left for right and front for back; and an atlas in MINC comes to SimpleITK turned by 180
#   degrees. ITK has a switch for it when it is built, which is off in this package.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check SimpleITK==2.5.7 nibabel==5.4.2 h5py==3.16.0 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import nibabel
import numpy as np
import SimpleITK

voxels = np.zeros((6, 5, 4), np.float32)
voxels[3, 1, 2] = 100
image = SimpleITK.GetImageFromArray(voxels)
image.SetSpacing([2, 3, 4])
image.SetOrigin([10, 20, 30])
found = {}
for name in ("brain.nii", "brain.mnc"):
    SimpleITK.WriteImage(image, name)
    seen = nibabel.load(name)
    index = np.unravel_index(seen.get_fdata().argmax(), seen.shape)
    again = SimpleITK.ReadImage(name)
    hot = np.unravel_index(SimpleITK.GetArrayFromImage(again).argmax(), voxels.shape)[::-1]
    lps = again.TransformIndexToPhysicalPoint([int(at) for at in hot])
    found[name] = tuple(float(at) for at in (seen.affine @ [*index, 1])[:3].round(3)), tuple(round(at, 3) for at in lps)
    print("found:", name, "nibabel, RAS:", found[name][0], "SimpleITK, LPS:", found[name][1])
print("SimpleITK", SimpleITK.Version().VersionString(), "nibabel", nibabel.__version__, "guess: (-14, -23, 42) in RAS by nibabel for both")
sys.exit(0 if found == {"brain.nii": ((-14, -23, 42), (14, 23, 42)), "brain.mnc": ((14, 23, 42), (14, 23, 42))} else 1)
PY
env/bin/python ask.py
