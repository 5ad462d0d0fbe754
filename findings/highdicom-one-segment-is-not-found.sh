#!/bin/sh
# highdicom 0.28.2 (pydicom 3.0.2): a Segmentation of one segment and one of two, written by highdicom.seg.Segmentation from the same CT, and
# for each a highdicom.sr.ReferencedSegment.from_segmentation of segment 1, as a measurement report needs it.
#
# Guess: what highdicom wrote, highdicom refers to, however many segments there are.
# Found: with one segment, Segment Identification Sequence (0062,000A) goes into the shared functional groups, where PS3.3 allows it, and
#   from_segmentation looks into the per-frame groups alone: AttributeError. With two segments it works. Readers that look per frame (an older
#   one of ours did) lose the regions of a study with one lesion, and of no other.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check highdicom==0.28.2 pydicom==3.0.2
cat > ask.py <<'PY'
import highdicom as hd
import numpy as np
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
        hd.seg.SegmentAlgorithmTypeValues.MANUAL
    )


images = [slice_at(k) for k in range(3)]
for count in (1, 2):
    pixels = np.zeros((3, 8, 8, count), np.uint8)
    for segment in range(count):
        pixels[:, 2 * segment : 2 * segment + 2, 2:5, segment] = 1
    segmentation = hd.seg.Segmentation(
        images, pixels, hd.seg.SegmentationTypeValues.BINARY, [describe(n + 1) for n in range(count)], generate_uid(), 1, generate_uid(), 1,
        "Maker", "Model", "1", "1",
    )
    place = "shared" if "SegmentIdentificationSequence" in segmentation.SharedFunctionalGroupsSequence[0] else "per frame"
    try:
        hd.sr.ReferencedSegment.from_segmentation(segmentation, segment_number=1)
        outcome = "referred to"
    except Exception as error:
        outcome = type(error).__name__
    print(f"{count} segment(s), identified {place}: {outcome}")
PY
env/bin/python ask.py > told
cat told
cat > expected <<'TXT'
1 segment(s), identified shared: AttributeError
2 segment(s), identified per frame: referred to
TXT
diff expected told
