#!/bin/sh
# SimpleITK 2.5.7: the ElementToIntensityFunction of a MetaImage.
#
# Guess: the format says intensity = slope * element + offset, as NIfTI's scl_slope does, and the reader applies it as it does there: a CT
#   stored from 0 with the offset -1024 is read in HU.
# Found: slope and offset come back as metadata, the voxels as they were stored: 1024 too high, without a word.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet SimpleITK==2.5.7
cat > ask.py <<'PY'
import sys
import SimpleITK
image = SimpleITK.Image(4, 4, 4, SimpleITK.sitkInt16) + 1024
image.SetMetaData("ElementToIntensityFunctionSlope", "1")
image.SetMetaData("ElementToIntensityFunctionOffset", "-1024")
SimpleITK.WriteImage(image, "ct.mha")
header = open("ct.mha", "rb").read().split(b"ElementDataFile")[0].decode()
read = SimpleITK.ReadImage("ct.mha")[0, 0, 0]
print("SimpleITK", SimpleITK.Version.VersionString(), "offset in the header:", "ElementToIntensityFunctionOffset = -1024" in header)
print("guess: 0 HU")
print("found:", read)
sys.exit(0 if read == 1024 and "ElementToIntensityFunctionOffset = -1024" in header else 1)
PY
env/bin/python ask.py
