#!/bin/sh
# dcmjs 0.52.2: Image Orientation (Patient) and a Rescale Slope as a web viewer computes them, written to DICOM and read again.
#
# Guess: a decimal string has room for 16 characters, so digits are rounded away, and the number stays the same to ten of them.
# Found: the text is cut after 16 characters, and the exponent with it: the cosine of a right angle, 6.123233995736766e-17 in JavaScript, becomes
#   6.12323399573676 in the orientation, and a slope of 3.3e-8 becomes 3.3. Wherever a rotation by 90 degrees is computed. There is a line on the
#   console that the value was truncated; the file is valid.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
npm install --no-audit --no-fund --ignore-scripts --silent dcmjs@0.52.2
cat > ask.js <<'JS'
const { DicomDict, DicomMessage, DicomMetaDictionary } = require("dcmjs").data;
console.log("dcmjs", JSON.parse(require("fs").readFileSync("node_modules/dcmjs/package.json")).version);
const turn = Math.PI / 2;
const given = {
  SOPClassUID: "1.2.840.10008.5.1.4.1.1.128",
  SOPInstanceUID: "2.25.1",
  ImageOrientationPatient: [Math.cos(turn), Math.sin(turn), 0, -Math.sin(turn), Math.cos(turn), 0],
  RescaleSlope: 1e-7 / 3,
};
const file = new DicomDict({ "00020010": { vr: "UI", Value: ["1.2.840.10008.1.2.1"] } });
file.dict = DicomMetaDictionary.denaturalizeDataset(given);
const read = DicomMetaDictionary.naturalizeDataset(DicomMessage.readFile(file.write()).dict);
const orientation = Array.from(read.ImageOrientationPatient, Number);
console.log("guess:", given.ImageOrientationPatient.map((v) => +v.toFixed(10)), given.RescaleSlope);
console.log("found:", orientation, Number(read.RescaleSlope));
const off = [6.12, 1, 0, -1, 6.12, 0].every((v, i) => Math.abs(v - orientation[i]) < 0.01);
process.exit(off && Math.abs(read.RescaleSlope - 10 / 3) < 1e-9 ? 0 : 1);
JS
node ask.js
