#!/bin/sh
# imageio 2.38.1, its DICOM plugin: a whole series read with volread.
#
# Guess: 16 bits stored are 16 bits read: 100, 1000, 30000, 200.
# Found: each slice is read into the smallest type that holds it, and the volume takes the type of the first slice. A first slice at the edge of
#   the body, where nothing exceeds 127, makes the volume int8; all other slices wrap around without a word: 100, -24, 48, -56.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check imageio==2.38.1 pydicom==3.0.2
cat > ask.py <<'PY'
import os
import sys
import imageio
import numpy
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

stored = [100, 1000, 30000, 200]
os.mkdir("series")
for index, value in enumerate(stored):
    pet = Dataset()
    pet.file_meta = FileMetaDataset()
    pet.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pet.SOPClassUID, pet.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.128", f"2.25.1{index}"
    pet.StudyInstanceUID, pet.SeriesInstanceUID, pet.FrameOfReferenceUID = "2.25.2", "2.25.3", "2.25.4"
    pet.Modality, pet.PatientName, pet.PatientID, pet.InstanceNumber, pet.Units = "PT", "Example^One", "1", index + 1, "BQML"
    pet.ImagePositionPatient, pet.ImageOrientationPatient = ["0", "0", str(3 * index)], ["1", "0", "0", "0", "1", "0"]
    pet.PixelSpacing, pet.SliceThickness, pet.RescaleSlope, pet.RescaleIntercept = ["4", "4"], "3", "1", "0"
    pet.Rows = pet.Columns = 4
    pet.SamplesPerPixel, pet.PhotometricInterpretation = 1, "MONOCHROME2"
    pet.BitsAllocated, pet.BitsStored, pet.HighBit, pet.PixelRepresentation = 16, 16, 15, 1
    pet.PixelData = numpy.full((4, 4), value, "<i2").tobytes()
    pet.save_as(f"series/{index}.dcm", enforce_file_format=True)
volume = imageio.v2.volread("series", "DICOM")
print("imageio", imageio.__version__)
print("guess:", stored)
print("found:", volume.dtype, volume[:, 1, 1].tolist())
sys.exit(0 if volume.dtype == numpy.int8 and volume[:, 1, 1].tolist() == [100, -24, 48, -56] else 1)
PY
env/bin/python ask.py
