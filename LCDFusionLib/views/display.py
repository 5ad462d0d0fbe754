"""How the inputs look: window, colour table, colour bar."""

from __future__ import annotations

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib.images.color import COLOR_TABLES, ColorTable
from LCDFusionLib.images.volume import Unit, Volume
from LCDFusionLib.images.window import Window, anatomy_window
from LCDFusionLib.mrml.nodes import unit_of, volume_from_node, voxels
from LCDFusionLib.views.choices import FunctionLook


def is_there(volume: slicer.vtkMRMLVolumeNode | None) -> bool:
    """Whether a volume is in a scene still, and has voxels."""
    return volume is not None and volume.GetScene() is not None and volume.GetImageData() is not None


def displayed_window(volume: slicer.vtkMRMLVolumeNode | None) -> Window | None:
    """The window that a volume is displayed with; None where it is not there, or not displayed."""
    display = volume.GetDisplayNode() if volume is not None and is_there(volume) else None
    return None if display is None else Window(display.GetWindow(), display.GetLevel())


def show_anatomy(
    node: slicer.vtkMRMLScalarVolumeNode, window: str | Window | None = None, *, measured: tuple[float, float] | None = None
) -> Window:
    """Displays an anatomy node in gray with a window.

    Args:
        node: the anatomy.
        window: a `Window`, the name of a preset, "auto", or None for the modality's default.
        measured: what is shown at all, see `measured_range`; None: everything.

    Returns:
        The window that is on display now.

    Raises:
        InputError: no such preset, or none for this modality.
    """
    if not isinstance(window, Window):
        window = anatomy_window(volume_from_node(node), window)
    display = _display(node)
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    display.AutoWindowLevelOff()
    display.SetWindowLevel(window.width, window.level)
    _leave_out_padding(display, measured)
    return window


def measured_range(node: slicer.vtkMRMLScalarVolumeNode, padding: NDArray[np.bool_] | None) -> tuple[float, float] | None:
    """Least and greatest value that was measured, where padding (K, J, I) is stored as a greater one, which would be white; else None."""
    if padding is None or (array := voxels(node)).shape != padding.shape:  # cut since it was read
        return None
    least, greatest = float(array[~padding].min()), float(array[~padding].max())
    return (least, greatest) if array.max() > greatest else None


def _leave_out_padding(display: slicer.vtkMRMLScalarVolumeDisplayNode, measured: tuple[float, float] | None) -> None:
    if measured is not None:
        display.AutoThresholdOff()
        display.SetThreshold(*measured)
        display.ApplyThresholdOn()


def show_function(
    node: slicer.vtkMRMLScalarVolumeNode, window: Window, table: ColorTable, *, measured: tuple[float, float] | None = None
) -> None:
    """Displays a function node in colour, from `window.lower` to `window.upper` (SUVbw for PET). An RGB node stays as it is.

    `measured` is that of `show_anatomy`.
    """
    if node.IsA("vtkMRMLVectorVolumeNode"):
        return
    display = _display(node)
    display.SetAndObserveColorNodeID(color_table_node(node.GetScene(), table).GetID())
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(window.lower, window.upper)
    _leave_out_padding(display, measured)


def color_table_node(scene: slicer.vtkMRMLScene, table: ColorTable) -> slicer.vtkMRMLColorTableNode:
    """The scene's node of a colour table, made on first use; shown in Slicer's colour selectors under LCDFusion.

    A scene that was loaded may bring the node without its colours, or with those of another version: they are put right.
    """
    tag = f"LCDFusion{table.name}"
    node = scene.GetSingletonNode(tag, "vtkMRMLColorTableNode")
    if node is not None:
        if not _has_colors(node, table):
            _set_colors(node, table)
        return node
    node = slicer.vtkMRMLColorTableNode()
    node.SetName(table.name)
    node.SetSingletonTag(tag)
    node.SetAttribute("Category", "LCDFusion")
    _set_colors(node, table)
    return scene.AddNode(node)


def _has_colors(node: slicer.vtkMRMLColorTableNode, table: ColorTable) -> bool:
    lookup = node.GetLookupTable()
    if lookup is None or lookup.GetNumberOfTableValues() != len(table.rgb):
        return False
    return all(np.allclose(lookup.GetTableValue(n)[:3], color / 255.0, atol=1 / 255) for n, color in enumerate(table.rgb))


def _set_colors(node: slicer.vtkMRMLColorTableNode, table: ColorTable) -> None:
    node.SetTypeToUser()
    node.SetNumberOfColors(len(table.rgb))
    for index, (red, green, blue) in enumerate(table.rgb / 255.0):
        node.SetColor(index, str(index), red, green, blue, 1.0)


def function_colors(scene: slicer.vtkMRMLScene, look: FunctionLook, table: str) -> str:
    """ID of the colour node that shows the function as it is wanted; `table` for `FunctionLook.COLOR`."""
    if look is FunctionLook.GRAY:
        return "vtkMRMLColorTableNodeGrey"
    return color_table_node(scene, COLOR_TABLES["inverse-gray" if look is FunctionLook.INVERSE_GRAY else table]).GetID()


def stored_factor(node: slicer.vtkMRMLVolumeNode | None, volume: Volume | None) -> float:
    """What a function's node stores for 1 of what the fusion takes: Slicer may have loaded Bq/ml where the fusion takes SUV."""
    if node is None or node.GetScene() is None or node.GetImageData() is None or volume is None or volume.is_color:
        return 1.0
    stored = voxels(node)
    if stored.shape != volume.array.shape:
        return 1.0
    hottest = int(volume.array.argmax())  # of what was measured; padding may be stored as more
    taken = float(volume.array.flat[hottest])
    factor = float(stored.flat[hottest]) / taken if taken > 0 else 1.0
    return 1.0 if np.isclose(factor, 1.0, rtol=1e-5) else factor


def show_color_bar(
    node: slicer.vtkMRMLScalarVolumeNode, view: slicer.vtkMRMLAbstractViewNode | None = None
) -> slicer.vtkMRMLColorLegendDisplayNode | None:
    """Puts a colour bar, titled with the unit, at the top right of the slice views that show the node, or of one view only.

    Returns:
        The legend's display node, which goes when the volume is removed by `remove_node`; None for a colour (RGB) node.
    """
    if node.IsA("vtkMRMLVectorVolumeNode"):
        return None
    earlier = slicer.vtkSlicerColorLogic.GetColorLegendDisplayNode(node)
    if earlier is not None:  # Slicer never draws a legend in a view that is younger than the legend
        node.GetScene().RemoveNode(earlier)
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(node)
    unit = unit_of(node)
    legend.SetTitleText("" if unit is Unit.RELATIVE else unit.value)
    legend.SetLabelFormat("%.3g")
    legend.SetSize(0.055, 0.4)  # of the view; Slicer fits the letters to it, whatever their font size
    legend.SetPosition(0.98, 0.88)
    legend.GetLabelTextProperty().SetFontFamilyToArial()
    if view is not None:
        legend.SetViewNodeIDs([view.GetID()])
    legend.SetVisibility(True)
    return legend


def _display(node: slicer.vtkMRMLVolumeNode) -> slicer.vtkMRMLVolumeDisplayNode:
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    return node.GetVolumeDisplayNode() if hasattr(node, "GetVolumeDisplayNode") else node.GetDisplayNode()
