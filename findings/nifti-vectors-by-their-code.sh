#!/bin/sh
# SimpleITK 2.5.7 and nibabel 5.4.2: a displacement field in NIfTI; the intent code may be that of a vector (1007) or of a displacement (1006).
#
# Guess: NIfTI's axes are RAS, SimpleITK's LPS. As origin and direction are turned on reading and writing, so is what the voxels hold: x and y change
#   their sign, for both codes, and a field that SimpleITK writes comes back from it under either code.
# Found: with 1006 they are turned on reading, with 1007 not. SimpleITK writes 1007, unturned, so the file holds LPS displacements on an RAS grid. A field in
#   RAS as nibabel shows it moves left for right and front for back under the one code, and not under the other, by the same numbers.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check SimpleITK==2.5.7 nibabel==5.4.2 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import nibabel
import numpy as np
import SimpleITK

in_ras = np.zeros((5, 4, 3, 1, 3), np.float32)
in_ras[...] = (10, 20, 30)
read = {}
for code in (1006, 1007):
    field = nibabel.Nifti1Image(in_ras, np.diag([2, 2, 2, 1]))
    field.header["intent_code"] = code
    nibabel.save(field, "field.nii")
    read[code] = SimpleITK.ReadImage("field.nii")[0, 0, 0]
in_lps = SimpleITK.Image([5, 4, 3], SimpleITK.sitkVectorFloat32, 3)
in_lps[0, 0, 0] = (-10, -20, 30)
SimpleITK.WriteImage(in_lps, "written.nii")
written = nibabel.load("written.nii")
code, stored = int(written.header["intent_code"]), np.asarray(written.dataobj)[0, 0, 0].ravel().tolist()
print("SimpleITK", SimpleITK.Version.VersionString(), "nibabel", nibabel.__version__)
print("guess: (10, 20, 30) in RAS is read as (-10, -20, 30), and that is written as (10, 20, 30)")
print("found: read as", read, "; (-10, -20, 30) is written as", stored, "under", code)
sys.exit(0 if read == {1006: (-10, -20, 30), 1007: (10, 20, 30)} and code == 1007 and stored == [-10, -20, 30] else 1)
PY
env/bin/python ask.py
