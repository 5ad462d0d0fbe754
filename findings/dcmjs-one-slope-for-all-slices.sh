#!/bin/sh
# dcmjs 0.52.2: `normalizers.Normalizer.normalizeToDataset` makes one Enhanced PET (multi-frame) dataset of a classic PET series, whose slices have
# slopes of their own; it is what a Segmentation made in a web viewer is derived from.
#
# Guess: each frame gets its slope in a Pixel Value Transformation Sequence of its own, as PS3.3 C.7.6.16.2.9 asks where frames differ; or the
#   series is refused.
# Found: the slope of the slice that was given first stands in the Shared Functional Groups for all five frames, and no frame has one. Stored
#   pixels are each slice's own, so 625 Bq/ml in the top slice reads as 125. Nothing is said.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2 numpy==2.2.6
npm install --silent --no-audit --no-fund dcmjs@0.52.2
cat > make.py <<'PY'
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid

study, series, frame = generate_uid(), generate_uid(), generate_uid()
for k in range(5):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = PositronEmissionTomographyImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
    ds.Modality, ds.PatientID, ds.PatientName = "PT", "1", "A^B"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = "20250102"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = "100000"
    ds.SeriesNumber, ds.InstanceNumber = "1", str(k + 1)
    ds.ImageType, ds.Units, ds.CorrectedImage, ds.DecayCorrection = ["ORIGINAL", "PRIMARY"], "BQML", ["DECY", "ATTN"], "START"
    ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, 3 * k]
    ds.PixelSpacing, ds.SliceThickness = [4, 4], "3"
    ds.Rows = ds.Columns = 16
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 1
    ds.RescaleSlope, ds.RescaleIntercept = str((k + 1) / 4), "0"
    ds.PixelData = np.full((16, 16), 100 * (k + 1), np.int16).tobytes()
    ds.save_as(Path(f"{k}.dcm"), enforce_file_format=True)
PY
env/bin/python make.py
cat > ask.mjs <<'JS'
import assert from "node:assert";
import fs from "node:fs";
import dcmjs from "dcmjs";

const { DicomMessage, DicomMetaDictionary } = dcmjs.data;
const slices = [0, 1, 2, 3, 4].map((k) => {
  const file = fs.readFileSync(`${k}.dcm`);
  const read = DicomMessage.readFile(file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength));
  const slice = DicomMetaDictionary.naturalizeDataset(read.dict);
  slice._meta = DicomMetaDictionary.namifyDataset(read.meta);
  slice.PixelData = slice.PixelData[0];
  return slice;
});
const own = slices.map((slice) => Number(slice.RescaleSlope));
const frames = dcmjs.normalizers.Normalizer.normalizeToDataset(slices);
const stored = [...Array(5).keys()].map((k) => new Int16Array(frames.PixelData)[k * 256]);
const shared = [frames.SharedFunctionalGroupsSequence].flat()[0].PixelValueTransformationSequence;
const slope = Number([shared].flat()[0].RescaleSlope);
const each = [...frames.PerFrameFunctionalGroupsSequence].map((frame) => "PixelValueTransformationSequence" in frame);
console.log("SOP Class", frames.SOPClassUID, "slopes of the slices", own, "stored", stored);
console.log("shared slope", slope, "own in a frame", each, "so read as", stored.map((value) => value * slope));
assert.equal(frames.SOPClassUID, "1.2.840.10008.5.1.4.1.1.130");
assert.deepEqual(own, [0.25, 0.5, 0.75, 1, 1.25]);
assert.deepEqual(stored, [500, 400, 300, 200, 100]); // the frames go down from the top slice
assert.equal(slope, 0.25);
assert.ok(each.every((has) => !has));
JS
node ask.mjs
