#!/bin/sh
# MONAI 1.6.1 (torch 2.13.0): an image and its mask through Resize, the one with mode "trilinear" and the other with "nearest", as masks need it, and an
# image through RandSimulateLowResolution, which has "nearest" in it.
#
# Guess: MetaTensor's affine follows Resize, so that the lesion's middle stays at its place in mm for both modes, to a tenth of a new voxel; and an
#   augmentation that lowers the resolution blurs the image where it is, so that its label stays valid.
# Found: "trilinear" stays. "nearest" takes the first of the voxels that a new one covers, and the affine says that it was the middle: at a quarter of
#   the size the mask lies 1.5 old voxels off along each axis, 10 mm in all for voxels of 4 mm. The augmentation moves the image by half a voxel at half the
#   resolution, 1.5 at a quarter, always the same way, and leaves the affine as it was.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 monai==1.6.1 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import monai
import numpy as np
import torch
from monai.data import MetaTensor
from monai.transforms import RandSimulateLowResolution, Resize

i, j, k = np.indices((64, 64, 64))
ball = ((i - 35) ** 2 + (j - 30) ** 2 + (k - 25) ** 2 < 12**2).astype(np.float32)
image = MetaTensor(torch.tensor(ball)[None], affine=torch.diag(torch.tensor([4.0, 4.0, 4.0, 1.0])).double())


def middle(of):
    voxels = of[0].numpy().astype(float)
    return (np.asarray(of.affine) @ [*[(voxels * index).sum() / voxels.sum() for index in np.indices(voxels.shape)], 1])[:3]


soft = middle(Resize((16, 16, 16), mode="trilinear")(image)) - middle(image)
hard = middle(Resize((16, 16, 16), mode="nearest")(image)) - middle(image)
low = {zoom: (middle(RandSimulateLowResolution(prob=1, zoom_range=(zoom, zoom))(image)) - middle(image)) / 4 for zoom in (0.5, 0.25)}
print("MONAI", monai.__version__, "torch", torch.__version__)
print("guess: 0, to 1.6 mm, a tenth of a new voxel")
print("found: trilinear", soft.round(2), "mm, nearest", hard.round(2), "mm")
print("       low resolution", {zoom: moved.round(2).tolist() for zoom, moved in low.items()}, "voxels")
right = np.abs(soft).max() < 0.8 and np.allclose(hard, 6, atol=0.8) and np.allclose(low[0.5], 0.5, atol=0.1) and np.allclose(low[0.25], 1.5, atol=0.2)
sys.exit(0 if right else 1)
PY
env/bin/python -W ignore ask.py
