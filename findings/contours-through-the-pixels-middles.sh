#!/bin/sh
# rt-utils 1.2.7 and dcmrtstruct2nii 5 (pydicom 2.4.4, the last that both take): a mask on slices of 4 mm pixels, as a PET has them, made an RTSTRUCT by the
# one and a mask again by either.
#
# Guess: the contours go around the pixels, so that they enclose the area of the mask to some percent, and a mask of one pixel is a square.
# Found: they go through the middles of the outermost pixels. A lesion of 8 x 8 pixels has 784 mm2 in place of 1024, of 3 x 3 64 in place of 144, of
#   2 x 2 16 in place of 64; of one pixel a single point, called CLOSED_PLANAR. Both programs fill the border's pixels again, so that the
#   way there and back gives the same mask and hides it; whoever takes the contours as what they are has the smaller lesion.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check rt-utils==1.2.7 dcmrtstruct2nii==5 pydicom==2.4.4 numpy==2.4.6 SimpleITK==2.5.7 \
  opencv-python==5.0.0.93 scikit-image==0.26.0
cat > ask.py <<'PY'
import contextlib
import io
import logging
import sys
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK
from dcmrtstruct2nii import dcmrtstruct2nii
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from rt_utils import RTStructBuilder

logging.disable(logging.CRITICAL)
study, series, frame = generate_uid(), generate_uid(), generate_uid()
Path("ct").mkdir()
for k in range(7):
    ds = Dataset()
    ds.is_little_endian, ds.is_implicit_VR = True, False
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = CTImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
    ds.Modality, ds.PatientID, ds.PatientName, ds.PatientPosition = "CT", "1", "A^B", "HFS"
    ds.PatientBirthDate = ds.PatientSex = ds.AccessionNumber = ds.ReferringPhysicianName = ds.PositionReferenceIndicator = ds.Manufacturer = ""
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = "20250102"
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = "100000"
    ds.StudyID, ds.SeriesNumber, ds.AcquisitionNumber, ds.InstanceNumber = "1", "1", "1", str(k + 1)
    ds.ImageType, ds.KVP = ["ORIGINAL", "PRIMARY", "AXIAL"], "120"
    ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-64, -64, 3 * k]
    ds.PixelSpacing, ds.SliceThickness = [4, 4], "3"
    ds.Rows = ds.Columns = 32
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 1
    ds.RescaleSlope, ds.RescaleIntercept, ds.RescaleType = "1", "0", "HU"
    ds.PixelData = bytes(32 * 32 * 2)
    ds.save_as(f"ct/{k}.dcm", write_like_original=False)

seen = []
for width in (8, 3, 2, 1):
    mask = np.zeros((32, 32, 7), bool)
    mask[12 : 12 + width, 12 : 12 + width, 2:5] = True
    with contextlib.redirect_stdout(io.StringIO()):
        writer = RTStructBuilder.create_new(dicom_series_path="ct")
        writer.add_roi(mask=mask, name="lesion")
        writer.save("rs.dcm")
        back = RTStructBuilder.create_from(dicom_series_path="ct", rt_struct_path="rs.dcm").get_roi_mask_by_name("lesion")
        dcmrtstruct2nii("rs.dcm", "ct", f"out{width}")
    other = int((SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(f"out{width}/mask_lesion.nii.gz")) > 0).sum())
    contours = pydicom.dcmread("rs.dcm").ROIContourSequence[0].ContourSequence
    assert len(contours) == 3
    x, y = np.array(contours[0].ContourData, float).reshape(-1, 3)[:, :2].T
    area = abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    seen.append(area)
    print(f"{width} x {width} pixels, {16 * width**2} mm2; found: {contours[0].ContourGeometricType} of {len(x)} points, {area:.0f} mm2;"
          f" voxels {int(mask.sum())}, back by rt-utils {int(back.sum())}, by dcmrtstruct2nii {other}")
    assert int(back.sum()) == other == int(mask.sum())
sys.exit(0 if np.allclose(seen, [784, 64, 16, 0]) else 1)
PY
env/bin/python ask.py
