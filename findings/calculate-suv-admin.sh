#!/bin/sh
# @cornerstonejs/calculate-suv 1.1.0, OHIF's SUV: what Decay Correction (0054,1102) ADMIN changes.
#
# Guess: values that are corrected to the injection need the dose as it was injected, so ADMIN gives weight / dose, 2.333333e-4 here, and
#   START weight / decayed dose, 3.408152e-4 (70 kg, 300 MBq of F-18, one hour).
# Found: DecayCorrection is compared between the slices and never looked at again: both give 3.408152e-4, 46 % too much for ADMIN.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
npm install --no-audit --no-fund --ignore-scripts --silent @cornerstonejs/calculate-suv@1.1.0
cat > ask.js <<'JS'
const { calculateSUVScalingFactors } = require("@cornerstonejs/calculate-suv");
console.log("@cornerstonejs/calculate-suv", require("@cornerstonejs/calculate-suv/package.json").version);
const slice = {
  Units: "BQML", CorrectedImage: ["DECY", "ATTN"], PatientWeight: 70, RadionuclideTotalDose: 3e8, RadionuclideHalfLife: 6586.2,
  RadiopharmaceuticalStartDateTime: "20250314090000.000000", SeriesDate: "20250314", SeriesTime: "100000.000000",
  AcquisitionDate: "20250314", AcquisitionTime: "100000.000000",
};
console.warn = () => {};
const factor = correction => calculateSUVScalingFactors([{ ...slice, DecayCorrection: correction }])[0].suvbw;
const start = 70000 / (3e8 * 2 ** (-3600 / 6586.2)), admin = 70000 / 3e8;
console.log(`guess: START ${start.toExponential(6)}, ADMIN ${admin.toExponential(6)}`);
console.log(`found: START ${factor("START").toExponential(6)}, ADMIN ${factor("ADMIN").toExponential(6)}`);
const same = (a, b) => Math.abs(a / b - 1) < 1e-9;
process.exit(same(factor("START"), start) && same(factor("ADMIN"), start) ? 0 : 1);
JS
node ask.js
