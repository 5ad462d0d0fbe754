#!/bin/sh
# dcm2niix 1.0.20260724 (its package on PyPI): a CT whose gantry is tilted by 15 degrees, 60 slices 3 mm apart, three marks in it. dcm2niix writes two
# files of it, one as it was stored and one with the tilt undone (`_Tilt_1`).
#
# Guess: one of the two, and at least the one with the tilt undone, puts each mark where the DICOM headers put it, to within a voxel; which way
#   the gantry is tilted does not matter.
# Found: tilted one way, `_Tilt_1` is right to 0.4 mm. Tilted the other way every mark in it is 29 mm off, all by the same step along the patient:
#   directions and spacing are right, the origin is not. The file as stored is 5.8 mm off at the upper mark for both: its slices are put 2.9 mm
#   apart along the couch (3 mm times the cosine). Gantry/Detector Tilt agrees with the slices in both, and what is said is the same for both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2 numpy==2.2.6 scipy==1.15.3 nibabel==5.4.2 dcm2niix==1.0.20260724
cat > ask.py <<'PY'
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from scipy import ndimage

MARKS = [(2, 20, 40), (30, 32, 32), (57, 45, 25)]  # slice, row, column


def make(folder, degrees):
    """Write the CT and return where its marks lie, in NIfTI's directions."""
    folder.mkdir()
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    tilt = np.deg2rad(degrees)
    down = np.array([0, np.cos(tilt), -np.sin(tilt)])
    volume = np.full((60, 64, 64), -1000, np.int16)
    for k, j, i in MARKS:
        volume[k - 1 : k + 2, j - 3 : j + 4, i - 3 : i + 4] = 1000
    for k in range(60):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
        ds.Modality, ds.PatientID, ds.PatientName, ds.PatientPosition = "CT", "1", "A^B", "HFS"
        ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20250102"
        ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "100000"
        ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = "1", "1", "1", str(k + 1)
        ds.Manufacturer, ds.ProtocolName, ds.KVP, ds.ImageType = "SIEMENS", "Head", "120", ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.GantryDetectorTilt = str(degrees)
        ds.ImageOrientationPatient = [1, 0, 0, *(round(float(value), 8) for value in down)]
        ds.ImagePositionPatient, ds.PixelSpacing, ds.SliceThickness = [-64, -64, 3 * k], [2, 2], "3"
        ds.Rows = ds.Columns = 64
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated = ds.BitsStored = 16
        ds.HighBit, ds.PixelRepresentation = 15, 1
        ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", "0", "HU"
        ds.PixelData = volume[k].tobytes()
        ds.save_as(folder / f"{k}.dcm", enforce_file_format=True)
    return [(np.array([-64, -64, 3 * k]) + [2 * i, 0, 0] + 2 * j * down) * [-1, -1, 1] for k, j, i in MARKS]


def off(path, places):
    """How far each mark of a file is from its place, in mm."""
    image = nibabel.load(path)
    parts, count = ndimage.label(image.get_fdata() > 0)
    assert count == 3
    found = [(image.affine @ [*np.argwhere(parts == part + 1).mean(0), 1])[:3] for part in range(count)]
    found.sort(key=lambda place: place[2])
    return [round(float(np.linalg.norm(a - b)), 1) for a, b in zip(found, places)]


seen = {}
for degrees in (15, -15):
    places = make(Path(f"tilt{degrees}"), degrees)
    said = subprocess.run(["env/bin/dcm2niix", "-f", f"out{degrees}", "-o", ".", f"tilt{degrees}"], capture_output=True, text=True, check=True).stdout
    print(*(line for line in said.splitlines() if "ilt" in line), sep="\n")
    for name in ("", "_Tilt_1"):
        seen[degrees, name] = off(f"out{degrees}{name}.nii", places)
        print(f"found: {degrees} degrees, file '{name}': the marks are off by {seen[degrees, name]} mm")
right = all(value < 1 for value in seen[15, "_Tilt_1"])
wrong = all(28.5 < value < 29.8 for value in seen[-15, "_Tilt_1"])
stored = all(5 < seen[degrees, ""][2] < 6.5 for degrees in (15, -15))
sys.exit(0 if right and wrong and stored else 1)
PY
env/bin/python ask.py
