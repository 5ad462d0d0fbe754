#!/bin/sh
# ngff-zarr 0.50.0: an oblique MR, turned by 0.5 rad about z, from ITK-Wasm's image to OME-Zarr's and back (itk_image_to_ngff_image, ngff_image_to_itk_image).
#
# Guess: the package keeps an image's direction (it does for one that is turned by right angles), so the turn is kept as well, or something is said, or the
#   image refused.
# Found: each axis gets the name of the nearest anatomical direction and the turn is gone: it comes back as straight, without a word, and a voxel 100 mm from the
#   first lies 49 mm off. The origin is right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check ngff-zarr==0.50.0 itkwasm==1.0b201 numpy==2.2.6
cat > ask.py <<'PY'
import sys
import warnings

import itkwasm
import ngff_zarr
import numpy as np

c, s = np.cos(0.5), np.sin(0.5)


def way_and_back(direction):
    kind = itkwasm.ImageType(dimension=3, componentType="float32", pixelType="Scalar", components=1)
    image = itkwasm.Image(imageType=kind, name="mr", origin=[10, 20, 30], spacing=[2, 2, 3], direction=np.array(direction, float), size=[60, 5, 6],
                          data=np.zeros((6, 5, 60), np.float32))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        back = ngff_zarr.ngff_image_to_itk_image(ngff_zarr.itk_image_to_ngff_image(image))
    off = np.linalg.norm((np.array(back.direction) - direction) @ [100, 0, 0])
    return round(float(off), 1), len(said), list(back.origin) == [10, 20, 30]


straight, oblique = way_and_back([[0, -1, 0], [1, 0, 0], [0, 0, -1]]), way_and_back([[c, -s, 0], [s, c, 0], [0, 0, 1]])
print("ngff-zarr", ngff_zarr.__version__ if hasattr(ngff_zarr, "__version__") else "0.50.0")
print("guess: 0.0 mm off for both, or a warning")
print("found (mm off, warnings, origin kept): right angles", straight, "oblique", oblique)
sys.exit(0 if straight == (0, 0, True) and oblique == (49.5, 0, True) else 1)
PY
env/bin/python ask.py
