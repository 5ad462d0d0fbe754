"""Regions of uptake in a scene: measured on the function's own voxels, outlined in the views."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib.images.uptake import RegionUptake, isocontour, measure, sphere
from LCDFusionLib.images.volume import Unit, Volume
from LCDFusionLib.mrml.nodes import set_geometry, set_voxels
from LCDFusionLib.mrml.result_nodes import remove_node

_GREEN = (0.2, 0.9, 0.3)
_TAG = "LCDFusionRegion"

Measuring: TypeAlias = Callable[[Volume, tuple[float, float, float], float], tuple[RegionUptake, NDArray[np.bool_]]]
"""`measure_sphere` and `measure_isocontour`."""


def measure_sphere(function: Volume, ras: tuple[float, float, float], radius_mm: float) -> tuple[RegionUptake, NDArray[np.bool_]]:
    """A spherical region round a place: what it holds, and its voxels (K, J, I).

    Raises:
        InputError: no voxel lies in it.
    """
    region = sphere(function, _lps(ras), radius_mm)
    return measure(function, region), region


def measure_isocontour(function: Volume, ras: tuple[float, float, float], fraction: float) -> tuple[RegionUptake, NDArray[np.bool_]]:
    """The lesion at a place, by a part of its maximum: what it holds, and its voxels (K, J, I).

    Raises:
        InputError: outside the volume, or no uptake there.
    """
    region = isocontour(function, _lps(ras), fraction=fraction)
    return measure(function, region), region


def region_text(uptake: RegionUptake) -> str:
    """The four readouts in one line."""
    is_suv = uptake.unit.value.startswith("SUV")
    name = "SUV" if uptake.unit is Unit.SUVBW else f"{uptake.unit.value} " if is_suv else ""
    unit = "" if is_suv else f" ({uptake.unit.value})"
    peak = "-" if math.isnan(uptake.peak) else f"{uptake.peak:.2f}"
    return f"{name}max {uptake.maximum:.2f}   {name}mean {uptake.mean:.2f}   {name}peak {peak}   {uptake.volume_ml:.2f} ml{unit}"


def place_text(ras: tuple[float, float, float]) -> str:
    """A place in whole millimetres, such as "R 12, A 5, S 31 mm"."""
    sides = zip("RAS", "LPI", ras, strict=True)
    return ", ".join(f"{positive if value >= 0 else negative} {abs(value):.0f}" for positive, negative, value in sides) + " mm"


def show_region(scene: slicer.vtkMRMLScene, function: Volume, region: NDArray[np.bool_]) -> slicer.vtkMRMLLabelMapVolumeNode:
    """The region as a label map for the views' label layer; one a scene, not saved with it."""
    node = scene.GetSingletonNode(_TAG, "vtkMRMLLabelMapVolumeNode")
    if node is None:
        node = scene.CreateNodeByClass("vtkMRMLLabelMapVolumeNode")
        node.UnRegister(None)
        node.SetName("LCDFusion region")
        node.SetSingletonTag(_TAG)
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        node = scene.AddNode(node)
        node.CreateDefaultDisplayNodes()
        node.GetDisplayNode().SetAndObserveColorNodeID(_colors(scene).GetID())
    set_voxels(node, region.astype(np.uint8))
    set_geometry(node, function)
    return node


def remove_region(scene: slicer.vtkMRMLScene) -> None:
    """Takes the region out of the scene."""
    for kind in ("vtkMRMLLabelMapVolumeNode", "vtkMRMLColorTableNode"):
        node = scene.GetSingletonNode(_TAG, kind)
        if node is not None:
            remove_node(node)


def _colors(scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLColorTableNode:
    """Nothing, and green: Slicer's own label colours need files that only its desktop brings."""
    node = scene.GetSingletonNode(_TAG, "vtkMRMLColorTableNode")
    if node is not None:
        return node
    node = scene.CreateNodeByClass("vtkMRMLColorTableNode")
    node.UnRegister(None)
    node.SetTypeToUser()
    node.SetNumberOfColors(2)
    node.SetColor(0, "outside", 0.0, 0.0, 0.0, 0.0)
    node.SetColor(1, "region", *_GREEN, 1.0)
    node.SetName("LCDFusion region colours")
    node.SetSingletonTag(_TAG)
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    return scene.AddNode(node)


def _lps(ras: tuple[float, float, float]) -> tuple[float, float, float]:
    return -ras[0], -ras[1], ras[2]
