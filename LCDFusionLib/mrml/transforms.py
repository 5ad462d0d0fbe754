"""A registration as MRML: a linear transform node, which moves, can be undone, and resamples nothing."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from LCDFusionLib.images.volume import LPS_TO_RAS
from LCDFusionLib.mrml.nodes import ijk_to_ras

REGISTRATION_ATTRIBUTE = "LCDFusion.Registration"
"""Node attribute of a transform that a registration found: its quality, in words."""


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


def to_world(node: slicer.vtkMRMLTransformableNode) -> NDArray[np.float64]:
    """4x4 in LPS mm: what all the transforms above a node, which have to be linear, do to it together."""
    matrix = vtk.vtkMatrix4x4()
    if node.GetParentTransformNode() is not None:
        node.GetParentTransformNode().GetMatrixTransformToWorld(matrix)
    ras = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    return np.asarray(LPS_TO_RAS @ ras @ LPS_TO_RAS)


def registration_of(node: slicer.vtkMRMLVolumeNode) -> slicer.vtkMRMLLinearTransformNode | None:
    """The transform right above a volume, where a registration found it."""
    transform = node.GetParentTransformNode()
    return transform if transform is not None and transform.GetAttribute(REGISTRATION_ATTRIBUTE) else None


def registration_verdict(node: slicer.vtkMRMLVolumeNode) -> str | None:
    """One line for the person on a volume that was registered; None for another."""
    transform = registration_of(node)
    return verdict_of(transform) if transform is not None else None


def verdict_of(transform: slicer.vtkMRMLLinearTransformNode) -> str:
    """One line for the person on the transform of a registration."""
    return f"Registered rigidly: {transform.GetAttribute(REGISTRATION_ATTRIBUTE)}. Compare before you trust it."


def undo_registration(node: slicer.vtkMRMLVolumeNode) -> None:
    """Puts a volume back to where it lay, under the transform that it had before, if any; does nothing where it is not registered."""
    transform = registration_of(node)
    if transform is None:
        return
    node.SetAndObserveTransformNodeID(transform.GetTransformNodeID())
    scene, kind = node.GetScene(), "vtkMRMLTransformableNode"
    others = (scene.GetNthNodeByClass(n, kind) for n in range(scene.GetNumberOfNodesByClass(kind)))
    if not any(other.GetTransformNodeID() == transform.GetID() for other in others):  # the person may have put something else under it
        scene.RemoveNode(transform)


def registration_text(node: slicer.vtkMRMLVolumeNode) -> str:
    """What the registration right above a volume said of itself; "" where there is none."""
    transform = registration_of(node)
    return str(transform.GetAttribute(REGISTRATION_ATTRIBUTE)) if transform is not None else ""


def transform_above(node: slicer.vtkMRMLVolumeNode) -> NDArray[np.float64] | None:
    """`to_world`; None where no transform is above it.

    Raises:
        InputError: one bends it.
    """
    if node.GetParentTransformNode() is None:
        return None
    ijk_to_ras(node)
    return to_world(node)


def place_under(node: slicer.vtkMRMLVolumeNode, matrix: NDArray[np.float64] | None, *, registration: str = "") -> None:
    """Puts a volume under a new transform, 4x4 in LPS mm, or under none; does nothing where it lies so already.

    Args:
        node: the volume.
        matrix: `transform_above` of it as it shall lie.
        registration: what the registration that found it said of itself; "" for another transform.
    """
    above = node.GetParentTransformNode()
    if above is None if matrix is None else (above is not None and np.allclose(to_world(node), matrix, rtol=0, atol=1e-6)):
        return
    undo_registration(node)
    node.SetAndObserveTransformNodeID(None)
    if matrix is not None:
        transform = transform_node(node.GetScene(), matrix, name=f"{node.GetName()}, as in the session")
        if registration:
            transform.SetAttribute(REGISTRATION_ATTRIBUTE, registration)
        node.SetAndObserveTransformNodeID(transform.GetID())
