#!/bin/sh
# SimpleITK 2.5.7: an enhanced (multi-frame) PET whose frames have slopes of their own, as highdicom 0.28.2 makes it of a classic PET series.
#
# Guess: the slope lies in the Pixel Value Transformation Sequence of each frame, and each frame is multiplied by its own, as the same reader does
#   with the slices of the classic series: 10.5, 17.5, 1.75, 3.5. Or the object is refused.
# Found: the first frame's slope is used for all: 10.5 everywhere. A lesion in the last frame has three times its activity.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check SimpleITK==2.5.7 highdicom==0.28.2 pydicom==3.0.2
cat > ask.py <<'PY'
import sys
import warnings
import highdicom
import numpy
import pydicom
import SimpleITK
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

warnings.simplefilter("ignore")


def pet(index, slope, stored):
    one = Dataset()
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.SOPClassUID, one.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.128", f"2.25.1{index}"
    one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = "2.25.2", "2.25.3", "2.25.4"
    one.PatientName, one.PatientID, one.PatientBirthDate, one.PatientSex = "Example^One", "1", "19500101", "O"
    one.StudyDate = one.SeriesDate = one.AcquisitionDate = one.ContentDate = "20250314"
    one.StudyTime = one.SeriesTime = one.AcquisitionTime = one.ContentTime = "100000"
    one.StudyID, one.AccessionNumber, one.ReferringPhysicianName, one.SeriesNumber, one.InstanceNumber = "1", "", "", 1, index + 1
    one.Modality, one.Manufacturer, one.PatientPosition, one.ImageType = "PT", "X", "HFS", ["ORIGINAL", "PRIMARY"]
    one.Units, one.DecayCorrection, one.SeriesType, one.ActualFrameDuration = "BQML", "START", ["WHOLE BODY", "IMAGE"], "1000"
    one.ImagePositionPatient, one.ImageOrientationPatient = ["0", "0", str(3 * index)], ["1", "0", "0", "0", "1", "0"]
    one.PixelSpacing, one.SliceThickness, one.RescaleSlope, one.RescaleIntercept = ["4", "4"], "3", slope, "0"
    one.Rows = one.Columns = 4
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 1
    one.PixelData = numpy.full((4, 4), stored, "<i2").tobytes()
    return one


def legacy(series):
    return highdicom.legacy.LegacyConvertedEnhancedPETImage(
        series, series_instance_uid="2.25.5", series_number=2, sop_instance_uid="2.25.6", instance_number=1
    )


legacy([pet(index, slope, 7) for index, slope in enumerate(["0.5", "0.25", "2.5", "1.5"])]).save_as("enhanced.dcm")
enhanced = pydicom.dcmread("enhanced.dcm")
slopes = [float(frame.PixelValueTransformationSequence[0].RescaleSlope) for frame in enhanced.PerFrameFunctionalGroupsSequence]
image = SimpleITK.ReadImage("enhanced.dcm")
found = [image[1, 1, frame] for frame in range(4)]
guess = [7 * slope for slope in slopes]
print("SimpleITK", SimpleITK.Version.VersionString(), "highdicom", highdicom.__version__, "stored 7 everywhere, slopes", slopes)
print("guess:", guess, "which highdicom reads:", highdicom.imread("enhanced.dcm").get_volume().array[:, 1, 1].tolist())
print("found:", found)
sys.exit(0 if slopes == [1.5, 2.5, 0.25, 0.5] and found == [7 * slopes[0]] * 4 else 1)
PY
env/bin/python ask.py
