#!/bin/sh
# medcon of XMedCon 0.23.0 (Debian 0.23.0-gtk3+dfsg-1+deb12u2): a PET series of five slices, each with its own Rescale Slope, to NIfTI, as
# `medcon -stack3d -f ... -c nifti`.
#
# Guess: Bq/ml, since the program is made for nuclear medicine and writes 32-bit floats; the volume lies where the slices lie.
# Found: stored counts as floats, without a word and without a scale in the header: every slice in a unit of its own. `-qs` or `-qc` (quantitation) is
#   needed for Bq/ml. In both cases the place is lost: the volume's middle is put at 0 (a first slice at z = 10 mm comes to z = -6 mm), and nothing
#   but sizes and directions agrees with the headers.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
apt-get download -qq medcon=0.23.0-gtk3+dfsg-1+deb12u2 libmdc3=0.23.0-gtk3+dfsg-1+deb12u2 \
  libniftiio2=3.0.1-9 libznz3=3.0.1-9 2> /dev/null
for package in *.deb; do dpkg -x "$package" program; done
LD_LIBRARY_PATH=$(dirname "$(find "$folder/program" -name "libmdc.so.*" | head -n 1)")
export LD_LIBRARY_PATH
medcon=$folder/program/usr/bin/medcon
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2 numpy==2.2.6 nibabel==5.4.2
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
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "1", "1", str(k + 1)
    ds.ImageType, ds.Units, ds.CorrectedImage, ds.DecayCorrection = ["ORIGINAL", "PRIMARY"], "BQML", ["DECY", "ATTN"], "START"
    ds.SeriesType, ds.NumberOfSlices, ds.ImageIndex = ["WHOLE BODY", "IMAGE"], 5, k + 1
    ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, 10 + 3 * k]
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
cat > ask.py <<'PY'
import sys

import nibabel
import numpy as np

image = nibabel.load(sys.argv[1])
values = image.get_fdata()[8, 8].tolist()
print(sys.argv[1], "voxels", image.get_data_dtype(), values, "scale in the header", image.header["scl_slope"], "first slice at z", image.affine[2, 3])
assert values == [float(value) for value in sys.argv[2:]], values
assert np.isnan(image.header["scl_slope"]) or image.header["scl_slope"] in (0, 1)
assert image.affine[2, 3] == -6
PY
"$medcon" -stack3d -f 0.dcm 1.dcm 2.dcm 3.dcm 4.dcm -c nifti -o plain > /dev/null 2>&1
"$medcon" -stack3d -qs -f 0.dcm 1.dcm 2.dcm 3.dcm 4.dcm -c nifti -o quantified > /dev/null 2>&1
env/bin/python ask.py plain.nii 100 200 300 400 500
env/bin/python ask.py quantified.nii 25 100 225 400 625
