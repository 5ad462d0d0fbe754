#!/bin/sh
# SimpleITK 2.5.7: a PET series whose slices have scales of their own (Rescale Slope), read with ImageSeriesReader.
#
# Guess: each slice is multiplied by its own slope and the series is floating point as soon as one slope needs it: 7, 3.5, 1.75, 2.1.
# Found: the first slice alone decides the voxel type. Where its slope happens to be 1 the whole series is int16 and all other slices lose their
#   fraction: 7, 3, 1, 2. A SUV series (0 to 5) comes out as steps. With the first slope at 0.5 the same voxels are exact.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check SimpleITK==2.5.7 pydicom==3.0.2 numpy
cat > ask.py <<'PY'
import os
import sys
import numpy
import SimpleITK
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian


def series(folder, slopes):
    os.mkdir(folder)
    for index, slope in enumerate(slopes):
        pet = Dataset()
        pet.file_meta = FileMetaDataset()
        pet.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        pet.SOPClassUID, pet.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.128", f"2.25.1{index}"
        pet.StudyInstanceUID, pet.SeriesInstanceUID, pet.FrameOfReferenceUID = "2.25.2", "2.25.3", "2.25.4"
        pet.Modality, pet.PatientName, pet.PatientID, pet.InstanceNumber, pet.Units = "PT", "Example^One", "1", index + 1, "BQML"
        pet.ImagePositionPatient, pet.ImageOrientationPatient = ["0", "0", str(3 * index)], ["1", "0", "0", "0", "1", "0"]
        pet.PixelSpacing, pet.SliceThickness, pet.RescaleSlope, pet.RescaleIntercept = ["4", "4"], "3", slope, "0"
        pet.Rows = pet.Columns = 4
        pet.SamplesPerPixel, pet.PhotometricInterpretation = 1, "MONOCHROME2"
        pet.BitsAllocated, pet.BitsStored, pet.HighBit, pet.PixelRepresentation = 16, 16, 15, 1
        pet.PixelData = numpy.full((4, 4), 7, "<i2").tobytes()
        pet.save_as(f"{folder}/{index}.dcm", enforce_file_format=True)
    image = SimpleITK.ReadImage(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(folder))
    return image.GetPixelIDTypeAsString(), [round(image[1, 1, index], 6) for index in range(len(slopes))]


one_first, half_first = series("a", ["1", "0.5", "0.25", "0.3"]), series("b", ["0.5", "1", "0.25", "0.3"])
print("SimpleITK", SimpleITK.Version.VersionString(), "stored 7 everywhere")
print("guess: [7.0, 3.5, 1.75, 2.1] and [3.5, 7.0, 1.75, 2.1]")
print("found:", one_first, half_first)
sys.exit(0 if one_first == ("16-bit signed integer", [7, 3, 1, 2]) and half_first == ("64-bit float", [3.5, 7.0, 1.75, 2.1]) else 1)
PY
env/bin/python ask.py
