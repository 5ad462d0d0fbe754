"""Where a node lies against what its file says: Slicer reads files by a reader of its own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from LCDFusionLib.images.file_content import corner_distance
from LCDFusionLib.images.files import geometry_of_file
from LCDFusionLib.images.volume import Place
from LCDFusionLib.notes import Note

_MOST_VOXELS = 0.5
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def place_in_file(node: slicer.vtkMRMLVolumeNode) -> Place | None:
    """What the NRRD or NIfTI that the node was loaded from says of its matrix; None where it was not loaded from one."""
    geometry = _geometry(node)
    return None if geometry is None else geometry[2]


def note_on_place(node: slicer.vtkMRMLVolumeNode, role: str) -> Note | None:
    """That the node lies more than half a voxel from where its file says; None where it does not, or nobody knows.

    ITK, by which Slicer reads NIfTI, goes by the qform where nibabel, FSL and SPM go by the sform (ITK 5.4, `findings/`).
    """
    geometry = _geometry(node)
    if geometry is None or geometry[2] is not Place.PATIENT or node.GetImageData() is None:
        return None
    matrix, shape, _ = geometry
    if shape != node.GetImageData().GetDimensions()[::-1]:
        return None
    apart, voxels = corner_distance(matrix, _own_matrix(node), shape)
    if voxels <= _MOST_VOXELS:
        return None
    text = (
        f"{{{role}}} lies up to {{apart:.1f}} mm from where its file says: it was moved here, or Slicer went by another of the places that "
        "the file names (a NIfTI's qform for its sform); compare before you trust it."
    )
    return Note(text, names={role: node.GetName()}, apart=apart)


def _geometry(node: slicer.vtkMRMLVolumeNode) -> tuple[NDArray[np.float64], tuple[int, ...], Place] | None:
    storage = node.GetStorageNode()
    file = Path(storage.GetFullNameFromFileName() or "") if storage is not None else Path()
    return _geometry_of(file, file.stat().st_mtime_ns) if file.is_file() else None


@lru_cache(maxsize=64)
def _geometry_of(file: Path, _modified: int) -> tuple[NDArray[np.float64], tuple[int, ...], Place] | None:
    return geometry_of_file(file)


def _own_matrix(node: slicer.vtkMRMLVolumeNode) -> NDArray[np.float64]:
    """Voxel to LPS, without the transforms that the node is under."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return _RAS_TO_LPS @ np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
