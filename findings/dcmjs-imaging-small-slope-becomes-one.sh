#!/bin/sh
# dcmjs-imaging 0.2.5, which renders DICOM to pixels in a browser or Node: two slices of one PET series with the same activity, 0 to 1000 Bq/ml, the one stored
# with Rescale Slope 0.25, the other with 0.05 (scanners take a slice's maximum over 32767, here 8 and 1.6 kBq/ml); the window of both is 0 to 1000.
#
# Guess: each is multiplied by its slope, so that both pictures are the same ramp.
# Found: a slope below 0.1 is replaced by 1 and the intercept by 0: the second slice is twenty times as hot, white from 50 Bq/ml on. A line on the console
#   says that the slope was close to zero and adjusted. SUV (slopes of 0.0002) are always concerned.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
npm install --no-audit --no-fund --ignore-scripts --silent dcmjs-imaging@0.2.5
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2 numpy==2.2.6
cat > make.py <<'PY'
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid

study, series, frame = generate_uid(), generate_uid(), generate_uid()
for k, slope in enumerate((0.25, 0.05)):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = PositronEmissionTomographyImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
    ds.Modality, ds.PatientID, ds.PatientName = "PT", "1", "A^B"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = "20250102"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = "100000"
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "1", "1", str(k + 1)
    ds.ImageType, ds.Units, ds.CorrectedImage, ds.DecayCorrection = ["ORIGINAL", "PRIMARY"], "BQML", ["DECY", "ATTN"], "START"
    ds.SeriesType, ds.NumberOfSlices, ds.ImageIndex = ["WHOLE BODY", "IMAGE"], 2, k + 1
    ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 3 * k]
    ds.PixelSpacing, ds.SliceThickness = [4, 4], "3"
    ds.Rows, ds.Columns = 2, 11
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 16, 15, 1
    ds.RescaleSlope, ds.RescaleIntercept, ds.WindowCenter, ds.WindowWidth = str(slope), "0", "500", "1000"
    ds.PixelData = np.tile(np.int16(np.arange(11) * 100 / slope), (2, 1)).tobytes()
    ds.save_as(f"{k}.dcm", enforce_file_format=True)
PY
env/bin/python make.py
cat > ask.js <<'JS'
const { DicomImage } = require("dcmjs-imaging");
const { readFileSync } = require("fs");
const row = (name) => {
  const bytes = readFileSync(name);
  const { pixels } = new DicomImage(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)).render();
  const rgba = new Uint8Array(pixels);
  return Array.from({ length: 11 }, (_, i) => rgba[4 * i]);
};
const [large, small] = [row("0.dcm"), row("1.dcm")];
console.log("dcmjs-imaging", JSON.parse(readFileSync("node_modules/dcmjs-imaging/package.json")).version);
console.log("guess: the same ramp from 0 to 255");
console.log("found: slope 0.25", large.join(" "), "slope 0.05", small.join(" "));
const ramp = large.every((value, i) => Math.abs(value - 25.5 * i) < 2);
process.exit(ramp && small[0] === 0 && small.slice(1).every((value) => value === 255) ? 0 : 1);
JS
node ask.js
