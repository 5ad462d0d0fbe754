"""Where a slice view cuts a volume: the slice on show, its place, and the patient's sides."""

from __future__ import annotations

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Place
from LCDFusionLib.mrml.nodes import ijk_to_ras, place_of
from LCDFusionLib.views.choices import Orientation

_ORIENTATIONS = (Orientation.SAGITTAL, Orientation.CORONAL, Orientation.AXIAL)  # the presets whose normal is R, A, S


def show_slices(slice_node: slicer.vtkMRMLSliceNode, volume_node: slicer.vtkMRMLVolumeNode, orientation: Orientation | None = None) -> None:
    """Turns the view into a plane of the volume's voxels.

    Args:
        slice_node: of the view.
        volume_node: the volume.
        orientation: the voxel plane nearest to it; None for that of the volume's slices (axial for a usual CT, also where the gantry
            was tilted).
    """
    slice_node.SetOrientation((orientation or orientation_of(volume_node)).value)
    slice_node.RotateToVolumePlane(volume_node)


def orientation_of(volume_node: slicer.vtkMRMLVolumeNode) -> Orientation:
    """The orientation that the volume's slices are nearest to."""
    return _ORIENTATIONS[int(np.abs(ijk_to_ras(volume_node)[:3, 2]).argmax())]


def slice_index(slice_node: slicer.vtkMRMLSliceNode, volume_node: slicer.vtkMRMLVolumeNode) -> int | None:
    """K of the volume's slice on show; None where the view shows another plane, has left the volume, or a transform has bent the slices."""
    shown = layer(slice_node, volume_node)
    if shown is None or shown[0] != 2:
        return None
    return shown[1] if 0 <= shown[1] < volume_node.GetImageData().GetDimensions()[2] else None


def layer(slice_node: slicer.vtkMRMLSliceNode, volume_node: slicer.vtkMRMLVolumeNode) -> tuple[int, int] | None:
    """Voxel axis (0 to 2 for I, J, K) that the view looks along, and the voxel on show on it, which may lie outside the volume.

    None where the view's plane is not one of the volume's voxels, or a transform has bent them.
    """
    try:
        to_world = ijk_to_ras(volume_node)
    except InputError:
        return None
    plane = _plane(slice_node)
    for axis in (2, 1, 0):
        # Normal of the layer, which is not its voxel axis where the matrix is sheared.
        normal = np.cross(to_world[:3, (axis + 1) % 3], to_world[:3, (axis + 2) % 3])
        if abs(normal @ plane[:3, 2]) >= 0.9999 * np.linalg.norm(normal) * np.linalg.norm(plane[:3, 2]):
            return axis, round(float((np.linalg.inv(to_world) @ plane[:, 3])[axis]))
    return None


def layer_at(volume_node: slicer.vtkMRMLVolumeNode, ras: tuple[float, float, float]) -> int | None:
    """K of the volume's slice that a place, in mm, lies in; None outside, or where a transform has bent the slices."""
    try:
        k = round(float((np.linalg.inv(ijk_to_ras(volume_node)) @ [*ras, 1.0])[2]))
    except InputError:
        return None
    return k if 0 <= k < volume_node.GetImageData().GetDimensions()[2] else None


def place_in_slice(volume_node: slicer.vtkMRMLVolumeNode, index: int) -> tuple[float, float, float]:
    """The place, in RAS mm, in the middle of the volume's slice K = `index`.

    Raises:
        InputError: a transform has bent the slices.
    """
    columns, rows, _ = volume_node.GetImageData().GetDimensions()
    x, y, z = (ijk_to_ras(volume_node) @ [(columns - 1) / 2, (rows - 1) / 2, index, 1.0])[:3].tolist()
    return x, y, z


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
    return offset_of_layer(slice_node, volume_node, 2, index)


def offset_of_layer(slice_node: slicer.vtkMRMLSliceNode, volume_node: slicer.vtkMRMLVolumeNode, axis: int, index: int) -> float:
    """The slice offset, in mm, that shows voxel `index` on an axis (0 to 2 for I, J, K) in the view's present plane."""
    voxel = [(size - 1) / 2 for size in volume_node.GetImageData().GetDimensions()]
    voxel[axis] = index
    x, y, z = (ijk_to_ras(volume_node) @ [*voxel, 1.0])[:3]
    return offset_of_place(slice_node, (x, y, z))


def offset_of_place(slice_node: slicer.vtkMRMLSliceNode, ras: tuple[float, float, float]) -> float:
    """The slice offset, in mm, at which the view's present plane goes through a place."""
    normal = _plane(slice_node)[:3, 2]
    return float(np.dot(ras, normal) / np.linalg.norm(normal))


def centre_of_view(slice_node: slicer.vtkMRMLSliceNode) -> tuple[float, float, float]:
    """The place, in mm, in the middle of the view when it is not panned."""
    x, y, z, _ = _plane(slice_node)[:, 3].tolist()
    return x, y, z


def resize_view(logic: slicer.vtkMRMLSliceLogic, volume_node: slicer.vtkMRMLVolumeNode | None, width: int, height: int) -> None:
    """Gives a view another size in pixels; what of the volume was seen whole, or enlarged so many times, is so afterwards.

    Slicer keeps millimetres a pixel instead, so that an image no longer fits a view that became smaller.
    """
    node = logic.GetSliceNode()
    old_width, old_height, _ = node.GetDimensions()
    field, depth = node.GetFieldOfView()[0], node.GetFieldOfView()[2]
    logic.ResizeSliceNode(width, height)
    if volume_node is None or not old_width or not field:
        return
    spacing = (
        field / old_width * _fitting_spacing(node, volume_node, width, height) / _fitting_spacing(node, volume_node, old_width, old_height)
    )
    node.SetFieldOfView(spacing * width, spacing * height, depth)


def patient_letters(slice_node: slicer.vtkMRMLSliceNode) -> tuple[str, str, str, str]:
    """Patient sides at the left, right, top and bottom of the view: R, L, A, P, S, I, two or three where the plane is oblique.

    As DICOM Patient Orientation (0020,0020), in Slicer's letters (S and I for head and feet). Empty where the volume on show does not say
    where in the patient it lies.
    """
    if not shows_patient(slice_node):
        return "", "", "", ""
    plane = _plane(slice_node)
    right, top = _letters(plane[:3, 0]), _letters(plane[:3, 1])
    opposite = str.maketrans("RLAPSI", "LRPAIS")
    return right.translate(opposite), right, top, top.translate(opposite)


def shows_patient(slice_node: slicer.vtkMRMLSliceNode) -> bool:
    """False where the volume on show does not say where in the patient it lies: neither sides nor a scale may be written on it."""
    scene = slice_node.GetScene()
    composite = scene.GetSingletonNode(slice_node.GetLayoutName(), "vtkMRMLSliceCompositeNode") if scene is not None else None
    if composite is None:
        return True
    ids = composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()
    shown = [node for each in ids if each and (node := scene.GetNodeByID(each)) is not None]
    return all(place_of(node) is Place.PATIENT for node in shown[:1])


def side_words(slice_node: slicer.vtkMRMLSliceNode) -> tuple[str, str, str, str]:
    """`patient_letters` as nuclear medicine writes them: R, L, ANT, POST."""
    left, right, top, bottom = (_words(letters) for letters in patient_letters(slice_node))
    return left, right, top, bottom


def seen_from(slice_node: slicer.vtkMRMLSliceNode) -> str:
    """The side from which the view looks at the patient, in the words of `side_words`."""
    return _words(_letters(_plane(slice_node)[:3, 2]))


def _words(letters: str) -> str:
    return " ".join({"A": "ANT", "P": "POST"}.get(letter, letter) for letter in letters)


def _fitting_spacing(slice_node: slicer.vtkMRMLSliceNode, volume_node: slicer.vtkMRMLVolumeNode, width: int, height: int) -> float:
    """Millimetres a pixel at which the volume just fits into a view."""
    axes = _plane(slice_node)[:3, :2]
    extent = np.abs(axes.T @ ijk_to_ras(volume_node)[:3, :3]) @ volume_node.GetImageData().GetDimensions()
    return float(max(extent / (width, height)))


def _plane(slice_node: slicer.vtkMRMLSliceNode) -> NDArray[np.float64]:
    matrix = slice_node.GetSliceToRAS()
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def _letters(direction: NDArray[np.float64]) -> str:
    """The sides that a direction points to, the nearest first; those more than 75 degrees away are left out."""
    direction = direction / np.linalg.norm(direction)
    axes = sorted(range(3), key=lambda axis: -abs(direction[axis]))
    return "".join("RAS"[axis] if direction[axis] > 0 else "LPI"[axis] for axis in axes if abs(direction[axis]) > 0.26)
