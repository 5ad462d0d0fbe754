#!/bin/sh
# nilearn 0.14.1 (nibabel 5.4.2): `nilearn.image.swap_img_hemispheres`, for the other side's region or the left-right difference in a brain PET.
#
# Guess: hemispheres change places: what lies at x = -40 mm comes to +40, since in the spaces that nilearn is made for 0 is the midline.
# Found: the array is turned about its own middle, whatever the affine says: in a field from -60 to +38 mm the lesion comes to +18. Right only where the
#   field happens to reach as far to the left as to the right; a field cropped to the head or shifted on the scanner's table gives a wrong place.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check nilearn==0.14.1 nibabel==5.4.2 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import nibabel
import nilearn
import numpy as np
from nilearn.image import swap_img_hemispheres


def moved(slices):
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = (-60, -40, -40)
    brain = np.zeros((slices, 40, 40), np.float32)
    brain[10, 20, 20] = 1
    swapped = swap_img_hemispheres(nibabel.Nifti1Image(brain, affine))
    return float((swapped.affine @ [*np.argwhere(swapped.get_fdata() > 0.5)[0], 1])[0])


print("nilearn", nilearn.__version__, "lesion at x = -40 mm")
print("guess: 40, whatever the field")
print("found:", moved(50), "in a field from -60 to 38,", moved(61), "from -60 to 60")
sys.exit(0 if moved(50) == 18 and moved(61) == 40 else 1)
PY
env/bin/python -W ignore ask.py
