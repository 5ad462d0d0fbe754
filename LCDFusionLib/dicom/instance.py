"""What every image that we write has in common: its place, its pixels, its file, and the folder that appears whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid
from pydicom.valuerep import format_number_as_ds

from LCDFusionLib.atomic import atomic_folder
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.interrupts import check_interrupted

from .body_regions import is_unpaired
from .pydicom_versions import write_file

MANUFACTURER = "LCDFusion"
FUSED_IMAGE_TYPE = ("DERIVED", "SECONDARY", "FUSED", "LCDFUSION")
"""Image Type (0008,0008) of fused images. The last value marks them: de-identifiers leave it, where Manufacturer goes."""


def series_description(what: str) -> str:
    """Series Description (0008,103E) of an object of ours.

    It names no modality, for hanging protocols look for "CT" and "PT" to choose originals by; and it begins with a character that comes
    before letters and digits, for InVesalius takes, of series with as many images, the last one in the alphabet.
    """
    return f"(LCDFusion {what}) NOT FOR DIAGNOSTIC USE"


def new_uid() -> UID:
    """A fresh UID under 2.25 (ISO/IEC 9834-8): a random number, so that it tells nothing of patient or machine."""
    return generate_uid(prefix=None)


def decimal_strings(numbers: ArrayLike) -> list[str]:
    """Numbers as DICOM DS, at most 16 characters each and as exact as those allow."""
    return [format_number_as_ds(float(number) + 0.0) for number in np.ravel(numbers)]  # + 0.0: no "-0.0"


def code(value: str, meaning: str, scheme: str = "DCM") -> Dataset:
    """One item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def set_instance(dataset: Dataset, *, sop_class: UID, series_uid: UID, number: int, created: datetime) -> None:
    """SOP Common, with a new SOP Instance UID, and Content Date and Time."""
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, new_uid()
    dataset.SeriesInstanceUID = series_uid
    dataset.InstanceNumber = number
    dataset.InstanceCreationDate = dataset.ContentDate = f"{created:%Y%m%d}"
    dataset.InstanceCreationTime = dataset.ContentTime = f"{created:%H%M%S}"


def set_body_part(dataset: Dataset, body_part: str, *, laterality: str = "") -> None:
    """Body Part Examined (0018,0015) and the Laterality that it asks for."""
    if body_part:
        dataset.BodyPartExamined = body_part
    if not is_unpaired(body_part):
        dataset.Laterality = laterality


def check_plane(volume: Volume, *, may_be_tilted: bool = False) -> None:
    """Raise `InputError` for what `set_plane` will refuse; the arguments are the same."""
    if not volume.in_patient_space:
        raise InputError(f"'{volume.name}' does not say where in the patient it lies, so it cannot become DICOM: give one that does.")
    row, column, through = volume.direction.T
    if abs(row @ column) > 1e-4 or (not may_be_tilted and abs(abs(np.cross(row, column) @ through) - 1) > 1e-4):
        raise InputError(f"The volume '{volume.name}' is sheared and cannot be written as DICOM slices: resample it to right angles first.")


def set_plane(dataset: Dataset, volume: Volume, k: int, *, may_be_tilted: bool = False) -> None:
    """Image Plane: the place of slice `k`; `may_be_tilted` allows slices that are shifted against each other as by a tilted gantry.

    Raises:
        InputError: the volume is sheared, which no DICOM image plane can say.
    """
    check_plane(volume, may_be_tilted=may_be_tilted)
    row, column, _ = volume.direction.T
    columns_apart, rows_apart, slices_apart = volume.spacing
    dataset.ImagePositionPatient = decimal_strings((volume.ijk_to_lps @ [0, 0, k, 1])[:3])
    dataset.ImageOrientationPatient = decimal_strings([row, column])
    dataset.PixelSpacing = decimal_strings([rows_apart, columns_apart])
    dataset.SliceThickness = decimal_strings(slices_apart)[0]
    if volume.shape[0] > 1:
        dataset.SpacingBetweenSlices = dataset.SliceThickness


def set_pixels(dataset: Dataset, pixels: NDArray, *, bits_stored: int | None = None) -> None:
    """Image Pixel and Pixel Data: gray (J, I) of uint16, int16 or uint8, or RGB (J, I, 3) of uint8."""
    is_color = pixels.ndim == 3
    bits = pixels.dtype.itemsize * 8
    dataset.SamplesPerPixel = 3 if is_color else 1
    dataset.PhotometricInterpretation = "RGB" if is_color else "MONOCHROME2"
    if is_color:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.BitsAllocated = bits
    dataset.BitsStored = bits_stored or bits
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    data = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OW" if bits == 16 else "OB"


def encoded(dataset: Dataset) -> Dataset:
    """The same elements as bytes in Explicit VR Little Endian, as `write_instances` writes them: for what many objects have in common."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, dataset)
    return read_dataset(BytesIO(buffer.getvalue()), is_implicit_VR=False, is_little_endian=True)


def write_instances(datasets: Iterator[Dataset] | Sequence[Dataset], folder: str | os.PathLike[str]) -> Path:
    """Write one file a dataset, Explicit VR Little Endian, into a new folder that appears only when it is whole.

    Raises:
        InputError: the folder holds something already, or cannot be written (no permission, disk full); nothing is left behind.
    """
    folder = Path(folder)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"The folder '{folder}' is not empty: name another one or empty it.")
        with atomic_folder(folder) as place:
            for index, dataset in enumerate(datasets):
                check_interrupted()
                dataset.file_meta = FileMetaDataset()
                dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
                write_file(place / f"{index + 1:04d}.dcm", dataset)
    except OSError as error:
        raise InputError(
            f"The folder '{folder}' cannot be written ({error.strerror or error}): choose a place with room and permission."
        ) from error
    return folder
