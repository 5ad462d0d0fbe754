"""NM images as PS3.3 A.5 and C.8.4 write them, element by element, by pydicom alone."""

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, NuclearMedicineImageStorage, generate_uid

from LCDFusionLib.dicom import write_original_series
from LCDFusionLib.images.volume import Modality
from Testing.dicom.conftest import FRAME_OF_REFERENCE, PATIENT, STUDY, make_volume

VECTORS = {"RECON TOMO": [0x00540080], "STATIC": [0x00540010, 0x00540020]}


def item(**attributes):
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def nuclear_image(counts, *, kind="RECON TOMO", spacing=4.0, origin=(-126.0, -126.0, -500.0), pixel=4.0, orientation=(1, 0, 0, 0, 1, 0)):
    """One object of uint16 counts (frames, rows, columns)."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = NuclearMedicineImageStorage, generate_uid()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate, dataset.PatientSex = PATIENT.name, PATIENT.id, "", PATIENT.sex
    dataset.StudyInstanceUID, dataset.StudyDate, dataset.StudyTime = STUDY.uid, f"{STUDY.started:%Y%m%d}", f"{STUDY.started:%H%M%S}"
    dataset.StudyID, dataset.AccessionNumber, dataset.ReferringPhysicianName = "1", "", ""
    dataset.Modality, dataset.SeriesInstanceUID, dataset.SeriesNumber = "NM", generate_uid(), 5
    dataset.SeriesDescription, dataset.InstanceNumber = "SPECT bone", 1
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = FRAME_OF_REFERENCE, ""
    dataset.Manufacturer, dataset.ManufacturerModelName = "ACME", "Symbia"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", kind, "EMISSION"]
    dataset.AcquisitionDate, dataset.AcquisitionTime = dataset.StudyDate, dataset.StudyTime
    frames, dataset.Rows, dataset.Columns = counts.shape
    dataset.NumberOfFrames = frames
    dataset.FrameIncrementPointer = VECTORS.get(kind, [0x00540010])
    dataset.NumberOfEnergyWindows, dataset.NumberOfDetectors = 1, 1
    dataset.EnergyWindowInformationSequence = [item(EnergyWindowName="Tc99m")]
    dataset.RadiopharmaceuticalInformationSequence = [item(Radiopharmaceutical="MDP", RadionuclideCodeSequence=[])]
    dataset.CountsAccumulated, dataset.Laterality, dataset.RotationInformationSequence = None, "", []
    detector = item(CollimatorType="PARA", FieldOfViewShape="RECTANGLE", FocalDistance="0")
    if kind == "RECON TOMO":
        detector.ImagePositionPatient, detector.ImageOrientationPatient = list(origin), list(orientation)
        dataset.SpacingBetweenSlices, dataset.SliceThickness = spacing, abs(spacing)
        dataset.SliceVector, dataset.NumberOfSlices, dataset.NumberOfRotations = list(range(1, frames + 1)), frames, 1
    else:
        dataset.EnergyWindowVector = dataset.DetectorVector = [1] * frames
    dataset.DetectorInformationSequence = [detector]
    dataset.PatientOrientationCodeSequence = dataset.PatientGantryRelationshipCodeSequence = []
    dataset.PixelSpacing = [pixel, pixel]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelData = counts.astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def save(dataset, folder, name="spect.dcm"):
    Path(folder).mkdir(parents=True, exist_ok=True)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    pydicom.dcmwrite(Path(folder) / name, dataset, enforce_file_format=True)
    return Path(folder)


def counts(shape=(10, 64, 64)):
    """Whole numbers that tell every voxel from its neighbours, with something hot in the middle."""
    k, j, i = np.indices(shape)
    hot = np.exp(-(((k - shape[0] / 2) / 3) ** 2 + ((j - 30) / 8) ** 2 + ((i - 26) / 10) ** 2))
    return np.rint(hot * 800 + (k * 7 + j * 3 + i) % 29).astype(np.uint16)


def write_spect_ct(folder):
    """A SPECT/CT as a camera sends it, below `folder`: CT, raw projections, and the reconstruction, whose frames run downwards.

    CT and reconstruction are black outside their round fields by Pixel Padding Value alone. Returns the folders of both.
    """
    volume = make_volume(Modality.CT, shape=(8, 48, 48), spacing=(4.0, 4.0, 4.0), origin=(-94.0, -94.0, -500.0))
    ct = write_original_series(volume, Path(folder) / "ct", patient=PATIENT, study=STUDY, series_number=3, body_part="CHEST")
    j, i = np.indices((48, 48))
    outside = np.hypot(j - 23.5, i - 23.5) > 21
    for file in ct.iterdir():
        dataset = pydicom.dcmread(file)
        pixels = dataset.pixel_array.astype(np.uint16)
        pixels[outside] = 63536  # -2000 by those who take it for unsigned, and far above white by all who know no padding
        dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit = 0, 16, 15
        dataset.PixelData = pixels.tobytes()
        dataset.add_new("PixelPaddingValue", "US", 63536)
        dataset.save_as(file)
    save(nuclear_image(counts(), kind="TOMO"), Path(folder) / "raw")
    values = counts()
    j, i = np.indices(values.shape[1:])
    values[:, np.hypot(j - 31.5, i - 31.5) > 22] = 65535
    spect = nuclear_image(values, spacing=-4.0, origin=(-126.0, -126.0, -464.0))
    spect.add_new("PixelPaddingValue", "US", 65535)
    return ct, save(spect, Path(folder) / "nm")


def beside_the_field(picture, *, at_the_bottom=False):
    """A part of a view's picture (rows, columns, RGB) outside the round fields of `write_spect_ct`: right above, or left below."""
    size = min(picture.shape[:2])
    top, left = ((length - size) // 2 for length in picture.shape[:2])
    row, column = (0.85, 0.08) if at_the_bottom else (0.12, 0.88)
    rows, columns = (slice(start + int(part * size), start + int((part + 0.03) * size)) for start, part in ((top, row), (left, column)))
    return picture[rows, columns]
