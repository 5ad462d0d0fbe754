#!/bin/sh
# dcm2niix 1.0.20260724 (its package on PyPI) and SimpleITK 2.5.7: a SPECT (one multi-frame Nuclear Medicine object, RECON TOMO) that goes from the head
# down, as some scanners write it: Spacing Between Slices is -4, the place of the first slice stands in the Detector Information Sequence.
#
# Guess: the sign is used, since nothing else says which way the slices go: a hot voxel 16 mm below the first slice (z = 84) is found there by both.
# Found: SimpleITK has it at z = 84. dcm2niix has it at z = 116, above: the NIfTI's sizes and directions are those of the same object with +4, and
#   head and feet are exchanged. It warns that the slices' direction could not be determined, for +4 in the same words.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pydicom==3.0.2 numpy==2.2.6 nibabel==5.4.2 SimpleITK==2.5.7 dcm2niix==1.0.20260724
cat > ask.py <<'PY'
import subprocess
import sys

import nibabel
import numpy as np
import SimpleITK
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, NuclearMedicineImageStorage, generate_uid


def make(path, gap):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = NuclearMedicineImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = generate_uid(), generate_uid(), generate_uid()
    ds.Modality, ds.PatientID, ds.PatientName, ds.PatientPosition, ds.Manufacturer = "NM", "1", "A^B", "HFS", "SIEMENS NM"
    ds.PatientBirthDate = ds.PatientSex = ds.AccessionNumber = ds.ReferringPhysicianName = ds.PositionReferenceIndicator = ""
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = "20250102"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = "100000"
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber, ds.ProtocolName = "1", "1", "1", "Bone"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]
    ds.NumberOfFrames = ds.NumberOfSlices = 6
    ds.FrameIncrementPointer, ds.SliceVector = 0x00540080, list(range(1, 7))
    detector = Dataset()
    detector.CollimatorType = "PARA"
    detector.ImageOrientationPatient, detector.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -20, 100]
    ds.NumberOfDetectors, ds.DetectorInformationSequence = 1, [detector]
    ds.PixelSpacing, ds.SliceThickness, ds.SpacingBetweenSlices = [4, 4], "4", str(gap)
    ds.Rows, ds.Columns = 12, 16
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 0
    voxels = np.full((6, 12, 16), 100, np.uint16)
    voxels[4, 3, 5] = 1000
    ds.PixelData = voxels.tobytes()
    ds.save_as(path, enforce_file_format=True)


seen = {}
for name, gap in (("up", 4), ("down", -4)):
    make(f"{name}.dcm", gap)
    image = SimpleITK.ReadImage(f"{name}.dcm")
    at = np.unravel_index(SimpleITK.GetArrayFromImage(image).argmax(), image.GetSize()[::-1])
    one = image.TransformIndexToPhysicalPoint([int(index) for index in at[::-1]])[2]
    said = subprocess.run(["env/bin/dcm2niix", "-s", "y", "-f", name, "-o", ".", f"{name}.dcm"], capture_output=True, text=True, check=True).stdout
    nifti = nibabel.load(f"{name}.nii")
    at = np.unravel_index(nifti.get_fdata().argmax(), nifti.shape)
    other = float((nifti.affine @ [*at, 1])[2])
    seen[gap] = round(one, 3), round(other, 3)
    print(*(line for line in said.splitlines() if "direction" in line), sep="\n")
    print(f"spacing {gap}: guess z = {100 + 4 * gap}; found: SimpleITK {one:g}, dcm2niix {other:g}")
sys.exit(0 if seen == {4: (116, 116), -4: (84, 116)} else 1)
PY
env/bin/python ask.py
