"""Regions of a pair in a scene: a Segmentation node with a segment for each, which a saved scene keeps.

A node belongs to one pair, and to where both of it lay when the regions were drawn: where one of them is moved, its regions are not those
of what is on show, and come back when it is moved back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from LCDFusionLib.dicom import SeriesSource
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import LPS_TO_RAS, Volume
from LCDFusionLib.mrml.nodes import hierarchy_item, ijk_to_ras
from LCDFusionLib.mrml.result_nodes import ANATOMY_ROLE, FUNCTION_ROLE, remove_node

RAS = tuple[float, float, float]
REGIONS_ATTRIBUTE = "LCDFusion.RegionsPlace"
"""Node attribute: where anatomy and function lay, as JSON of both matrices."""
_TAG = "LCDFusion.Region"
_SAME_MM = 1e-3

LESION, LIVER, BLOOD = "lesion", "liver", "blood pool"


@dataclass(frozen=True, eq=False)
class Region:
    """One region.

    Attributes:
        key: of the segment; "" before it has one.
        name: as people call it.
        kind: `LESION`, or what it is the reference of, `LIVER` or `BLOOD`.
        how: how it was found, such as "Isocontour of 41 %".
        place: where it was asked for, RAS mm.
        voxels: (K, J, I) of the function.
    """

    key: str
    name: str
    kind: str
    how: str
    place: RAS
    voxels: NDArray[np.bool_]


def regions_of(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode, volume: Volume) -> tuple[Region, ...]:
    """The regions of a pair, as both lie now, in the order in which they were drawn.

    Args:
        anatomy: the anatomy's node.
        function: the function's node.
        volume: what the function's node holds, where it lies.
    """
    node = _node(anatomy, function)
    if node is None:
        return ()
    segmentation = node.GetSegmentation()
    ids = [segmentation.GetNthSegmentID(n) for n in range(segmentation.GetNumberOfSegments())]
    found = ((each, _region(each, segmentation.GetSegment(each), volume)) for each in ids)
    return tuple(region for _, region in found if region is not None)


def regions_elsewhere(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode) -> int:
    """How many regions of this pair were drawn where one of both lay otherwise."""
    return sum(
        node.GetSegmentation().GetNumberOfSegments() for node in _nodes(anatomy, function) if not _lies_as_now(node, anatomy, function)
    )


def version(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode) -> tuple[object, ...]:
    """Another one whenever a region was added, changed or taken away, by whomever."""
    nodes = [(node, node.GetSegmentation()) for node in _nodes(anatomy, function)]
    names = [[each.GetNthSegment(n).GetName() for n in range(each.GetNumberOfSegments())] for _, each in nodes]
    return tuple((node.GetID(), each.GetMTime(), *of_node) for (node, each), of_node in zip(nodes, names, strict=True))


def add_region(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode, volume: Volume, region: Region) -> str:
    """Puts a region into the scene, in place of the one of its key where there is one; returns its key."""
    node = _node(anatomy, function) or _make_node(anatomy, function)
    segment = slicer.vtkSegment()
    segment.SetName(region.name)
    segment.SetTag(_TAG, json.dumps({"kind": region.kind, "how": region.how, "place": region.place}))
    segment.AddRepresentation(_labelmap(), _image(region.voxels, volume))
    segmentation = node.GetSegmentation()
    key = region.key if region.key and segmentation.GetSegment(region.key) is not None else ""
    index = segmentation.GetSegmentIndex(key) if key else segmentation.GetNumberOfSegments()
    if key:
        segmentation.RemoveSegment(key)
    key = key or segmentation.GenerateUniqueSegmentID("Region")
    segmentation.AddSegment(segment, key)
    segmentation.SetSegmentIndex(key, index)
    return key


def is_reversed(function: slicer.vtkMRMLVolumeNode, source: SeriesSource) -> bool:
    """Whether the node's slices lie in the reverse order of its series; a transform does not matter, because regions are voxels.

    Raises:
        InputError: the node was resampled or cut since it was loaded.
    """
    matrix = vtk.vtkMatrix4x4()
    function.GetIJKToRASMatrix(matrix)
    own = LPS_TO_RAS @ np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    if function.GetImageData().GetDimensions()[::-1] == source.shape:
        for flips in (False, True):
            ordered = own @ [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, source.shape[0] - 1], [0, 0, 0, 1]] if flips else own
            if np.allclose(ordered, source.ijk_to_lps, rtol=0, atol=_SAME_MM):
                return flips
    raise InputError(
        f"'{function.GetName()}' was resampled or cut since it was loaded, so its regions are not those of its DICOM series: export CSV."
    )


def middle_of(volume: Volume, voxels: NDArray[np.bool_]) -> RAS:
    """The voxel of a region that is nearest to its centre of mass, in RAS mm: a place for a region whose own is not known."""
    where = np.argwhere(voxels)
    k, j, i = where[np.linalg.norm((where - where.mean(axis=0)) * volume.spacing[::-1], axis=1).argmin()]
    x, y, z = (volume.ijk_to_ras @ [i, j, k, 1])[:3].tolist()
    return x, y, z


def rename_region(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode, key: str, name: str) -> None:
    """Calls a region otherwise."""
    if (node := _node(anatomy, function)) is not None and (segment := node.GetSegmentation().GetSegment(key)) is not None:
        segment.SetName(name)


def remove_region(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode, key: str) -> None:
    """Takes a region out of the scene; with the last one the node goes too."""
    node = _node(anatomy, function)
    if node is not None and node.GetSegmentation().GetSegment(key) is not None:
        node.GetSegmentation().RemoveSegment(key)
        if not node.GetSegmentation().GetNumberOfSegments():
            remove_node(node)


def _nodes(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode) -> list[slicer.vtkMRMLSegmentationNode]:
    """Those of a pair, wherever it lay; none where the scene was closed meanwhile."""
    scene = anatomy.GetScene()
    if scene is None:
        return []
    every = (scene.GetNthNodeByClass(n, "vtkMRMLSegmentationNode") for n in range(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")))
    pair = anatomy.GetID(), function.GetID()
    return [
        node
        for node in every
        if node.GetAttribute(REGIONS_ATTRIBUTE) and (node.GetNodeReferenceID(ANATOMY_ROLE), node.GetNodeReferenceID(FUNCTION_ROLE)) == pair
    ]


def _node(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode) -> slicer.vtkMRMLSegmentationNode | None:
    return next((node for node in _nodes(anatomy, function) if _lies_as_now(node, anatomy, function)), None)


def _lies_as_now(node: slicer.vtkMRMLSegmentationNode, *pair: slicer.vtkMRMLVolumeNode) -> bool:
    drawn = np.array(json.loads(node.GetAttribute(REGIONS_ATTRIBUTE)))
    return bool(np.abs(drawn - [ijk_to_ras(each) for each in pair]).max() < _SAME_MM)


def _make_node(anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode) -> slicer.vtkMRMLSegmentationNode:
    """Beside the anatomy in subject hierarchy. It is not shown by itself: the views outline its regions."""
    node = anatomy.GetScene().AddNewNodeByClass("vtkMRMLSegmentationNode", f"Regions of {function.GetName()}")
    node.SetNodeReferenceID(ANATOMY_ROLE, anatomy.GetID())
    node.SetNodeReferenceID(FUNCTION_ROLE, function.GetID())
    node.SetAttribute(REGIONS_ATTRIBUTE, json.dumps([ijk_to_ras(each).tolist() for each in (anatomy, function)]))
    node.GetSegmentation().SetSourceRepresentationName(_labelmap())
    node.SetReferenceImageGeometryParameterFromVolumeNode(function)
    node.CreateDefaultDisplayNodes()
    node.GetDisplayNode().SetVisibility(False)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(anatomy.GetScene())
    hierarchy.SetItemParent(hierarchy_item(node), hierarchy.GetItemParent(hierarchy_item(anatomy)))
    return node


def _labelmap() -> str:
    return slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()


def _image(voxels: NDArray[np.bool_], volume: Volume) -> slicer.vtkOrientedImageData:
    """The box of voxels that a region has, where it lies."""
    where = np.argwhere(voxels)
    (k0, j0, i0), (k1, j1, i1) = where.min(axis=0).tolist(), where.max(axis=0).tolist()
    image = slicer.vtkOrientedImageData()
    image.SetExtent(i0, i1, j0, j1, k0, k1)
    inside = np.ascontiguousarray(voxels[k0 : k1 + 1, j0 : j1 + 1, i0 : i1 + 1], dtype=np.uint8)
    scalars = numpy_to_vtk(inside.ravel(), deep=True, array_type=vtk.VTK_UNSIGNED_CHAR)
    scalars.SetName("ImageScalars")
    image.GetPointData().SetScalars(scalars)
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(volume.ijk_to_ras.ravel().tolist())
    image.SetImageToWorldMatrix(matrix)
    return image


def _region(key: str, segment: slicer.vtkSegment, volume: Volume) -> Region | None:
    """None where somebody else's segment has no label map, or lies on another grid."""
    image = segment.GetRepresentation(_labelmap())
    if image is None or image.GetNumberOfPoints() == 0:
        return None
    i0, _, j0, _, k0, _ = image.GetExtent()
    shape = image.GetDimensions()[::-1]
    # A file's reader may have made the box larger or smaller, and put several segments into one.
    inside = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(shape) == segment.GetLabelValue()
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    to_world = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    to_volume = np.linalg.inv(volume.ijk_to_ras) @ to_world
    if np.abs(to_volume[:3, :3] - np.eye(3)).max() > _SAME_MM or not inside.any():
        return None
    first = np.rint(to_volume @ [i0, j0, k0, 1])[:3].astype(int)[::-1]
    where = np.argwhere(inside) + first
    if (where < 0).any() or (where >= volume.shape).any():
        return None
    voxels = np.zeros(volume.shape, dtype=bool)
    voxels[tuple(where.T)] = True
    said = json.loads(_tag(segment) or "{}")
    place = said.get("place") or middle_of(volume, voxels)
    return Region(key, segment.GetName(), said.get("kind", LESION), said.get("how", "Drawn"), tuple(place), voxels)


def _tag(segment: slicer.vtkSegment) -> str:
    value = vtk.reference("")
    return str(value) if segment.GetTag(_TAG, value) else ""
