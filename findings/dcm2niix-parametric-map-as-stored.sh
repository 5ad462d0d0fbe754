#!/bin/sh
# dcm2niix 1.0.20260724 (its package on PyPI): SUV of 0.5 to 5.5 as a Parametric Map, once as floats and once as 16-bit integers of 0.001, which is how
# highdicom 0.28.2 (pydicom 3.0.2) writes them with a Real World Value Mapping.
#
# Guess: both come as SUV, since the mapping is the object's only way to say what a value is; or the integers are refused, as SimpleITK 2.5.7 refuses
#   both.
# Found: the floats come as SUV, the integers as they are stored: 500 to 5500, no scale in the NIfTI, nothing said. Places are right.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT INT TERM
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check highdicom==0.28.2 pydicom==3.0.2 nibabel==5.4.2 dcm2niix==1.0.20260724
cat > ask.py <<'PY'
import subprocess
import sys

import highdicom
import nibabel
import numpy as np
from highdicom.pm import ParametricMap, RealWorldValueMapping
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid

study, series, frame = generate_uid(), generate_uid(), generate_uid()
slices = []
for k in range(6):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = PositronEmissionTomographyImageStorage
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = study, series, frame
    ds.Modality, ds.PatientID, ds.PatientName = "PT", "1", "A^B"
    ds.PatientBirthDate = ds.PatientSex = ds.AccessionNumber = ds.ReferringPhysicianName = ds.PositionReferenceIndicator = ""
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = "20250102"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = "100000"
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = "1", "1", str(k + 1)
    ds.ImageOrientationPatient, ds.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-32, -32, 3 * k]
    ds.PixelSpacing, ds.SliceThickness = [4, 4], "3"
    ds.Rows = ds.Columns = 16
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 1
    ds.RescaleSlope, ds.RescaleIntercept = "1", "0"
    ds.PixelData = bytes(512)
    slices.append(ds)

suv = np.arange(6)[:, None, None] + np.full((16, 16), 0.5)
seen = {}
for name, pixels, slope, values in (("floats", suv.astype(np.float32), 1.0, (0.0, 10.0)), ("integers", (suv * 1000).astype(np.uint16), 0.001, (0, 65535))):
    mapping = RealWorldValueMapping(
        lut_label="SUV", lut_explanation="SUVbw", unit=highdicom.sr.CodedConcept("{SUVbw}g/ml", "UCUM", "SUV body weight"),
        value_range=values, slope=slope, intercept=0,
    )
    ParametricMap(
        slices, pixels, series_instance_uid=generate_uid(), series_number=9, sop_instance_uid=generate_uid(), instance_number=1, manufacturer="x",
        manufacturer_model_name="x", software_versions="1", device_serial_number="1", contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping], window_center=3, window_width=6,
    ).save_as(f"{name}.dcm")
    said = subprocess.run(["env/bin/dcm2niix", "-s", "y", "-f", name, "-o", ".", f"{name}.dcm"], capture_output=True, text=True, check=True).stdout
    image = nibabel.load(f"{name}.nii")
    seen[name] = image.get_fdata()[8, 8]
    print(f"found: {name}: {seen[name].tolist()}, scale in the header {image.header['scl_slope']}, first slice at z {image.affine[2, 3]}")
    print(*(line for line in said.splitlines() if line.startswith("Warning")), sep="\n")
    assert np.allclose(image.header.get_zooms(), (4, 4, 3)) and image.affine[2, 3] == 0
sys.exit(0 if np.allclose(seen["floats"], suv[:, 8, 8]) and np.allclose(seen["integers"], 1000 * suv[:, 8, 8]) else 1)
PY
env/bin/python -W ignore ask.py
