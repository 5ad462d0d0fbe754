"""Regions of uptake in a scene: found round a place, outlined in the views."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib.images.uptake import RegionUptake, above, cylinder, isocontour, sphere
from LCDFusionLib.images.volume import Unit, Volume
from LCDFusionLib.mrml.nodes import set_geometry, set_voxels
from LCDFusionLib.mrml.result_nodes import remove_node

Mask: TypeAlias = "NDArray[np.bool_]"
RAS = tuple[float, float, float]

OTHER, SELECTED, REFERENCE = 1, 2, 3
"""Labels of regions in the views."""
_COLORS = {
    OTHER: ("region", (0.16, 0.55, 0.24)),
    SELECTED: ("selected region", (0.2, 0.9, 0.3)),
    REFERENCE: ("reference", (0.3, 0.6, 0.95)),
}
_TAG, PRIOR_TAG = "LCDFusionRegion", "LCDFusionPriorRegion"


def sphere_at(function: Volume, ras: RAS, radius_mm: float) -> NDArray[np.bool_]:
    """`images.uptake.sphere` round a place in RAS mm."""
    return sphere(function, _lps(ras), radius_mm)


def cylinder_at(function: Volume, ras: RAS, radius_mm: float, length_mm: float) -> NDArray[np.bool_]:
    """`images.uptake.cylinder` round a place in RAS mm."""
    return cylinder(function, _lps(ras), radius_mm, length_mm)


def isocontour_at(function: Volume, ras: RAS, fraction: float) -> NDArray[np.bool_]:
    """`images.uptake.isocontour` at a place in RAS mm."""
    return isocontour(function, _lps(ras), fraction=fraction)


def threshold_at(function: Volume, ras: RAS, level: float) -> NDArray[np.bool_]:
    """`images.uptake.above` at a place in RAS mm."""
    return above(function, _lps(ras), level)


def region_text(uptake: RegionUptake) -> str:
    """The four readouts in one line."""
    is_suv = uptake.unit.value.startswith("SUV")
    name = "SUV" if uptake.unit is Unit.SUVBW else f"{uptake.unit.value} " if is_suv else ""
    unit = "" if is_suv else f" ({uptake.unit.value})"
    peak = "-" if math.isnan(uptake.peak) else f"{uptake.peak:.2f}"
    return f"{name}max {uptake.maximum:.2f}   {name}mean {uptake.mean:.2f}   {name}peak {peak}   {uptake.volume_ml:.2f} ml{unit}"


def place_text(ras: RAS) -> str:
    """A place in whole millimetres, such as "R 12, A 5, S 31 mm"."""
    sides = zip("RAS", "LPI", ras, strict=True)
    return ", ".join(f"{positive if value >= 0 else negative} {abs(value):.0f}" for positive, negative, value in sides) + " mm"


def show_regions(
    scene: slicer.vtkMRMLScene, function: Volume, regions: Sequence[tuple[NDArray[np.bool_], int]], *, tag: str = _TAG
) -> slicer.vtkMRMLLabelMapVolumeNode:
    """Regions as a label map for the views' label layer; one a scene and tag, not saved with it.

    Args:
        scene: that has the views.
        function: whose voxels the regions are made of.
        regions: each with its label, `OTHER`, `SELECTED` or `REFERENCE`; later ones lie over earlier ones.
        tag: of the label map.
    """
    node = scene.GetSingletonNode(tag, "vtkMRMLLabelMapVolumeNode")
    if node is None:
        node = scene.CreateNodeByClass("vtkMRMLLabelMapVolumeNode")
        node.UnRegister(None)
        node.SetName("LCDFusion regions")
        node.SetSingletonTag(tag)
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        node = scene.AddNode(node)
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetAndObserveColorNodeID(_colors(scene).GetID())
    labels = np.zeros(function.shape, np.uint8)
    for voxels, label in regions:
        labels[voxels] = label
    set_voxels(node, labels)
    set_geometry(node, function)
    return node


def remove_outline(scene: slicer.vtkMRMLScene) -> None:
    """Takes what `show_regions` made out of the scene."""
    for kind in ("vtkMRMLLabelMapVolumeNode", "vtkMRMLColorTableNode"):
        for tag in (_TAG, PRIOR_TAG):
            node = scene.GetSingletonNode(tag, kind)
            if node is not None:
                remove_node(node)


def _colors(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLColorTableNode:
    """Slicer's own label colours need files that only its desktop brings."""
    node = scene.GetSingletonNode(_TAG, "vtkMRMLColorTableNode")
    if node is not None:
        return node
    node = scene.CreateNodeByClass("vtkMRMLColorTableNode")
    node.UnRegister(None)
    node.SetTypeToUser()
    node.SetNumberOfColors(len(_COLORS) + 1)
    node.SetColor(0, "outside", 0.0, 0.0, 0.0, 0.0)
    for label, (name, color) in _COLORS.items():
        node.SetColor(label, name, *color, 1.0)
    node.SetName("LCDFusion region colours")
    node.SetSingletonTag(_TAG)
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    return scene.AddNode(node)


def _lps(ras: RAS) -> RAS:
    return -ras[0], -ras[1], ras[2]
