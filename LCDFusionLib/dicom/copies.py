"""Files with one SOP Instance UID: copies of one image, or two images that careless de-identification gave one name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from . import elements
from .pixels import PIXEL_KEYWORDS, stored_values

# A copy is the same in all that gives place, value and patient.
_OF_ONE_IMAGE = (
    *("SOPClassUID", "StudyInstanceUID", "PatientID", "PatientName", "PatientBirthDate", "FrameOfReferenceUID"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "NumberOfFrames"),
    *("RescaleSlope", "RescaleIntercept", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    "DetectorInformationSequence",
)


class Copies:
    """The instances of a folder, of which each counts once.

    Attributes:
        count: files that are copies.
        refusals: for series by UID the sentence that says why they cannot be read: two images of one UID.
    """

    def __init__(self) -> None:
        self.count = 0
        self.refusals: dict[str, str] = {}
        self._first: dict[str, tuple[Path, Dataset]] = {}

    def is_first(self, path: Path, header: Dataset) -> bool:
        """Whether no file before had this instance; a copy is counted, and two images of one UID are held against their series."""
        first_path, first = self._first.setdefault(header.SOPInstanceUID, (path, header))
        if first is header:
            return True
        if _are_copies(first_path, first, path, header):
            self.count += 1
            # In a second series it is an image of that too.
            return first.SeriesInstanceUID != header.SeriesInstanceUID
        sentence = (
            f"The files '{first_path}' and '{path}' hold two images with one SOP Instance UID (0008,0018), so images of "
            f"'{elements.text(header, 'SeriesDescription') or elements.text(header, 'Modality')}' cannot be told apart (careless "
            "de-identification does that): export the series again from its archive."
        )
        for one in (first, header):
            self.refusals.setdefault(one.SeriesInstanceUID, sentence)
        return True


def _are_copies(path: Path, header: Dataset, other_path: Path, other: Dataset) -> bool:
    if any(header.get(keyword) != other.get(keyword) for keyword in _OF_ONE_IMAGE):
        return False
    try:
        datasets = [pydicom.dcmread(each, force=True) for each in (path, other_path)]
        pixels = [tuple(dataset.get(keyword) for keyword in PIXEL_KEYWORDS) for dataset in datasets]
        if pixels[0] == pixels[1]:
            return any(pixels[0])
        syntaxes = [dataset.file_meta.get("TransferSyntaxUID") for dataset in datasets]
        return syntaxes[0] != syntaxes[1] and np.array_equal(stored_values(path), stored_values(other_path))
    except Exception:  # one of them is damaged, so they are not the same
        return False
