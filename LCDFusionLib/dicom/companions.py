"""Objects that go with a fused series: which slices to look at first (Key Object Selection), and its metrics (Enhanced SR).

Both are made from the headers of the written series, so that they belong to the same patient and study, and refer to it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.uid import UID, EnhancedSRStorage, KeyObjectSelectionDocumentStorage, SecondaryCaptureImageStorage

from LCDFusionLib import DISCLAIMER, __version__

from .instance import MANUFACTURER, code, new_uid, series_description, set_instance, write_instances
from .patient_and_study import patient_and_study

SCHEME = "99LCDFUSION"
"""Coding Scheme Designator of what DICOM has no code for: the fusion metrics."""

_KEY_SERIES_NUMBER, _METRICS_SERIES_NUMBER, _REJECTION_SERIES_NUMBER = 9051, 9052, 9059
_UNITLESS = code("1", "no units", "UCUM")


def fused_headers(folder: str | os.PathLike[str]) -> list[Dataset]:
    """Headers of a series that `write_fused_color` or `write_fused_gray` wrote, in the order of the volume's slices."""
    return [pydicom.dcmread(path, stop_before_pixels=True) for path in sorted(Path(folder).iterdir(), key=lambda path: int(path.stem))]


def write_key_images(headers: Sequence[Dataset], slices: Sequence[int], folder: str | os.PathLike[str], *, reason: str) -> Path:
    """Write a Key Object Selection (PS3.3 A.35.4) that marks slices of a fused series.

    Args:
        headers: from `fused_headers`.
        slices: indices into `headers`.
        folder: made, holds the one object.
        reason: why these slices, in words (Key Object Description).

    Raises:
        ValueError: no slice, or an index that is none.
        InputError: the folder cannot be written.
    """
    chosen = [headers[k] for k in slices]
    if not chosen:
        raise ValueError("a key object selection needs at least one slice")
    dataset = _document(headers[0], KeyObjectSelectionDocumentStorage, "KO", _KEY_SERIES_NUMBER, "key slices", chosen)
    dataset.ConceptNameCodeSequence = [code("113000", "Of Interest")]
    dataset.ContentTemplateSequence = [_template("2010")]
    dataset.ContentSequence = [_text("CONTAINS", code("113012", "Key Object Description"), f"{reason} {DISCLAIMER}")]
    dataset.ContentSequence.extend(_image(header) for header in chosen)
    return _write(dataset, folder)


def write_rejection_note(like: Dataset, objects: Sequence[tuple[str, str, str]], folder: str | os.PathLike[str]) -> Path:
    """Write a Key Object Selection that says of earlier results that they are not to be used any more (IHE Image Object Change Management).

    Archives that know the profile hide what is named; in others it stands beside it for people to read.

    Args:
        like: header of a result of the same patient and study.
        objects: (Series Instance UID, SOP Class UID, SOP Instance UID) of each.
        folder: made, holds the one object.

    Raises:
        InputError: the folder cannot be written.
    """
    rejected = []
    for series, sop_class, sop in objects:
        header = Dataset()
        header.SeriesInstanceUID, header.SOPClassUID, header.SOPInstanceUID = series, sop_class, sop
        rejected.append(header)
    dataset = _document(like, KeyObjectSelectionDocumentStorage, "KO", _REJECTION_SERIES_NUMBER, "earlier result superseded", rejected)
    dataset.ConceptNameCodeSequence = [code("113001", "Rejected for Quality Reasons")]
    dataset.ContentTemplateSequence = [_template("2010")]
    words = "The study got more images and was fused anew: use the newer fused series, not the ones that this note names."
    dataset.ContentSequence = [_text("CONTAINS", code("113012", "Key Object Description"), f"{words} {DISCLAIMER}")]
    dataset.ContentSequence.extend(_object(header) for header in rejected)
    return _write(dataset, folder)


def write_metrics_report(
    headers: Sequence[Dataset],
    metrics: Sequence[Mapping[str, float]],
    blend_metrics: Sequence[Mapping[str, float]],
    slices: Sequence[int],
    folder: str | os.PathLike[str],
) -> Path:
    """Write the metrics as Enhanced SR (PS3.3 A.35.2): the means over all slices, then those of some slices, each beside the 50/50 blend's.

    Args:
        headers: of the fused gray series, from `fused_headers`.
        metrics: for each slice, by name; NaN where undefined.
        blend_metrics: likewise of the 50/50 average.
        slices: indices of the slices that are listed.
        folder: made, holds the one object.

    Raises:
        InputError: the folder cannot be written.
    """
    dataset = _document(headers[0], EnhancedSRStorage, "SR", _METRICS_SERIES_NUMBER, "metrics", [headers[k] for k in slices])
    dataset.CompletionFlag, dataset.VerificationFlag = "COMPLETE", "UNVERIFIED"
    dataset.PerformedProcedureCodeSequence = []
    scheme = Dataset()
    scheme.CodingSchemeDesignator, scheme.CodingSchemeName = SCHEME, "LCDFusion"
    scheme.CodingSchemeResponsibleOrganization = "LCDFusion"
    dataset.CodingSchemeIdentificationSequence = [scheme]
    dataset.ConceptNameCodeSequence = [_own("REPORT", "Metrics of image fusion")]
    means = [_means(rows) for rows in (metrics, blend_metrics)]
    dataset.ContentSequence = [
        _text("CONTAINS", _own("NOTICE", "Notice"), f"{DISCLAIMER} Metrics describe pictures, not patients."),
        _container(_own("MEAN", "Mean over all slices"), [], *means),
    ]
    for k in slices:
        # Optional by the standard, and OHIF 3.13 shows an empty page where an item of a report has no name.
        place = [_image(headers[k], code("121112", "Source of Measurement"))]
        title = _own("SLICE", f"Image {headers[k].get('InstanceNumber', k + 1)}")
        dataset.ContentSequence.append(_container(title, place, metrics[k], blend_metrics[k]))
    return _write(dataset, folder)


def _document(first: Dataset, sop_class: UID, modality: str, number: int, description: str, evidence: Sequence[Dataset]) -> Dataset:
    """Patient to SR Document General, and the root container."""
    created = datetime.now().astimezone()
    with disable_value_validation():
        dataset = patient_and_study(first)
    set_instance(dataset, sop_class=sop_class, series_uid=new_uid(), number=1, created=created)
    dataset.Modality, dataset.SeriesNumber, dataset.SeriesDescription = modality, number, series_description(description)
    dataset.SeriesDate, dataset.SeriesTime = dataset.ContentDate, dataset.ContentTime
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.Manufacturer = dataset.ManufacturerModelName = MANUFACTURER
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = __version__, __version__
    by_series: dict[str, list[Dataset]] = {}
    for header in evidence:
        by_series.setdefault(header.SeriesInstanceUID, []).append(_reference(header))
    study = Dataset()
    study.StudyInstanceUID, study.ReferencedSeriesSequence = first.StudyInstanceUID, []
    for uid, references in by_series.items():
        series = Dataset()
        series.SeriesInstanceUID, series.ReferencedSOPSequence = uid, references
        study.ReferencedSeriesSequence.append(series)
    dataset.CurrentRequestedProcedureEvidenceSequence = [study]
    dataset.ValueType, dataset.ContinuityOfContent = "CONTAINER", "SEPARATE"
    return dataset


def _write(dataset: Dataset, folder: str | os.PathLike[str]) -> Path:
    with disable_value_validation():
        return write_instances([dataset], folder)


def _reference(header: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
    return item


def _template(number: str) -> Dataset:
    item = Dataset()
    item.MappingResource, item.TemplateIdentifier = "DCMR", number
    return item


def _own(value: str, meaning: str) -> Dataset:
    return code(value, meaning, SCHEME)


def _item(value_type: str, name: Dataset | None) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", value_type
    if name is not None:
        item.ConceptNameCodeSequence = [name]
    return item


def _text(relationship: str, name: Dataset, text: str) -> Dataset:
    item = _item("TEXT", name)
    item.RelationshipType, item.TextValue = relationship, text
    return item


def _image(header: Dataset, name: Dataset | None = None) -> Dataset:
    item = _item("IMAGE", name)
    item.ReferencedSOPSequence = [_reference(header)]
    return item


def _object(header: Dataset) -> Dataset:
    """An image, or another object."""
    item = _image(header)
    if header.SOPClassUID != SecondaryCaptureImageStorage:
        item.ValueType = "COMPOSITE"
    return item


def _container(title: Dataset, first: Sequence[Dataset], fused: Mapping[str, float], blend: Mapping[str, float]) -> Dataset:
    item = _item("CONTAINER", title)
    item.ContinuityOfContent = "SEPARATE"
    item.ContentSequence = [*first, *_numbers("fused image", "F", fused), *_numbers("50/50 blend", "B", blend)]
    return item


def _numbers(what: str, prefix: str, values: Mapping[str, float]) -> list[Dataset]:
    items = []
    for name, value in values.items():
        if np.isfinite(value):
            measured = Dataset()
            measured.NumericValue = f"{value:.6g}"
            measured.MeasurementUnitsCodeSequence = [_UNITLESS]
            item = _item("NUM", _own(f"{prefix}_{name}"[:16].upper(), f"{name}, {what}"))
            item.MeasuredValueSequence = [measured]
            items.append(item)
    return items


def _means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    means = {}
    for name in rows[0]:
        values = [row[name] for row in rows if np.isfinite(row[name])]
        means[name] = float(np.mean(values)) if values else float("nan")
    return means
