#!/bin/sh
# InVesalius 3.1.99998 (Debian's package 3.1.99998-4; python-gdcm 3.2.6, vtk 9.6.0): a folder with two series of one study, as many slices
# each, given to its reader (the code behind `invesalius -i FOLDER`; its windows are stood in for, nothing of them is asked).
#
# Guess: of a CT and a Secondary Capture (Modality OT) with as many slices the CT is opened, or the first series.
# Found: neither. The series with most slices is taken, and of equals the one whose Series Description comes last in the alphabet: the same
#   two series change places when the derived one's description begins with "(" instead of a letter. No modality is asked.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
chmod 755 "$folder"
cd "$folder"
apt-get download -qq invesalius=3.1.99998-4 2> /dev/null
dpkg -x invesalius_*.deb program
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check python-gdcm==3.2.6 vtk==9.6.0 numpy==2.4.6 pydicom==3.0.2
cat > ask.py <<'PY'
import builtins
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

WINDOWS = ("wx", "invesalius.data.imagedata_utils", "invesalius.pubsub", "invesalius.session", "psutil", "nibabel", "imageio")
for name in (*WINDOWS, "serial", "skimage", "skimage.measure", "h5py", "scipy"):
    sys.modules[name] = MagicMock()
builtins._ = str
sys.path.insert(0, "program/usr/share/invesalius")
from invesalius.reader import dicom_reader

STUDY, FRAME = generate_uid(), generate_uid()


def write(folder, modality, sop_class, description, first):
    series = generate_uid()
    for k in range(4):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID, ds.SOPInstanceUID, ds.StudyInstanceUID, ds.SeriesInstanceUID = sop_class, generate_uid(), STUDY, series
        ds.FrameOfReferenceUID, ds.Modality, ds.SeriesDescription = FRAME, modality, description
        ds.SeriesNumber, ds.InstanceNumber, ds.AcquisitionNumber = first, k + 1, 1
        ds.PatientName, ds.PatientID, ds.StudyDate, ds.StudyTime = "Test^One", "1", "20260101", "120000"
        ds.Rows = ds.Columns = 16
        ds.SamplesPerPixel, ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 1, 16, 16, 15, 0
        ds.PhotometricInterpretation, ds.PixelSpacing, ds.SliceThickness = "MONOCHROME2", [1, 1], 2
        ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 2 * k]
        ds.RescaleSlope, ds.RescaleIntercept = 1, 0
        ds.PixelData = bytes(512)
        pydicom.dcmwrite(folder / f"{first}{k}.dcm", ds, enforce_file_format=True)


for derived in ("Fused colour", "(Fused colour)"):
    folder = Path(f"study of {len(derived)}")
    folder.mkdir()
    write(folder, "CT", CTImageStorage, "Abdomen", 1)
    write(folder, "OT", SecondaryCaptureImageStorage, derived, 9)
    chosen = dicom_reader.SelectLargerDicomGroup(dicom_reader.GetDicomGroups(str(folder)))
    print(f"Abdomen (CT) and {derived} (OT), {chosen.nslices} slices each: {chosen.title.strip()}")
PY
env/bin/python ask.py > told 2> /dev/null
cat told
cat > expected <<'TXT'
Abdomen (CT) and Fused colour (OT), 4 slices each: Fused colour
Abdomen (CT) and (Fused colour) (OT), 4 slices each: Abdomen
TXT
diff expected told
