"""Where a slice view cuts a volume: the slice on show, its place, and the patient's sides."""

from __future__ import annotations

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.scene.nodes import ijk_to_ras

_ORIENTATIONS = ("Sagittal", "Coronal", "Axial")  # the presets whose normal is R, A, S


def show_slices(slice_node: slicer.vtkMRMLSliceNode, volume_node: slicer.vtkMRMLVolumeNode) -> None:
    """Turns the view into the plane of the volume's own slices (axial for a usual CT, also where the gantry was tilted)."""
    normal = ijk_to_ras(volume_node)[:3, 2]
    slice_node.SetOrientation(_ORIENTATIONS[int(np.abs(normal).argmax())])
    slice_node.RotateToVolumePlane(volume_node)


def slice_index(slice_node: slicer.vtkMRMLSliceNode, volume_node: slicer.vtkMRMLVolumeNode) -> int | None:
    """K of the volume's slice on show; None where the view shows another plane, has left the volume, or a transform has bent the slices."""
    try:
        to_world = ijk_to_ras(volume_node)
    except InputError:
        return None
    plane = _plane(slice_node)
    # Normal of the volume's slices, which is not its k axis where the matrix is sheared.
    normal = np.cross(to_world[:3, 0], to_world[:3, 1])
    if abs(normal @ plane[:3, 2]) < 0.9999 * np.linalg.norm(normal) * np.linalg.norm(plane[:3, 2]):
        return None
    k = round(float((np.linalg.inv(to_world) @ plane[:, 3])[2]))
    return k if 0 <= k < volume_node.GetImageData().GetDimensions()[2] else None


def shown_slice(scene: slicer.vtkMRMLScene, volume_node: slicer.vtkMRMLVolumeNode) -> int | None:
    """K of the volume's slice in the first view that shows it; None where none does."""
    for n in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")):
        composite = scene.GetNthNodeByClass(n, "vtkMRMLSliceCompositeNode")
        if volume_node.GetID() not in (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()):
            continue
        for m in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceNode")):
            view = scene.GetNthNodeByClass(m, "vtkMRMLSliceNode")
            if view.GetLayoutName() == composite.GetLayoutName() and (index := slice_index(view, volume_node)) is not None:
                return index
    return None


def ras_of_pixel(slice_node: slicer.vtkMRMLSliceNode, x: float, y: float) -> tuple[float, float, float]:
    """The place, in mm, under a pixel of the view; y counts from the bottom, as VTK's events do."""
    place = slice_node.GetXYToRAS().MultiplyPoint([x, y, 0.0, 1.0])
    return place[0], place[1], place[2]


def offset_of_slice(slice_node: slicer.vtkMRMLSliceNode, volume_node: slicer.vtkMRMLVolumeNode, index: int) -> float:
    """The slice offset, in mm, that shows slice K = `index` of the volume in the view's present plane."""
    i, j, _ = volume_node.GetImageData().GetDimensions()
    centre = ijk_to_ras(volume_node) @ [(i - 1) / 2, (j - 1) / 2, index, 1.0]
    normal = _plane(slice_node)[:3, 2]
    return float(centre[:3] @ normal / np.linalg.norm(normal))


def patient_letters(slice_node: slicer.vtkMRMLSliceNode) -> tuple[str, str, str, str]:
    """Patient sides at the left, right, top and bottom of the view: R, L, A, P, S, I, two or three where the plane is oblique.

    As DICOM Patient Orientation (0020,0020), in Slicer's letters (S and I for head and feet).
    """
    plane = _plane(slice_node)
    right, top = _letters(plane[:3, 0]), _letters(plane[:3, 1])
    opposite = str.maketrans("RLAPSI", "LRPAIS")
    return right.translate(opposite), right, top, top.translate(opposite)


def _plane(slice_node: slicer.vtkMRMLSliceNode) -> NDArray[np.float64]:
    matrix = slice_node.GetSliceToRAS()
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def _letters(direction: NDArray[np.float64]) -> str:
    """The sides that a direction points to, the nearest first; those more than 75 degrees away are left out."""
    direction = direction / np.linalg.norm(direction)
    axes = sorted(range(3), key=lambda axis: -abs(direction[axis]))
    return "".join("RAS"[axis] if direction[axis] > 0 else "LPI"[axis] for axis in axes if abs(direction[axis]) > 0.26)
