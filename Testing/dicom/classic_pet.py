"""A classic PET series as PS3.3 A.21 describes it, element by element: written from the standard's text, with nothing of ours.

64 x 64 x 8 voxels of 4 mm, a patient of 70 kg, 300 MBq of F-18 at 9:00, scan at 10:00, START, BQML.
"""

import numpy as np
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid

WEIGHT_KG, DOSE_BQ, HALF_LIFE_S = 70.0, 300e6, 6586.2
RIGHT = 3.408152e-4
"""SUVbw per Bq/ml: 70000 g / (300e6 Bq * 2^(-3600/6586.2))."""


def put(dataset, keyword, value):
    """An element as a file may hold it, however wrong its text; several values as a list."""
    text = ("\\".join(value) if isinstance(value, list) else value).encode()
    tag = Tag(tag_for_keyword(keyword))
    dataset[tag] = RawDataElement(tag, dictionary_VR(tag), len(text), text, 0, False, True)


def code(value, meaning, scheme="SCT"):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def injection():
    item = Dataset()
    item.Radiopharmaceutical = "Fluorodeoxyglucose F^18^"
    item.RadiopharmaceuticalStartTime = "090000"
    item.RadionuclideTotalDose, item.RadionuclideHalfLife = "300000000", "6586.2"
    item.RadionuclidePositronFraction = "0.967"
    item.RadionuclideCodeSequence = [code("77004003", "^18^Fluorine")]
    item.RadiopharmaceuticalCodeSequence = [code("35321007", "Fluorodeoxyglucose F^18^")]
    return item


def headers(count=8):
    """One a slice, all that SUV needs."""
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    return [_header(index, series, study, frame) for index in range(count)]


def _header(index, series, study, frame):
    header = Dataset()
    header.SOPClassUID, header.SOPInstanceUID = PositronEmissionTomographyImageStorage, generate_uid()
    header.ImageType, header.Modality = ["ORIGINAL", "PRIMARY"], "PT"
    header.StudyDate = header.SeriesDate = header.AcquisitionDate = "20250314"
    header.StudyTime = header.SeriesTime = header.AcquisitionTime = "100000"
    header.Manufacturer = "ACME"
    header.SeriesDescription = "PET"
    header.PatientName, header.PatientID, header.PatientSex = "Doe^Jane", "P-1", "F"
    header.PatientWeight, header.PatientSize = "70", "1.70"
    header.SliceThickness, header.ActualFrameDuration = "4", "180000"
    header.StudyInstanceUID, header.SeriesInstanceUID, header.SeriesNumber = study, series, "3"
    header.InstanceNumber = str(index + 1)
    header.ImagePositionPatient, header.ImageOrientationPatient = ["-126", "-126", str(4 * index)], ["1", "0", "0", "0", "1", "0"]
    header.FrameOfReferenceUID = frame
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.Rows = header.Columns = 64
    header.PixelSpacing = ["4", "4"]
    header.CorrectedImage = ["DECY", "ATTN", "SCAT", "DTIM", "RAN", "NORM"]
    header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation = 16, 16, 15, 1
    header.RescaleIntercept, header.RescaleSlope = "0", "0.5"
    header.RadiopharmaceuticalInformationSequence = [injection()]
    header.SeriesType, header.Units, header.CountsSource = ["STATIC", "IMAGE"], "BQML", "EMISSION"
    header.DecayCorrection, header.DecayFactor = "START", "1.00949"
    header.FrameReferenceTime, header.ImageIndex = "89716", index + 1
    return header


def stored(index):
    """Pixels of a slice: a body of 4000 (2000 Bq/ml) with a hot box of 20000."""
    pixels = np.zeros((64, 64), np.int16)
    pixels[12:52, 16:48] = 4000
    pixels[24:28, 24 + index : 28 + index] = 20000
    return pixels


def write(headers, folder):
    """As files; the pixels of `stored`."""
    folder.mkdir(parents=True)
    for index, header in enumerate(headers):
        header.PixelData = stored(index).tobytes()
        header.file_meta = FileMetaDataset()
        header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        header.file_meta.MediaStorageSOPClassUID, header.file_meta.MediaStorageSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
        header.save_as(folder / f"{index:03d}.dcm", enforce_file_format=True)
    return folder
