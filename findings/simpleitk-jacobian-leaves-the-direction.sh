#!/bin/sh
# SimpleITK 2.5.7, DisplacementFieldJacobianDeterminant: how much tissue grows or shrinks at each voxel of a registration, here everywhere 10 % along each
# axis, once on a grid as an axial DICOM has it, once as a NIfTI in RAS, once as a sagittal MR.
#
# Guess: the growth of a volume does not depend on how the voxels are ordered: 1.1 * 1.1 * 1.1 = 1.331 on all three.
# Found: 1.331, 0.891 and 1.001. Differences are taken from voxel to voxel along the rows, the displacements point along the patient's axes, and the direction
#   does not stand between them (in the source only the spacing does): on a RAS grid growth looks like shrinkage, on a sagittal one like nothing.
#   Resampling and inverting with the same fields are right, so that nothing else points to it.
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

growth = SimpleITK.AffineTransform(3)
growth.SetMatrix((1.1 * np.eye(3)).ravel().tolist())
directions = {
    "axial DICOM": np.eye(3),
    "NIfTI in RAS": np.diag([-1.0, -1, 1]),
    "sagittal MR": np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]]),
}
found, inverse = [], []
for name, direction in directions.items():
    assert round(np.linalg.det(direction)) == 1
    origin = -direction @ np.full(3, 19.0)
    field = SimpleITK.TransformToDisplacementField(
        growth, SimpleITK.sitkVectorFloat64, [20] * 3, origin.tolist(), [2] * 3, direction.ravel().tolist()
    )
    found.append(round(SimpleITK.DisplacementFieldJacobianDeterminant(field)[10, 10, 10], 3))
    back = SimpleITK.DisplacementFieldTransform(SimpleITK.InvertDisplacementField(field, maximumNumberOfIterations=50))
    inverse.append(np.allclose(back.TransformPoint((5.5, 1.1, -6.6)), (5, 1, -6), atol=0.05))
print("SimpleITK", SimpleITK.Version().VersionString(), *directions, sep=", ")
print("guess: 1.331 three times")
print("found:", found, "the inverse is right:", inverse)
sys.exit(0 if found == [1.331, 0.891, 1.001] and all(inverse) else 1)
PY
env/bin/python ask.py
