"""Volume nodes to `Volume` and back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import LPS_TO_RAS, Modality, Place, Unit, Volume
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.file_place import place_in_file
from LCDFusionLib.mrml.sequences import frame_text

MODALITY_ATTRIBUTE = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
NOTICE_ATTRIBUTE = "LCDFusion.Notice"
"""Node attribute that every fused volume carries."""
FRAME_OF_REFERENCE_ATTRIBUTE = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMFrameOfReferenceUIDAttributeName()

# (code value, coding scheme, meaning) as Slicer's DICOM readers write them: DICOM CID 7181, 84 and 85, UCUM codes.
_UNIT_CODES = {
    Unit.HU: ("[hnsf'U]", "UCUM", "Hounsfield unit"),
    Unit.SUVBW: ("{SUVbw}g/ml", "UCUM", "Standardized Uptake Value body weight"),
    Unit.SUVLBM: ("{SUVlbm}g/ml", "UCUM", "Standardized Uptake Value lean body mass"),
    Unit.SUVBSA: ("{SUVbsa}cm2/ml", "UCUM", "Standardized Uptake Value body surface area"),
    Unit.SUVIBW: ("{SUVibw}g/ml", "UCUM", "Standardized Uptake Value ideal body weight"),
    Unit.BQML: ("Bq/ml", "UCUM", "Becquerels/milliliter"),
    Unit.COUNTS: ("{counts}", "UCUM", "Counts"),
    Unit.RELATIVE: ("1", "UCUM", "no units"),
}
_PLACE_ATTRIBUTE, _NOTES_ATTRIBUTE = "LCDFusion.Place", "LCDFusion.FileNotes"
_UNIT_OF_CODE = {code.lower(): unit for unit, (code, _, _) in _UNIT_CODES.items()}


def hierarchy_item(node: slicer.vtkMRMLNode) -> int:
    """The node's item in subject hierarchy; made where no Slicer application has made it yet."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    return hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)


def kept_in(node: slicer.vtkMRMLNode, attribute: str, kind: type) -> Any:
    """What an attribute keeps as JSON, of the kind that it should be; empty where it keeps nothing, or a scene's file was damaged."""
    try:
        kept = json.loads(node.GetAttribute(attribute) or "null")
    except (ValueError, RecursionError):
        return kind()
    return kept if isinstance(kept, kind) else kind()


def voxels(node: slicer.vtkMRMLVolumeNode) -> NDArray:
    """The node's own memory as an array (K, J, I) or (K, J, I, components); writing needs `voxels_modified` afterwards.

    Raises:
        InputError: the node has no voxels.
    """
    image = node.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        raise InputError(f"Volume '{node.GetName()}' has no voxels; load it again or choose another one.")
    i, j, k = image.GetDimensions()
    scalars = image.GetPointData().GetScalars()
    components = scalars.GetNumberOfComponents()
    return vtk_to_numpy(scalars).reshape((k, j, i, components) if components > 1 else (k, j, i))


def voxels_modified(node: slicer.vtkMRMLVolumeNode) -> None:
    """Tells the views and the storage that the array of `voxels` was written to."""
    node.GetImageData().GetPointData().GetScalars().Modified()
    node.GetImageData().Modified()


def set_voxels(node: slicer.vtkMRMLVolumeNode, array: NDArray) -> None:
    """Gives the node a copy of the array (K, J, I) or (K, J, I, 3)."""
    node.SetAndObserveImageData(image_of(array))


def image_of(array: NDArray, *, copy: bool = True) -> vtk.vtkImageData:
    """An array (K, J, I) or (K, J, I, 3) as a node holds it; may run in any thread.

    Args:
        array: the voxels.
        copy: False hands the array's own memory over, which nobody else may write to from now on.
    """
    array = array.view(np.uint8) if array.dtype == np.bool_ else array
    image = vtk.vtkImageData()
    image.SetDimensions(array.shape[2], array.shape[1], array.shape[0])
    scalars = numpy_to_vtk(np.ascontiguousarray(array).reshape(-1, *array.shape[3:]), deep=copy)  # VTK keeps the array as long as itself
    scalars.SetName("ImageScalars")
    image.GetPointData().SetScalars(scalars)
    return image


def ijk_to_ras(node: slicer.vtkMRMLVolumeNode) -> NDArray[np.float64]:
    """4x4 from voxel indices to Slicer's RAS world in mm, the node's linear parent transforms included.

    Raises:
        InputError: a parent transform is not linear.
    """
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    transform = node.GetParentTransformNode()
    if transform is not None:
        if not transform.IsTransformToWorldLinear():
            raise InputError(
                f"Volume '{node.GetName()}' is under the non-linear transform '{transform.GetName()}'; "
                "harden the transform (Data module) or take the volume out of it."
            )
        to_world = vtk.vtkMatrix4x4()
        transform.GetMatrixTransformToWorld(to_world)
        vtk.vtkMatrix4x4.Multiply4x4(to_world, matrix, matrix)
    return _array(matrix)


def own_matrix(node: slicer.vtkMRMLVolumeNode) -> NDArray[np.float64]:
    """4x4 from voxel indices to LPS mm as the node was loaded, whatever transform moves it."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return np.asarray(LPS_TO_RAS @ _array(matrix))


def modality_of(node: slicer.vtkMRMLVolumeNode) -> Modality:
    """DICOM.Modality of the node's subject hierarchy item, or of the node itself; OTHER where there is none."""
    try:
        return Modality(_dicom_attribute(node, MODALITY_ATTRIBUTE))
    except ValueError:
        return Modality.OTHER


def frame_of_reference_of(node: slicer.vtkMRMLVolumeNode) -> str | None:
    """DICOM.FrameOfReferenceUID of the node's subject hierarchy item, or of the node itself, wherever a transform has moved it."""
    return _dicom_attribute(node, FRAME_OF_REFERENCE_ATTRIBUTE)


def unit_of(node: slicer.vtkMRMLVolumeNode) -> Unit:
    """The node's coded voxel units; HU where a CT carries none (Slicer rescales every CT), else RELATIVE."""
    code = node.GetVoxelValueUnits()
    unit = _UNIT_OF_CODE.get((code.GetCodeValue() or "").lower()) if code is not None else None
    return unit or (Unit.HU if modality_of(node) is Modality.CT else Unit.RELATIVE)


def place_of(node: slicer.vtkMRMLVolumeNode) -> Place:
    """What the node's matrix is worth, as the file said that it was read from, by us or by Slicer."""
    said = node.GetAttribute(_PLACE_ATTRIBUTE)
    if not said:
        return place_in_file(node) or Place.PATIENT
    try:
        return Place(said)
    except ValueError:
        return Place.UNSAID


def volume_from_node(
    node: slicer.vtkMRMLVolumeNode, *, modality: Modality | None = None, unit: Unit | None = None, copy: bool = True
) -> Volume:
    """What a volume node holds, where it lies in the world.

    Args:
        node: scalar volume, or vector volume of three uint8 components (RGB), under any number of linear transforms.
        modality: instead of `modality_of`.
        unit: instead of `unit_of`.
        copy: the voxels, because a fusion runs for minutes in which the person may edit the node. False for a look in passing.

    Raises:
        InputError: no voxels, several components that are not RGB, or a non-linear parent transform.
    """
    array = voxels(node)
    if array.ndim == 4 and (array.shape[3] != 3 or array.dtype != np.uint8):
        raise InputError(
            f"Volume '{node.GetName()}' has {array.shape[3]} components of {array.dtype} a voxel; "
            "fusion takes one value a voxel, or RGB colour of 8 bit: choose another volume."
        )
    return Volume(
        array.copy() if copy else array,
        LPS_TO_RAS @ ijk_to_ras(node),
        modality or modality_of(node),
        unit or unit_of(node),
        node.GetName(),
        # A volume that was moved no longer lies in its series' frame of reference.
        None if node.GetParentTransformNode() else _dicom_attribute(node, FRAME_OF_REFERENCE_ATTRIBUTE),
        place_of(node),
        is_fused=node.GetAttribute(NOTICE_ATTRIBUTE) is not None,
        notes=tuple(map(str, kept_in(node, _NOTES_ATTRIBUTE, list))),
        frame=frame_text(node),
    )


def node_from_volume(
    scene: slicer.vtkMRMLScene, volume: Volume, *, image: vtk.vtkImageData | None = None, window: Window | None = None
) -> slicer.vtkMRMLVolumeNode:
    """A new scalar node, or vector node for a colour volume, with display node and subject hierarchy item.

    Modality and Frame of Reference UID are written to the item as Slicer's DICOM readers do, the unit as coded voxel units, so that
    `volume_from_node` gives the same volume back, also after the scene was saved.

    Args:
        scene: that gets the node.
        volume: what it holds.
        image: the volume's voxels, from `image_of` or another node, in place of a copy of the volume's array.
        window: to display it with; None lets MRML look for one, which goes through all voxels. Of a colour volume it is the whole range.
    """
    node = scene.AddNewNodeByClass("vtkMRMLVectorVolumeNode" if volume.is_color else "vtkMRMLScalarVolumeNode", volume.name or "Volume")
    set_geometry(node, volume)
    unit = slicer.vtkCodedEntry()
    unit.SetValueSchemeMeaning(*_UNIT_CODES[volume.unit])
    node.SetVoxelValueUnits(unit)
    window = Window.from_range(0, 255) if volume.is_color else window
    if volume.is_color:
        node.SetVoxelVectorType(node.VoxelVectorTypeColorRGB)
    if window is not None:  # before there are voxels, or the display node goes through them all
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().AutoWindowLevelOff()
        node.GetDisplayNode().SetWindowLevelMinMax(window.lower, window.upper)
    node.SetAndObserveImageData(image_of(volume.array) if image is None else image)
    if window is None:
        node.CreateDefaultDisplayNodes()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    hierarchy.SetItemAttribute(hierarchy_item(node), MODALITY_ATTRIBUTE, volume.modality.value)
    if not volume.in_patient_space:
        node.SetAttribute(_PLACE_ATTRIBUTE, volume.place.value)
    if volume.notes:
        node.SetAttribute(_NOTES_ATTRIBUTE, json.dumps(volume.notes))
    if volume.frame_of_reference:
        hierarchy.SetItemAttribute(hierarchy_item(node), FRAME_OF_REFERENCE_ATTRIBUTE, volume.frame_of_reference)
    return node


def set_geometry(node: slicer.vtkMRMLVolumeNode, volume: Volume) -> None:
    """Puts the node where the volume lies."""
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(volume.ijk_to_ras.ravel().tolist())
    node.SetIJKToRASMatrix(matrix)


def _array(matrix: vtk.vtkMatrix4x4) -> NDArray[np.float64]:
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def _dicom_attribute(node: slicer.vtkMRMLVolumeNode, name: str) -> str | None:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    return (hierarchy.GetItemAttribute(item, name) if item else "") or node.GetAttribute(name)
