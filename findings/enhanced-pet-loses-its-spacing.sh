#!/bin/sh
# SimpleITK 2.5.7: an enhanced (multi-frame) PET whose frames are stored in another order than they lie, which PS3.3 allows; the place of each
# is in its Plane Position Sequence. Made by highdicom 0.28.2 of a classic PET series; frames two and three then change places.
#
# Guess: frames are sorted by place, as the same reader's series reader and highdicom do; voxels of 4 x 4 x 3 mm stay what they are.
# Found: the frames stay in the order of the file, and the spacing becomes 1 x 1 x 1 mm, within the slice too, though Pixel Spacing is shared by
#   all frames and says 4. Only the origin is right. Volumes come out 48 times too small.
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


def positions(enhanced):
    return [float(frame.PlanePositionSequence[0].ImagePositionPatient[2]) for frame in enhanced.PerFrameFunctionalGroupsSequence]


enhanced = legacy([pet(index, "1", 7 + index) for index in range(4)])
enhanced.save_as("sorted.dcm")
frames, order = enhanced.pixel_array, [0, 2, 1, 3]
enhanced.PixelData = frames[order].tobytes()
enhanced.PerFrameFunctionalGroupsSequence = [enhanced.PerFrameFunctionalGroupsSequence[frame] for frame in order]
enhanced.save_as("shuffled.dcm")


def read(name):
    image = SimpleITK.ReadImage(name)
    return image.GetSpacing(), [int(image[1, 1, frame]) for frame in range(4)]


volume = highdicom.imread("shuffled.dcm").get_volume()
print("SimpleITK", SimpleITK.Version.VersionString(), "highdicom", highdicom.__version__, "frames at", positions(pydicom.dcmread("shuffled.dcm")), "mm")
print("guess: (4.0, 4.0, 3.0) [10, 9, 8, 7]; highdicom reads", volume.spacing, volume.array[:, 1, 1].astype(int).tolist())
print("found:", *read("shuffled.dcm"), "and sorted:", *read("sorted.dcm"))
as_found = read("shuffled.dcm") == ((1.0, 1.0, 1.0), [10, 8, 9, 7]) and read("sorted.dcm") == ((4.0, 4.0, 3.0), [10, 9, 8, 7])
sys.exit(0 if as_found else 1)
PY
env/bin/python ask.py
