"""The digital phantoms, for a host that offers them."""

from __future__ import annotations

from typing import TypeAlias

import slicer
import vtk

from LCDFusionLib.images.volume import Volume
from LCDFusionLib.images.window import Window, anatomy_window, function_range
from LCDFusionLib.mrml.nodes import image_of, node_from_volume

Shown: TypeAlias = tuple[Volume, vtk.vtkImageData, Window]
"""A volume, its voxels as a node holds them, and a window to show it with."""


def compute(name: str) -> tuple[Volume, Volume]:
    """CT or MR and PET of a phantom, "thorax" or "head"; looks at no scene, so it may run in any thread."""
    from LCDFusionLib import phantom  # takes its time to load

    computed = getattr(phantom, name)()
    return computed.anatomy, computed.function


def compute_shown(name: str) -> tuple[Shown, Shown]:
    """`compute`, ready for a scene."""
    anatomy, function = compute(name)
    first = anatomy, image_of(anatomy.array, copy=False), anatomy_window(anatomy)
    return first, (function, image_of(function.array, copy=False), function_range(function))


def put(volume: Volume, image: vtk.vtkImageData | None = None, window: Window | None = None) -> slicer.vtkMRMLVolumeNode:
    """A volume in Slicer's scene."""
    return node_from_volume(slicer.mrmlScene, volume, image=image, window=window)
