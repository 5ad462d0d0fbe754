"""Key slices: which slices of an anatomy the person has marked, with one function, and with no other.

They stand on the anatomy's node, so that a saved scene keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import slicer

from LCDFusionLib.mrml.nodes import kept_in

_ROLE = "LCDFusion.keySlicesWith"
_ATTRIBUTE = "LCDFusion.KeySlices"


def key_slices(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode) -> tuple[int, ...]:
    """K of the slices that are marked for this pair, those that the anatomy has."""
    marks, count = _marks(anatomy), anatomy.GetImageData().GetDimensions()[2] if anatomy.GetImageData() is not None else 0
    place = _place(anatomy, function)
    return tuple(k for k in marks[place] if 0 <= k < count) if place is not None and place < len(marks) else ()


def set_key_slices(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode, slices: Sequence[int]) -> None:
    """Marks these slices for this pair, and no others."""
    marks, place = _marks(anatomy), _place(anatomy, function)
    if place is None:
        place = anatomy.GetNumberOfNodeReferences(_ROLE)
        anatomy.SetNthNodeReferenceID(_ROLE, place, function.GetID())
    marks += [[] for _ in range(place + 1 - len(marks))]
    marks[place] = sorted(set(slices))
    anatomy.SetAttribute(_ATTRIBUTE, json.dumps(marks))


def _marks(anatomy: slicer.vtkMRMLVolumeNode) -> list[list[int]]:
    """One list a reference, in their order."""
    marks = kept_in(anatomy, _ATTRIBUTE, list)
    return [[k for k in each if isinstance(k, int)] if isinstance(each, list) else [] for each in marks]


def _place(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode) -> int | None:
    count = anatomy.GetNumberOfNodeReferences(_ROLE)
    return next((n for n in range(count) if anatomy.GetNthNodeReferenceID(_ROLE, n) == function.GetID()), None)
