#!/bin/sh
# medpy 0.5.2 (scipy 1.15.3), `medpy.filter.image.resample`: a PET of 40 voxels of 4 mm per axis brought to 2 mm, a lesion far from the first voxel.
#
# Guess: the header that comes with the result says where its voxels lie, so that the lesion's middle stays to 0.1 mm.
# Found: the first and last voxels' middles are laid on one another, which is a spacing of 1.97 mm, and the header says 2 and the old origin. The error
#   grows along each axis, from 0 at the first voxel to 2 mm at the last; at 130 mm it is 1.7 mm. A volume's edges fit, so it looks well.
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
import SimpleITK
from medpy.filter.image import resample
from medpy.io import load, save

SimpleITK.WriteImage(SimpleITK.GaussianSource(SimpleITK.sitkFloat32, [40] * 3, [4] * 3, [130, 100, 30], 1, [0] * 3, [4] * 3), "pet.nii")
finer, header = resample(*load("pet.nii"), (2, 2, 2))
save(finer, "finer.nii", header)


def middle(name):
    image = SimpleITK.ReadImage(name)
    voxels = SimpleITK.GetArrayFromImage(image).astype(float)
    voxels[voxels < 0.05] = 0
    index = [(voxels * axis).sum() / voxels.sum() for axis in np.indices(voxels.shape)[::-1]]
    return np.array(image.TransformContinuousIndexToPhysicalPoint(index)), image.GetSpacing()


(before, _), (after, spacing) = middle("pet.nii"), middle("finer.nii")
print("medpy", version("medpy"), "lesion at", before.round(1), "mm")
print("guess: the same place to 0.1 mm")
print("found:", after.round(2), "spacing in the header", spacing)
sys.exit(0 if spacing == (2, 2, 2) and np.allclose(after - before, before / 39 / 2, atol=0.05) else 1)
PY
env/bin/python ask.py
