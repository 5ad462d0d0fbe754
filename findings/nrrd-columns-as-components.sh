#!/bin/sh
# VTK 9.7.2, vtkNrrdReader: a scalar volume of 8 x 4 x 5 voxels of 2 x 3 x 4 mm, all three axes of kind "domain".
#
# Guess: 8 x 4 x 5 with spacing 2, 3, 4, as vtkMetaImageReader gives for the same volume (it leaves the direction out; the rest is right).
# Found: the first axis becomes the components of a pixel: an image of 4 x 5 x 1 with 8 components, and the spacing moves with it: 3, 4, 1.
#   A viewer that shows the first component shows one sagittal slice as if it were axial. No warning; CanReadFile says yes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check --no-deps vtk==9.7.2 SimpleITK==2.5.7
cat > ask.py <<'PY'
import sys
import SimpleITK
from vtkmodules.vtkCommonCore import vtkVersion
from vtkmodules.vtkIOImage import vtkMetaImageReader, vtkNrrdReader

image = SimpleITK.Image(8, 4, 5, SimpleITK.sitkInt16)
image.SetSpacing((2, 3, 4))
seen = {}
for name, reader in (("a.mha", vtkMetaImageReader()), ("a.nrrd", vtkNrrdReader())):
    SimpleITK.WriteImage(image, name)
    reader.SetFileName(name)
    can = reader.CanReadFile(name) > 0
    reader.Update()
    output = reader.GetOutput()
    seen[name] = (can, output.GetDimensions(), output.GetSpacing(), output.GetNumberOfScalarComponents())
header = open("a.nrrd", "rb").read().split(b"\n\n")[0].decode()
print("VTK", vtkVersion.GetVTKVersion(), "|", "; ".join(line for line in header.splitlines() if line.startswith(("sizes", "space dir", "kinds"))))
print("guess: 8 x 4 x 5, spacing 2, 3, 4, one component")
print("found:", seen)
right, wrong = (True, (8, 4, 5), (2.0, 3.0, 4.0), 1), (True, (4, 5, 1), (3.0, 4.0, 1.0), 8)
sys.exit(0 if seen == {"a.mha": right, "a.nrrd": wrong} and "kinds: domain domain domain" in header else 1)
PY
env/bin/python ask.py
