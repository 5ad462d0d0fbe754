#!/bin/sh
# nii2dcm 0.1.6 (nibabel 5.0.0, pydicom 2.3.0, the versions that it asks for): `nii2dcm pet.nii folder -d MR` of a map in small units (SUV, or ADC), a hot
# voxel of 3.7 in it, voxels of 2 x 2 x 3 mm.
#
# Guess: NIfTI's RAS becomes DICOM's LPS and fractions are kept by a Rescale Slope, so that SimpleITK 2.5.7 finds 3.7 at the same place in both.
# Found: the directions are turned, the place of the first voxel is not: x and y of the NIfTI go into Image Position (Patient) with the sign that they have, and z
#   is one slice too low (the count begins with 0 where 1 is meant). The voxel comes 20, 80 and 3 mm beside its place, and as 3, with a slope of 1. Left
#   and right are as they should be, so that the series looks well by itself; laid over another of the same patient it is elsewhere.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check nii2dcm==0.1.6 SimpleITK==2.5.7
mkdir pet
cat > ask.py <<'PY'
import subprocess
import sys
from importlib.metadata import version

import nibabel
import numpy as np
import SimpleITK

suv = np.zeros((20, 24, 12), np.float32)
suv[12, 5, 8] = 3.7
affine = np.diag([2.0, 2, 3, 1])
affine[:3, 3] = (-10, -40, -20)
nibabel.save(nibabel.Nifti1Image(suv, affine), "pet.nii")
subprocess.run(["env/bin/nii2dcm", "pet.nii", "pet", "-d", "MR"], check=True)


def hottest(image):
    voxels = SimpleITK.GetArrayFromImage(image)
    index = np.unravel_index(voxels.argmax(), voxels.shape)[::-1]
    place = image.TransformIndexToPhysicalPoint([int(at) for at in index])
    return tuple(round(at, 2) for at in place), round(float(voxels.max()), 2)


before = hottest(SimpleITK.ReadImage("pet.nii"))
after = hottest(SimpleITK.ReadImage(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames("pet")))
print("nii2dcm", version("nii2dcm"), "place (LPS) and value in the NIfTI", *before)
print("guess: the same")
print("found:", *after)
sys.exit(0 if before == ((-14, 30, 4), 3.7) and after == ((-34, -50, 1), 3) else 1)
PY
env/bin/python ask.py
