#!/bin/sh
# SimpleITK 2.5.7: a DICOM Segmentation (BINARY) of two overlapping segments on a CT of five slices, 2 mm apart, written by highdicom 0.28.2,
# read by SimpleITK.ReadImage, as people do who want the mask of a report's lesion.
#
# Guess: it is refused, or comes as five slices of 0 and 1 on the CT's grid; what two segments become is open (labels, or components).
# Found: read without a word, and each thing is another. The segments' frames stand one behind the other as slices of one volume (segment 1 has
#   three frames and segment 2 two: five slices, as many as the CT has, so that the shapes agree and a mask can be laid over it); voxels are 0
#   and 255; the slices' spacing is 1 mm where frames of a segment lie 2 mm apart.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check SimpleITK==2.5.7 highdicom==0.28.2 pydicom==3.0.2
cat > ask.py <<'PY'
import sys

import highdicom as hd
import numpy as np
import SimpleITK
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.coding import Code
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

study, series, frame = generate_uid(), generate_uid(), generate_uid()


def slice_at(k):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = CTImageStorage, generate_uid(), study, series
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator, ds.Modality, ds.InstanceNumber = frame, "", "CT", k + 1
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Test^One", "1", "", ""
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber, ds.ReferringPhysicianName = "20260101", "120000", "1", "", ""
    ds.Rows = ds.Columns = 8
    ds.SamplesPerPixel, ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 1, 16, 16, 15, 0
    ds.PhotometricInterpretation, ds.PixelSpacing, ds.SliceThickness = "MONOCHROME2", [1, 1], 2
    ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 2 * k]
    ds.PixelData = bytes(128)
    return ds


def describe(number):
    return hd.seg.SegmentDescription(
        number, f"Region {number}", Code("49755003", "SCT", "Morphologically Altered Structure"), Code("52988006", "SCT", "Lesion"),
        hd.seg.SegmentAlgorithmTypeValues.MANUAL,
    )


mask = np.zeros((5, 8, 8, 2), np.uint8)
mask[1:4, 2:5, 2:5, 0] = 1  # on slices 2 to 4, nine voxels each
mask[2:4, 4:6, 4:6, 1] = 1  # on slices 3 and 4, four voxels each
hd.seg.Segmentation(
    [slice_at(k) for k in range(5)], mask, hd.seg.SegmentationTypeValues.BINARY, [describe(1), describe(2)], generate_uid(), 1,
    generate_uid(), 1, "Maker", "Model", "1", "1",
).save_as("segmentation.dcm")

image = SimpleITK.ReadImage("segmentation.dcm")
voxels = SimpleITK.GetArrayFromImage(image)
found = (voxels.shape, np.unique(voxels).tolist(), (voxels > 0).sum(axis=(1, 2)).tolist(), image.GetSpacing()[2])
volume = hd.seg.segread("segmentation.dcm").get_volume()
theirs = volume.array.sum(axis=(1, 2)).T.tolist()
print("SimpleITK", SimpleITK.Version.VersionString(), "highdicom", hd.__version__)
print("highdicom reads voxels of each segment, slice by slice:", theirs, "spacing", volume.spacing[0])
print("found: shape, values, voxels of each slice, spacing of the slices:", *found)
sys.exit(0 if found == ((5, 8, 8), [0, 255], [9, 9, 9, 4, 4], 1.0) and volume.spacing[0] == 2.0 else 1)
PY
env/bin/python ask.py
