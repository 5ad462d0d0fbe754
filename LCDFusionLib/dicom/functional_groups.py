"""Enhanced multi-frame objects (PS3.3 C.7.6.16): what one frame is, in the attributes of a single-frame image."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset


def frame_planes(header: Dataset) -> list[Dataset]:
    """For each frame its functional groups' attributes in one flat data set, a frame's own before the shared ones.

    Image Position and Orientation (Patient), Pixel Spacing, Slice Thickness, Rescale Slope and Intercept and the like then stand where a
    single-frame image has them. Empty where the object has no Per-frame Functional Groups Sequence (5200,9230).
    """
    shared = Dataset()
    for item in header.get("SharedFunctionalGroupsSequence") or []:
        for group in _groups(item):
            shared.update(group)
    planes = []
    for item in header.get("PerFrameFunctionalGroupsSequence") or []:
        plane = Dataset()
        plane.update(shared)
        for group in _groups(item):
            plane.update(group)
        planes.append(plane)
    return planes


def _groups(item: Dataset) -> Iterator[Dataset]:
    """The macros of one functional groups item; each is a sequence of one item."""
    for element in item:
        if element.VR == "SQ" and element.value:
            yield element.value[0]
