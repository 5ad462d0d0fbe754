"""NM images as PS3.3 A.5 and C.8.4 write them, element by element, by pydicom alone."""

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, NuclearMedicineImageStorage, generate_uid

from Testing.dicom.conftest import FRAME_OF_REFERENCE, PATIENT, STUDY

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
