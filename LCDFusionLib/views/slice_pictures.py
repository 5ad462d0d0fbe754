"""Slices of a result as PNG: anatomy, function, blend and fused, with metrics and notice."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import slicer

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.application import Application
from LCDFusionLib.mrml.export import Export
from LCDFusionLib.mrml.nodes import node_from_volume, volume_from_node
from LCDFusionLib.mrml.result_nodes import create_result
from LCDFusionLib.views.fused_view import FusedImage
from LCDFusionLib.views.offscreen import SliceViews


def write_pictures(
    export: Export,
    folder: str | os.PathLike[str],
    slices: Sequence[int],
    *,
    opacity: float = 0.5,
    note: str = "",
    pause: Callable[[], object] = lambda: None,
) -> list[Path]:
    """Writes a PNG of each slice.

    Args:
        export: of the result.
        folder: that exists.
        slices: K of each.
        opacity: of the function in the blend.
        note: what nobody may overlook in the fused image, such as that it is of older choices.
        pause: called between pieces of the work, so that a host which has to draw in its main thread can let its window live; what it
            raises ends the work.

    Raises:
        InputError: an input was deleted, or the folder cannot be written.
    """
    anatomy, function = export.result.inputs
    if anatomy is None or function is None:
        raise InputError("The anatomy or the function of this result was deleted, so its pictures cannot be drawn; load it again.")
    paths = []
    application = Application.create()  # a scene of its own: the person's views do not move
    shown, reading = (_copy(application.scene, node) for node in (anatomy, function))
    result = create_result(
        shown,
        reading,
        export.fused.gray,
        slices=export.result.slices if export.result.span else None,
        mismatches=export.result.mismatches,
        made_with=export.result.made_with,
        images=(export.result.gray.GetImageData(), export.result.color.GetImageData()),
    )
    pause()
    result.fill(export.fused)
    pause()
    with SliceViews(application, size=(560, 480), columns=4, pause=pause) as views:
        views.show(shown, reading, result, opacity=opacity)
        views.views[-1].annotations.set_title("\n".join(filter(None, ("Fused", FusedImage(result).settings, note))))
        for index in slices:
            views.slice = index
            paths.append(Path(folder) / f"fused_slice_{index + 1:04d}.png")
            views.write_png(paths[-1])
    return paths


def _copy(scene: slicer.vtkMRMLScene, node: slicer.vtkMRMLVolumeNode) -> slicer.vtkMRMLVolumeNode:
    """The node as it looks, in another scene; its voxels are shared."""
    source = node.GetDisplayNode()
    window = Window(source.GetWindow(), source.GetLevel()) if source is not None and source.GetWindow() > 0 else None
    copy = node_from_volume(scene, volume_from_node(node, copy=False), image=node.GetImageData(), window=window)
    target = copy.GetDisplayNode()
    colors = source.GetColorNode() if source is not None and not node.IsA("vtkMRMLVectorVolumeNode") else None
    if colors is not None:
        table = scene.AddNode(scene.CreateNodeByClass(colors.GetClassName()))
        table.Copy(colors)
        target.SetAndObserveColorNodeID(table.GetID())
    if colors is not None and source is not None and source.GetApplyThreshold():  # what was not measured
        target.SetThreshold(source.GetLowerThreshold(), source.GetUpperThreshold())
        target.ApplyThresholdOn()
    return copy
