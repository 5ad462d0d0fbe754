#!/bin/sh
# nibabel 5.4.2 and SimpleITK 2.5.7: a NIfTI whose xyzt_units are micrometres.
#
# Guess: both give the place in millimetres, as they do for every other file: voxels of 50 um are 0.05 mm.
# Found: SimpleITK converts spacing and origin; nibabel's affine leaves the unit aside and says 50. The two differ by a factor of 1000, and
#   by 1/1000 for metres.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet nibabel==5.4.2 SimpleITK==2.5.7
cat > ask.py <<'PY'
import sys
import nibabel, numpy, SimpleITK
image = nibabel.Nifti1Image(numpy.arange(60, dtype=numpy.int16).reshape(3, 4, 5), numpy.diag([50.0, 50.0, 50.0, 1.0]))
image.header.set_xyzt_units("micron")
nibabel.save(image, "a.nii")
by_nibabel, by_itk = float(nibabel.load("a.nii").affine[0, 0]), SimpleITK.ReadImage("a.nii").GetSpacing()[0]
print("nibabel", nibabel.__version__, "SimpleITK", SimpleITK.Version.VersionString())
print("guess: 0.05 mm and 0.05 mm")
print(f"found: nibabel {by_nibabel:g}, SimpleITK {by_itk:g}")
sys.exit(0 if abs(by_nibabel - 50) < 1e-6 and abs(by_itk - 0.05) < 1e-6 else 1)
PY
env/bin/python ask.py
