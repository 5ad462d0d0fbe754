#!/bin/sh
# SimpleITK 2.5.7, Flip: the left-right difference of an FDG brain, made as mirrored image, brought to the grid of the original, subtracted.
#
# Guess: Flip mirrors the image in its field: a lesion 18 mm from one border lies 18 mm from the other afterwards.
# Found: Flip turns the voxels and turns origin and direction with them, so that each voxel stays where it was; the lesion is in its old place and the
#   difference is 0 everywhere, for any patient. The same with a slice of step -1. With flipAboutOrigin=True it is mirrored, about the scanner's
#   0 and not the field's middle.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check SimpleITK==2.5.7 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import numpy as np
import SimpleITK

voxels = np.zeros((40, 40, 40), np.float32)
voxels[20, 20, 9] = 5
image = SimpleITK.GetImageFromArray(voxels)
image.SetSpacing((2, 2, 2))
image.SetOrigin((-60, -40, -40))


def place(of):
    k, j, i = np.argwhere(SimpleITK.GetArrayFromImage(of) == 5)[0].tolist()
    return of.TransformIndexToPhysicalPoint((i, j, k))[0]


mirrored = SimpleITK.Flip(image, [True, False, False])
step = image[::-1, :, :]
about_zero = SimpleITK.Flip(image, [True, False, False], flipAboutOrigin=True)
difference = SimpleITK.GetArrayFromImage(image - SimpleITK.Resample(mirrored, image))
print("SimpleITK", SimpleITK.Version.VersionString(), "lesion at x =", place(image))
print("guess: 0, mirrored in the field from -60 to 18")
print("found:", place(mirrored), "with a step of -1", place(step), "with flipAboutOrigin", place(about_zero), "greatest difference", np.abs(difference).max())
sys.exit(0 if place(image) == place(mirrored) == place(step) == -42 and place(about_zero) == 42 and not difference.any() else 1)
PY
env/bin/python ask.py
