#!/bin/sh
# nifti-reader-js 0.8.0: a NIfTI with a qform only (sform_code 0), axes as in DICOM (to the left, to the back, to the head), tilted about x.
#
# Guess: the matrix is nibabel's, for each angle.
# Found: such axes are half a turn from NIfTI's own, so the quaternion's first part is a = sqrt(1 - b*b - c*c - d*d) = sqrt(0), and where float32
#   rounds the sum to just above 1, the whole rotation and spacing become NaN, without a word; NIfTI's reference code and nibabel guard this.
#   Of 100 angles 45 are hit: whether a series is placed depends on a tenth of a degree.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check nibabel==5.4.2 numpy
npm install --no-audit --no-fund --ignore-scripts --silent nifti-reader-js@0.8.0
cat > ask.mjs <<'JS'
import { readFileSync } from "node:fs";
import * as nifti from "nifti-reader-js";
const rows = [];
for (let index = 0; index < 100; index++) {
  const bytes = readFileSync(`${index}.nii`);
  rows.push(nifti.readHeader(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)).affine.map(row => row.map(x => (Number.isNaN(x) ? "NaN" : x))));
}
console.log(JSON.stringify(rows));
JS
cat > ask.py <<'PY'
import json
import subprocess
import sys
import nibabel
import numpy

for index in range(100):
    c, s = numpy.cos(numpy.radians(index / 10)), numpy.sin(numpy.radians(index / 10))
    affine = numpy.eye(4)
    affine[:3, :3] = numpy.diag([-1, -1, 1]) @ [[1, 0, 0], [0, c, -s], [0, s, c]] @ numpy.diag([2, 3, 4])
    image = nibabel.Nifti1Image(numpy.zeros((3, 4, 5), numpy.int16), None)
    image.set_sform(None, 0)
    image.set_qform(affine, 1)
    nibabel.save(image, f"{index}.nii")
read = json.loads(subprocess.run(["node", "ask.mjs"], capture_output=True, text=True, check=True).stdout)
truth = [nibabel.load(f"{index}.nii").affine for index in range(100)]
lost = [index / 10 for index, affine in enumerate(read) if affine[0][0] == "NaN"]
same = sum(affine[0][0] != "NaN" and numpy.allclose(numpy.array(affine, float), t, atol=1e-2) for affine, t in zip(read, truth))
finite = all(numpy.isfinite(t).all() for t in truth)
print("nifti-reader-js 0.8.0, nibabel", nibabel.__version__, "tilts of 0 to 9.9 degrees")
print("guess: 100 of 100 as nibabel has them")
print("found:", same, "alike,", len(lost), "NaN, at", lost[:8], "... degrees")
sys.exit(0 if finite and len(lost) > 10 and same + len(lost) == 100 else 1)
PY
env/bin/python ask.py
