#!/bin/sh
# nibabel 5.4.2, SimpleITK 2.5.7, nifti-reader-js 0.8.0: a NIfTI whose sform and qform differ, as a registration leaves it (qform: the scanner,
# sform: aligned with another image or with MNI).
#
# Guess: the sform wins wherever its code is not 0, so that all three see the registered image; this is nibabel's rule.
# Found: SimpleITK takes the sform only where its code is 1 (scanner). With 2 (aligned) or 4 (MNI), the codes that say "registered", it goes by
#   the qform, and the registration is gone without a word. nifti-reader-js goes by the greater of the two codes. Voxel 0 lies 100 mm apart.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check nibabel==5.4.2 SimpleITK==2.5.7 numpy
npm install --no-audit --no-fund --ignore-scripts --silent nifti-reader-js@0.8.0
cat > ask.mjs <<'JS'
import { readFileSync } from "node:fs";
import * as nifti from "nifti-reader-js";
const bytes = readFileSync("a.nii");
console.log(nifti.readHeader(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)).affine[0][3]);
JS
cat > ask.py <<'PY'
import subprocess
import sys
import nibabel
import numpy
import SimpleITK

sform, qform = numpy.diag([2.0, 2.0, 2.0, 1.0]), numpy.diag([2.0, 2.0, 2.0, 1.0])
sform[:3, 3], qform[:3, 3] = [50, 0, 0], [-50, 0, 0]
print("nibabel", nibabel.__version__, "SimpleITK", SimpleITK.Version.VersionString(), "nifti-reader-js 0.8.0; sform puts voxel 0 at x = 50 mm, qform at -50")
print("guess: sform, sform, sform in each line")
seen = []
for s, q in ((1, 1), (2, 1), (4, 1), (1, 2)):
    image = nibabel.Nifti1Image(numpy.zeros((3, 4, 5), numpy.int16), None)
    image.set_sform(sform, s)
    image.set_qform(qform, q)
    nibabel.save(image, "a.nii")
    js = float(subprocess.run(["node", "ask.mjs"], capture_output=True, text=True, check=True).stdout)
    places = [float(nibabel.load("a.nii").affine[0, 3]), -SimpleITK.ReadImage("a.nii").GetOrigin()[0], js]
    seen.append(" ".join("sform" if abs(x - 50) < 1e-4 else "qform" if abs(x + 50) < 1e-4 else str(x) for x in places))
    print(f"found: sform_code {s}, qform_code {q}: nibabel, SimpleITK, nifti-reader-js by", seen[-1])
expected = ["sform sform sform", "sform qform sform", "sform qform sform", "sform sform qform"]
sys.exit(0 if seen == expected else 1)
PY
env/bin/python ask.py
