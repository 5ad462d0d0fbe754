"""A registration as MRML: a linear transform node, which moves, can be undone, and resamples nothing."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from LCDFusionLib.images.volume import LPS_TO_RAS


def transform_node(scene: slicer.vtkMRMLScene, moving_to_fixed: NDArray[np.float64], *, name: str) -> slicer.vtkMRMLLinearTransformNode:
    """A new linear transform node of a registration.

    Observe it with the moving volume's node (`SetAndObserveTransformNodeID`) to see that volume in its new place; take it off to undo.

    Args:
        scene: gets the node.
        moving_to_fixed: 4x4 in LPS mm, `Registration.matrix`.
        name: of the node.
    """
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy((LPS_TO_RAS @ moving_to_fixed @ LPS_TO_RAS).ravel().tolist())  # LPS_TO_RAS is its own inverse
    node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", name)
    node.SetMatrixTransformToParent(matrix)
    return node
