#!/bin/sh
# ANTsPy 0.6.3 (antspyx), `ants.dicom_read`: a folder with a PET series of six slices, 3 mm apart and 5 mm thick.
#
# Guess: slices by their place (Image Position), or at least by Instance Number or file name, 3 mm apart, or 5.
# Found: in whatever order the folder is listed, the first of that list gives the origin, and they are 1 mm apart. Nothing is said; values are right,
#   so that each slice looks well and only the lesion's size, place and neighbours are wrong.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check antspyx==0.6.3 pydicom==3.0.2 numpy==2.2.6
cat > ask.py <<'PY'
import os
import sys

import ants
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid

os.mkdir("pet")
names = [f"{n}.dcm" for n in range(6)]
for name in names:
    open(os.path.join("pet", name), "wb").close()
listed = os.listdir("pet")  # the order of the folder, which no one chooses; it stays while files are written anew
places = {name: 3.0 * n for n, name in enumerate(names)}
if listed == names:  # then let the names go downwards
    places = {name: 15 - z for name, z in places.items()}
study, series = generate_uid(), generate_uid()
for name, z in places.items():
    slice_ = Dataset()
    slice_.SOPClassUID, slice_.SOPInstanceUID = PositronEmissionTomographyImageStorage, generate_uid()
    slice_.StudyInstanceUID, slice_.SeriesInstanceUID, slice_.Modality, slice_.Units = study, series, "PT", "BQML"
    slice_.InstanceNumber, slice_.ImagePositionPatient, slice_.ImageOrientationPatient = int(z / 3) + 1, [-20, -30, z], [1, 0, 0, 0, 1, 0]
    slice_.PixelSpacing, slice_.SliceThickness, slice_.RescaleSlope, slice_.RescaleIntercept = [4, 4], 5, 1, 0
    slice_.Rows, slice_.Columns, slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 6, 5, 1, "MONOCHROME2"
    slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 0
    slice_.PixelData = np.full((6, 5), 100 + int(z), np.uint16).tobytes()
    slice_.file_meta = FileMetaDataset()
    slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    slice_.save_as(os.path.join("pet", name), enforce_file_format=True)
listed = os.listdir("pet")
image = ants.dicom_read("pet")
found = [float(value) - 100 for value in image.numpy()[2, 2]]
print("antspyx", ants.__version__, "the folder lists", listed)
print("guess: slices at", sorted(places.values()), "in this order, 3 mm apart (or 5)")
print("found: slices of", found, "the first at", image.origin[2], "and", image.spacing[2], "mm apart")
wanted = [places[name] for name in listed]
sys.exit(0 if found == wanted != sorted(wanted) and image.origin[2] == wanted[0] and image.spacing[2] == 1 else 1)
PY
env/bin/python ask.py
