"""A PDF in the study that it is of: Encapsulated PDF (PS3.3 A.45.1)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from LCDFusionLib import __version__

from .instance import MANUFACTURER, new_uid, series_description, set_instance, write_instances
from .patient_and_study import patient_and_study
from .reader import SeriesSource

_SERIES_NUMBER = 9054


def write_encapsulated_pdf(
    pdf: bytes, sources: Sequence[SeriesSource], folder: str | os.PathLike[str], *, title: str, identifies: bool = True
) -> Path:
    """Write a PDF as an object of the study of its first source.

    Args:
        pdf: of an even number of bytes, so that what is stored is the file itself.
        sources: the series that it tells of; at least one.
        folder: made, holds the one object.
        title: Document Title (0042,0010).
        identifies: the patient's name, or anything that tells it, stands in the text (Burned In Annotation).

    Raises:
        InputError: the folder cannot be written.
    """
    if len(pdf) % 2:
        raise ValueError("a PDF of an odd number of bytes would be stored with one more")
    created = datetime.now().astimezone()
    with disable_value_validation():
        dataset = patient_and_study(sources[0].headers[0])
        set_instance(dataset, sop_class=EncapsulatedPDFStorage, series_uid=new_uid(), number=1, created=created)
        dataset.Modality, dataset.SeriesNumber = "DOC", _SERIES_NUMBER
        dataset.SeriesDescription = series_description(title.lower())
        dataset.SeriesDate, dataset.SeriesTime = dataset.ContentDate, dataset.ContentTime
        dataset.Manufacturer = dataset.ManufacturerModelName = MANUFACTURER
        dataset.DeviceSerialNumber, dataset.SoftwareVersions = __version__, __version__
        dataset.ConversionType = "WSD"
        dataset.BurnedInAnnotation = "YES" if identifies else "NO"
        dataset.AcquisitionDateTime = ""
        dataset.DocumentTitle, dataset.ConceptNameCodeSequence = title, []
        dataset.SourceInstanceSequence = [_reference(header) for source in sources for header in _images(source)]
        dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
        dataset.EncapsulatedDocument = pdf
        dataset.EncapsulatedDocumentLength = len(pdf)
        return write_instances([dataset], folder)


def _images(source: SeriesSource) -> list[Dataset]:
    """Headers of a series' images, each once: frames of one file have the same."""
    return list({str(header.SOPInstanceUID): header for header in source.headers}.values())


def _reference(header: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    return item
