#!/bin/sh
# dcmscale of DCMTK 3.6.7 (Debian's package dcmtk; run with it installed): a CT slice of 512 x 512 pixels of 1 mm, an eighth of the size.
#
# Guess: Pixel Spacing becomes 8 mm, and Image Position (Patient), the middle of the first pixel, moves by half a new pixel less half an old one,
#   3.5 mm, so that a lesion stays where it is.
# Found: the spacing is right and the position is the old one: with dcmscale's own choice of averaging the lesion lies 3.5 mm off in both directions of the
#   slice, 5 mm in all. Without interpolation (-i), which picks each first pixel, it stays.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
dcmscale --version | grep -q "v3\.6\.7" || { echo "this is about DCMTK 3.6.7"; exit 1; }
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2 numpy==2.2.6
cat > ask.py <<'PY'
import subprocess
import sys

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid


def lesion(path):
    """Where the lesion's middle lies, in mm."""
    ds = dcmread(path)
    pixels = np.frombuffer(ds.PixelData, np.int16).reshape(ds.Rows, ds.Columns).astype(float)
    pixels[pixels < 50] = 0
    row, column = np.mgrid[: ds.Rows, : ds.Columns]
    middle = [(axis * pixels).sum() / pixels.sum() for axis in (column, row)]
    place = [float(ds.ImagePositionPatient[k] + ds.PixelSpacing[1 - k] * middle[k]) for k in (0, 1)]
    print(path, "Pixel Spacing", ds.PixelSpacing, "Image Position", ds.ImagePositionPatient, "lesion at", [round(value, 2) for value in place])
    return np.array(place)


ds = Dataset()
ds.file_meta = FileMetaDataset()
ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = generate_uid(), generate_uid(), generate_uid()
ds.Modality, ds.PatientID, ds.PatientName = "CT", "1", "A^B"
ds.PatientBirthDate = ds.PatientSex = ds.AccessionNumber = ds.ReferringPhysicianName = ds.PositionReferenceIndicator = ds.Manufacturer = ""
ds.StudyDate, ds.StudyTime, ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = "20250102", "100000", "1", "1", "1", "1"
ds.ImageType, ds.KVP = ["ORIGINAL", "PRIMARY", "AXIAL"], "120"
ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-100, -100, 0]
ds.PixelSpacing, ds.SliceThickness = [1, 1], "3"
ds.Rows = ds.Columns = 512
ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
ds.BitsAllocated = ds.BitsStored = 16
ds.HighBit, ds.PixelRepresentation = 15, 1
ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", "0", "HU"
row, column = np.mgrid[:512, :512]
ds.PixelData = (1000 * np.exp(-((column - 300) ** 2 + (row - 200) ** 2) / (2 * 40**2))).astype(np.int16).tobytes()
ds.save_as("ct.dcm", enforce_file_format=True)
subprocess.run(["dcmscale", "+Sxf", "0.125", "ct.dcm", "averaged.dcm"], check=True)
subprocess.run(["dcmscale", "-i", "+Sxf", "0.125", "ct.dcm", "picked.dcm"], check=True)
before, averaged, picked = lesion("ct.dcm"), lesion("averaged.dcm"), lesion("picked.dcm")
position = [float(value) for value in dcmread("averaged.dcm").ImagePositionPatient]
sys.exit(0 if position == [-100, -100, 0] and np.allclose(before - averaged, 3.5, atol=0.1) and np.allclose(before, picked, atol=0.1) else 1)
PY
env/bin/python ask.py
