#!/bin/sh
# dicom-csv 0.5.1 (pydicom 3.0.2, numpy 2.2.6), `stack_images`: four PET slices with one and the same activity, 60000 Bq/ml, stored with slopes
# of their own (Rescale Slope) of 2, 2.5, 4 and 3.3; stored as signed 16 bits, as a PET often is.
#
# Guess: 60000 four times, in floats.
# Found: -5536, 60000, -5536 and 60015. A slope that is a whole number becomes the smallest integer type that holds it, numpy keeps the pixels' own type for
#   the product, and 16 bits wrap around; another slope becomes float16, which has three digits (one below 3e-8 becomes 0). Wherever a slice's slope
#   happens to be whole the hottest voxels turn negative, the next slice is right; nothing is said. CT, with a slope of 1, is not concerned.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check dicom-csv==0.5.1 pydicom==3.0.2 numpy==2.2.6
cat > ask.py <<'PY'
import sys
from importlib.metadata import version

import numpy as np
from dicom_csv import stack_images
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid


def slice_of(slope):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = PositronEmissionTomographyImageStorage, generate_uid()
    ds.Modality, ds.Units, ds.RescaleSlope, ds.RescaleIntercept = "PT", "BQML", slope, 0
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PhotometricInterpretation = 2, 2, 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 1
    ds.PixelData = np.full((2, 2), round(60000 / slope), "<i2").tobytes()
    return ds


slopes = (2, 2.5, 4, 3.3)
found = stack_images([slice_of(slope) for slope in slopes])[0, 0]
print("dicom-csv", version("dicom-csv"), "numpy", np.__version__, "slopes", slopes)
print("guess: 60000 Bq/ml four times")
print("found:", found.tolist())
sys.exit(0 if np.allclose(found, [-5536, 60000, -5536, 60014], atol=2) else 1)
PY
env/bin/python ask.py
