#!/bin/sh
# VTK 9.7.2: an image with a direction matrix (turned by a right angle), written by VTK's writers and read by VTK again or, for NIfTI, by SimpleITK 2.5.7.
#
# Guess: since VTK 9 the direction belongs to the image, so each format that has a place for it keeps it, and a writer whose format has none
#   says so.
# Found: .vti and .vtkhdf keep it. The legacy .vtk and NIfTI lose it without a word, though NIfTI has two places for it (the writer fills them from
#   SetQFormMatrix alone). And NIfTI's writer takes the places as RAS: a volume in LPS, as one read from DICOM, lies on the other side.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check vtk==9.7.2 SimpleITK==2.5.7 numpy==2.2.6
cat > ask.py <<'PY'
import sys

import SimpleITK
import vtk

turned = (0, -1, 0, 1, 0, 0, 0, 0, 1)
image = vtk.vtkImageData()
image.SetDimensions(4, 5, 6)
image.SetOrigin(10, 20, 30)
image.SetSpacing(2, 2, 3)
image.SetDirectionMatrix(*turned)
image.AllocateScalars(vtk.VTK_FLOAT, 1)
image.GetPointData().GetScalars().Fill(1)


def write(writer, name):
    writer.SetInputData(image)
    writer.SetFileName(name)
    writer.Write()
    return name


def back(reader, name):
    reader.SetFileName(name)
    reader.Update()
    matrix = reader.GetOutput().GetDirectionMatrix()
    return tuple(int(matrix.GetElement(i, j)) for i in range(3) for j in range(3))


found = {
    "vti": back(vtk.vtkXMLImageDataReader(), write(vtk.vtkXMLImageDataWriter(), "a.vti")),
    "vtkhdf": back(vtk.vtkHDFReader(), write(vtk.vtkHDFWriter(), "a.vtkhdf")),
    "vtk": back(vtk.vtkDataSetReader(), write(vtk.vtkDataSetWriter(), "a.vtk")),
}
nifti = SimpleITK.ReadImage(write(vtk.vtkNIFTIImageWriter(), "a.nii"))
found["nii"] = nifti.GetDirection()
print("VTK", vtk.vtkVersion.GetVTKVersion(), "SimpleITK", SimpleITK.Version.VersionString())
print("guess: each of them", turned, "origin 10, 20, 30")
for name, direction in found.items():
    print("found:", name, direction, nifti.GetOrigin() if name == "nii" else "")
straight = (1, 0, 0, 0, 1, 0, 0, 0, 1)
right = found["vti"] == found["vtkhdf"] == turned and found["vtk"] == straight and found["nii"] == (-1, 0, 0, 0, -1, 0, 0, 0, 1)
sys.exit(0 if right and nifti.GetOrigin() == (-10, -20, 30) else 1)
PY
env/bin/python ask.py
