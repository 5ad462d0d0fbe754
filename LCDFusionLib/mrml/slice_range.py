"""Slices of an anatomy that a Markups ROI meets."""

from __future__ import annotations

import itertools
import math

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.mrml.nodes import ijk_to_ras

_TOUCH = 1e-6
"""Of a voxel: a box that ends in a slice's plane holds the slice."""


def slices_of_roi(roi: slicer.vtkMRMLMarkupsROINode, anatomy: slicer.vtkMRMLVolumeNode) -> range:
    """K of the slices whose planes run through the box, wherever both lie; of a box between two planes the nearest slice.

    Raises:
        InputError: the box lies beside the volume, or has no size.
    """
    size = np.array(roi.GetSize())
    if not (np.isfinite(size).all() and (size > 0).all()):
        raise InputError(f"The ROI '{roi.GetName()}' has no size yet; draw it, or choose none.")
    corners = np.array([[*corner, 1.0] for corner in itertools.product(*([-side / 2, side / 2] for side in size))])
    ijk = (np.linalg.inv(ijk_to_ras(anatomy)) @ _to_world(roi) @ corners.T)[:3]
    low, high = ijk.min(axis=1), ijk.max(axis=1)
    counts = np.array(anatomy.GetImageData().GetDimensions())
    if (high < -0.5).any() or (low > counts - 0.5).any():
        raise InputError(f"The ROI '{roi.GetName()}' meets no slice of '{anatomy.GetName()}'; move it there, or choose none.")
    first, last = math.ceil(low[2] - _TOUCH), math.floor(high[2] + _TOUCH)
    if first > last:
        first = last = round(float(low[2] + high[2]) / 2)
    return range(min(max(first, 0), int(counts[2]) - 1), min(max(last, 0), int(counts[2]) - 1) + 1)


def _to_world(roi: slicer.vtkMRMLMarkupsROINode) -> NDArray[np.float64]:
    """Box to RAS mm of the world."""
    matrix: vtk.vtkMatrix4x4 = roi.GetObjectToWorldMatrix()
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
