"""Enhanced multi-frame objects (PS3.3 C.7.6.16): what one frame is, in the attributes of a single-frame image."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedPETImageStorage

from LCDFusionLib.errors import InputError

from .elements import in_file_of, items, printable
from .enhanced_pet import say_as_single_pet, set_units

_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")


def frame_planes(header: Dataset) -> list[Dataset]:
    """For each frame its functional groups' attributes in one flat data set, a frame's own before the shared ones.

    Image Position and Orientation (Patient), Pixel Spacing, Slice Thickness, Rescale Slope and Intercept and the like then stand where a
    single-frame image has them. Empty where the object has no Per-frame Functional Groups Sequence (5200,9230).
    """
    shared = Dataset()
    for item in items(header, _GROUPS[0]):
        for group in _groups(item):
            shared.update(group)
    planes = []
    for item in items(header, _GROUPS[1]):
        plane = Dataset()
        plane.update(shared)
        for group in _groups(item):
            plane.update(group)
        planes.append(plane)
    return planes


def single_frames(header: Dataset) -> list[Dataset]:
    """The headers of single-frame images that say the same as one multi-frame header; empty where its frames are not described.

    An enhanced PET gets the attributes by which the classic one says units and corrections (`enhanced_pet`).

    Raises:
        InputError: an element cannot be decoded.
    """
    try:
        return _single_frames(header)
    except InputError:
        raise
    except Exception as error:  # pydicom decodes elements when they are looked at, and foreign bytes make that fail in many ways
        name = printable(getattr(header, "filename", None) or "of this series")
        raise InputError(f"The DICOM file '{name}' is damaged ({' '.join(printable(error).split())}): copy it again.") from error


def _single_frames(header: Dataset) -> list[Dataset]:
    planes = frame_planes(header)
    if not planes:
        return []
    common = Dataset()
    common.update({element.tag: element for element in header if element.keyword not in (*_GROUPS, "NumberOfFrames")})
    if header.get("SOPClassUID") == EnhancedPETImageStorage:
        say_as_single_pet(common)
    frames = []
    for index, plane in enumerate(planes):
        frame = Dataset()
        frame.update(common)
        # Its identity is the object's, whatever instances the groups refer to.
        frame.update({element.tag: element for element in plane if element.keyword not in ("SOPInstanceUID", "SOPClassUID")})
        if frame.get("SOPClassUID") == EnhancedPETImageStorage:
            set_units(frame, _mappings(header, index))
        in_file_of(frame, header)
        frames.append(frame)
    return frames


def _groups(item: Dataset) -> Iterator[Dataset]:
    """The macros of one functional groups item; each is a sequence of one item."""
    for element in item:
        if element.VR == "SQ" and element.value:
            yield element.value[0]


def _mappings(header: Dataset, frame: int) -> list[Dataset]:
    """All items of a frame's Real World Value Mapping Sequence (0040,9096), its own or the shared one."""
    for groups in items(header, _GROUPS[1])[frame : frame + 1], items(header, _GROUPS[0])[:1]:
        for item in groups:
            if mappings := items(item, "RealWorldValueMappingSequence"):
                return list(mappings)
    return []
