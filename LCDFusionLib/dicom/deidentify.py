"""De-identification by the Basic Application Confidentiality Profile (PS3.15 annex E), with dicom-anonymizer."""

from __future__ import annotations

import copy
import logging
import os
import secrets
from functools import cache
from pathlib import Path

import pydicom
from dicomanonymizer import anonymize_dataset
from dicomanonymizer.simpledicomanonymizer import get_UID, initialize_actions
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError
from LCDFusionLib.interrupts import check_interrupted

from .instance import code
from .pydicom_versions import write_file

# Ours, and without a word of the patient: what the object is, how it was made, and which images it refers to (their UIDs are replaced). The
# profile takes them out, because a scanner's may hold names.
_KEPT = (
    *("SeriesDescription", "DerivationDescription", "ImageComments", "DerivationCodeSequence", "SoftwareVersions"),
    *("SourceImageSequence", "ContentSequence", "CurrentRequestedProcedureEvidenceSequence", "BlendingSequence"),
    *("EncapsulatedDocument", "DocumentTitle", "SourceInstanceSequence"),
)
_OURS_THROUGHOUT = ("ContentSequence", "BlendingSequence")
"""Of those, what holds no item that somebody else wrote."""
_NO_DATE = "19000101"  # a real one; the library's 0001-01-01 is refused by validators
_dummies: dict[tuple[str, ...], str] = {}
_OF_THE_STANDARD = "1.2.840.10008."  # SOP classes, transfer syntaxes


def deidentify_folder(folder: str | os.PathLike[str]) -> int:
    """De-identify every DICOM file that LCDFusion wrote below a folder, in its place; returns how many.

    UIDs are replaced, the same by the same within one run, so that the series stay together; dates, names and numbers are replaced or
    emptied, private tags taken out. Patient ID and name become a random dummy (PS3.15 action D), the same for one patient within one
    run: with an empty ID an archive makes one patient of all. Series and Derivation Description stay, because this program wrote them:
    what they quote must be without names (`Derivation.warnings`).

    Raises:
        InputError: a file cannot be read or written.
    """
    count = 0
    logger = logging.getLogger("pydicom")
    level = logger.level
    logger.setLevel(logging.ERROR)  # the library calls what pydicom calls deprecated, once for every attribute
    try:
        for path in sorted(Path(folder).rglob("*.dcm")):
            check_interrupted()
            try:
                with disable_value_validation():
                    dataset = pydicom.dcmread(path)
                    patient = _dummy(dataset)
                    kept = {keyword: copy.deepcopy(dataset[keyword]) for keyword in _KEPT if keyword in dataset}
                    dataset.pop("ContributingEquipmentSequence", None)  # in the profile, not in the library's table of it
                    anonymize_dataset(dataset)
                    for element in kept.values():
                        dataset.add(element)
                    _clean_items(dataset)
                    _replace_nested_uids(dataset)
                    _set_dates(dataset)
                    dataset.PatientID = dataset.PatientName = patient
                    dataset.PatientIdentityRemoved = "YES"
                    dataset.DeidentificationMethod = "PS3.15 Basic Application Confidentiality Profile"
                    dataset.DeidentificationMethodCodeSequence = [code("113100", "Basic Application Confidentiality Profile")]
                    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
                    with atomic_file(path) as beside:
                        write_file(beside, dataset)
            except (OSError, pydicom.errors.InvalidDicomError) as error:
                raise InputError(f"The file '{path}' cannot be de-identified ({error}): check it and the disk.") from error
            count += 1
    finally:
        logger.setLevel(level)
    return count


def _dummy(dataset: Dataset) -> str:
    """A random Patient ID for the one in `dataset`."""
    patient = tuple(str(dataset.get(keyword) or "") for keyword in ("PatientID", "IssuerOfPatientID", "PatientName", "PatientBirthDate"))
    return _dummies.setdefault(patient, f"ANON-{secrets.token_hex(6).upper()}")


def _clean_items(dataset: Dataset) -> None:
    """Within sequences, where the profile looks and the library (dicom-anonymizer 2.1.0) does not: what it takes out on top."""
    for element in dataset:
        if element.VR != "SQ" or element.keyword in _OURS_THROUGHOUT:
            continue
        for item in element.value:
            for nested in [*item]:
                if nested.tag.is_private or (nested.VR not in ("SQ", "UI") and (nested.tag.group, nested.tag.element) in _named()):
                    del item[nested.tag]
            _clean_items(item)


@cache
def _named() -> frozenset[tuple[int, int]]:
    """Group and element of all that the profile names."""
    return frozenset(tag for tag in initialize_actions() if len(tag) == 2)


def _replace_nested_uids(dataset: Dataset) -> None:
    """Within sequences, where the library does not look: each UID by the one that took its place at the top of its own object."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                for nested in item.iterall():
                    if nested.VR == "UI" and not str(nested.value).startswith(_OF_THE_STANDARD):
                        nested.value = get_UID(nested.value)


def _set_dates(dataset: Dataset) -> None:
    for element in dataset:
        if element.VR == "DA" and element.value:
            element.value = _NO_DATE
        elif element.VR == "DT" and element.value:
            element.value = f"{_NO_DATE}000000"
    dataset.PatientBirthDate = ""
    if "PresentationCreationDate" in dataset:
        dataset.PresentationCreationDate, dataset.PresentationCreationTime = _NO_DATE, "000000"
