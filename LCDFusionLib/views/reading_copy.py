"""A volume once more, with a display or a place of its own: the function in gray, while the blend has colours; a prior study."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.nodes import ijk_to_ras, set_voxels, voxels
from LCDFusionLib.mrml.result_nodes import remove_node

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"


class ReadingCopy:
    """A second volume node on the voxels of another, hidden from selectors and not saved with the scene."""

    def __init__(self, scene: slicer.vtkMRMLScene) -> None:
        self._scene = scene
        self._node: Node | None = None

    def show(
        self,
        function: Node,
        window: Window,
        colors: str,
        padding: NDArray[np.bool_] | None = None,
        place: NDArray[np.float64] | None = None,
    ) -> Node:
        """The copy, displayed with a range of stored values; a colour function itself.

        Args:
            function: the node.
            window: of its values.
            colors: ID of a colour node.
            padding: (K, J, I) where nothing was measured, although the node holds great values there: shown as no uptake.
            place: 4x4 to RAS mm, where it is shown; None: where it lies.
        """
        if function.IsA("vtkMRMLVectorVolumeNode"):
            return function
        if self._node is None or self._node.GetScene() is None:
            node = self._scene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
            node.UnRegister(None)
            node.SetName(f"{function.GetName()} (reading)")
            node.SetHideFromEditors(True)
            node.SetSaveWithScene(False)
            self._node = self._scene.AddNode(node)
            node.CreateDefaultDisplayNodes()
            node.GetDisplayNode().AutoWindowLevelOff()  # before there are voxels, or the display node goes through them all
        copy, matrix = self._node, vtk.vtkMatrix4x4()
        # Where the function lies in the world, under no transform: a registration that is taken off leaves no node behind.
        matrix.DeepCopy((ijk_to_ras(function) if place is None else place).ravel().tolist())
        copy.SetIJKToRASMatrix(matrix)
        if padding is None:
            copy.SetAndObserveImageData(function.GetImageData())
        else:
            array = voxels(function)
            set_voxels(copy, np.where(padding, array[~padding].min(), array))
        display = copy.GetDisplayNode()
        display.SetAndObserveColorNodeID(colors)
        display.SetWindowLevelMinMax(window.lower, window.upper)
        return copy

    @property
    def display(self) -> slicer.vtkMRMLScalarVolumeDisplayNode | None:
        """How it is displayed; None while there is no copy."""
        return self._node.GetDisplayNode() if self._node is not None and self._node.GetScene() is not None else None

    def close(self) -> None:
        """Takes the copy out of the scene."""
        if self._node is not None and self._node.GetScene() is not None:
            remove_node(self._node)
        self._node = None
