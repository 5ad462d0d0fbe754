"""Nuclear Medicine images (PS3.3 A.5): a reconstructed SPECT as one header a slice; which other kinds there are.

A NM object has no functional groups. What a frame is, index vectors say; where it lies, one place for all: the first slice's in the first
item of Detector Information Sequence (0054,0022), and Spacing Between Slices (0018,0088) along the normal from slice to slice, whose sign
is the direction of stacking (PS3.3 C.8.4.11, C.8.4.15).
"""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import NuclearMedicineImageStorage

from . import elements
from .limits import LEAST_MM, MOST_APART_MM, MOST_POSITION_MM
from .no_volume import NoVolumeError

RECONSTRUCTED = "RECON TOMO"
# Image Type (0008,0008), value 3 (PS3.3 C.8.4.9.1.1), and what a radiologist calls it.
_NO_VOLUMES = {
    "TOMO": "raw projections, from which slices have yet to be reconstructed",
    "GATED TOMO": "raw gated projections, from which slices have yet to be reconstructed",
    "RECON GATED TOMO": "a gated SPECT, which has a volume for each part of the heart's beat",
    "STATIC": "a planar image",
    "WHOLE BODY": "a planar whole-body image",
    "DYNAMIC": "a planar dynamic study",
    "GATED": "a planar gated study",
}
# One value a frame each; several of them at one place are several volumes.
VECTORS = ("EnergyWindowVector", "DetectorVector", "PhaseVector", "RotationVector", "TimeSliceVector")


def is_nuclear(header: Dataset) -> bool:
    """True for an object of the NM Image Storage class, in which a SPECT comes."""
    return header.get("SOPClassUID") == NuclearMedicineImageStorage


def nuclear_frames(header: Dataset, count: int) -> list[Dataset]:
    """The headers of single images that say the same as a reconstructed SPECT, in the order of its frames.

    Raises:
        NoVolumeError: projections, planar or gated images; or the place is not told.
        InputError: an element is damaged.
    """
    kinds = elements.terms(header, "ImageType")
    kind = kinds[2].upper() if len(kinds) > 2 else ""
    if kind in _NO_VOLUMES:
        raise NoVolumeError(f"is {_NO_VOLUMES[kind]} (Image Type {kind})")
    if kind != RECONSTRUCTED:
        raise NoVolumeError(f"is a nuclear image that does not call itself reconstructed, Image Type (0008,0008) {kind or 'missing'}")
    detector = elements.item(header, "DetectorInformationSequence")
    position = elements.numbers(detector, "ImagePositionPatient", 3, least=-MOST_POSITION_MM, most=MOST_POSITION_MM)
    orientation = elements.numbers(detector, "ImageOrientationPatient", 6, least=-1.001, most=1.001)
    if position is None or orientation is None:
        raise NoVolumeError("is a SPECT that does not tell its place, Detector Information Sequence (0054,0022)")
    step = np.zeros(3)
    slices = _slice_numbers(header, count)
    if max(slices) > 1:
        spacing = elements.number(header, "SpacingBetweenSlices", least=-MOST_APART_MM, most=MOST_APART_MM)
        if spacing is None or abs(spacing) < LEAST_MM:
            raise NoVolumeError("is a SPECT that does not tell how its slices lie, Spacing Between Slices (0018,0088)")
        step = spacing * np.cross(orientation[:3], orientation[3:])

    common = Dataset()
    left_out = ("NumberOfFrames", "DetectorInformationSequence", "SliceVector", *VECTORS)
    common.update({element.tag: element for element in header if element.keyword not in left_out})
    vectors = {keyword: values for keyword in VECTORS if len(values := elements.terms(header, keyword)) == count}
    frames = []
    for index, number in enumerate(slices):
        frame = Dataset()
        frame.update(common)
        frame.ImagePositionPatient = (np.array(position) + (number - 1) * step).tolist()
        frame.ImageOrientationPatient = list(orientation)
        for keyword, values in vectors.items():
            setattr(frame, keyword, int(values[index]))
        elements.in_file_of(frame, header)
        frames.append(frame)
    return frames


def _slice_numbers(header: Dataset, count: int) -> list[int]:
    """Which slice, from 1, each frame is: Slice Vector (0054,0080), whose slices follow on each other; without it the frame's number."""
    vector = elements.terms(header, "SliceVector")
    if not vector:
        return list(range(1, count + 1))
    last = max(len(set(vector)), 1)
    if len(vector) != count or count % last or vector != tuple(str(number) for number in range(1, last + 1)) * (count // last):
        raise elements.ElementError(header, "SliceVector", f"does not count the slices of {count} frames upwards from 1")
    return [int(number) for number in vector]
