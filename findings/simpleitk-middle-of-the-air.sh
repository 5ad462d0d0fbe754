#!/bin/sh
# SimpleITK 2.5.7: CenteredTransformInitializer with MOMENTS, the usual start of a registration, of a CT in HU on an MR of the same patient at the same place;
# the patient lies left of the middle of the field.
#
# Guess: the middles of mass of the two bodies are brought together: a shift of some mm at most.
# Found: a shift of 41 mm, away from each other. Air at -1024 is a mass too, a negative one, and outweighs the body: what is found is the middle of the
#   air, which lies on the other side of the field. With 1024 added to the CT the shift is 0.
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

z, y, x = np.indices((20, 64, 64))
body = ((x - 22) / 12) ** 2 + ((y - 32) / 9) ** 2 < 1


def image(inside, outside):
    made = SimpleITK.GetImageFromArray(np.where(body, inside, outside).astype(np.int16))
    made.SetSpacing((4, 4, 5))
    made.SetOrigin((-128, -128, 0))
    return made


def shift(ct):
    how = SimpleITK.CenteredTransformInitializerFilter.MOMENTS
    started = SimpleITK.CenteredTransformInitializer(image(300, 0), ct, SimpleITK.Euler3DTransform(), how)
    return np.array(SimpleITK.Euler3DTransform(started).GetTranslation())


in_hu, from_zero = shift(image(40, -1024)), shift(image(40, -1024) + 1024)
print("SimpleITK", SimpleITK.Version.VersionString())
print("guess: a shift of some mm at most")
print("found:", in_hu.round(1), "mm; of the CT with 1024 added", from_zero.round(1))
sys.exit(0 if 35 < in_hu[0] < 50 and np.abs(from_zero).max() < 0.1 else 1)
PY
env/bin/python ask.py
