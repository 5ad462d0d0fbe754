"""A registration that runs in a scene, while the person goes on working in it; and how it is taken off again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.fusion import RegistrationRun
from LCDFusionLib.fusion.progress import left_text
from LCDFusionLib.images.registration import Registration
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.mrml.nodes import ijk_to_ras
from LCDFusionLib.mrml.transforms import REGISTRATION_ATTRIBUTE, to_world, transform_node, undo_registration, verdict_of

Keep: TypeAlias = "Callable[[slicer.vtkMRMLVolumeNode, slicer.vtkMRMLVolumeNode, Registration], slicer.vtkMRMLLinearTransformNode]"
"""Puts what was found into the scene: anatomy, function, registration; gives the transform."""


@dataclass(frozen=True)
class RegistrationProgress:
    """How far a registration is.

    Attributes:
        part: what is done, 0 to 1.
        text: one line for the person; at the end the verdict.
        is_over: the last one.
        transform: node that moves the function now; None while it runs, and where nothing came of it.
        inputs: anatomy and function that all this belongs to, whatever is chosen meanwhile.
    """

    part: float
    text: str
    is_over: bool = False
    transform: slicer.vtkMRMLLinearTransformNode | None = None
    inputs: tuple[slicer.vtkMRMLVolumeNode, ...] = ()


class SceneRegistration:
    """One registration at a time; a host starts it, calls `tick` from a timer, and shows what comes.

    The scene changes only at the end, and only where the two could be aligned: then the function is under a new linear transform.

    Attributes:
        python: interpreter of the process, which must have SimpleITK; None for that of this process.

    Args:
        python: likewise.
        keep: puts what was found into the scene in another way.
    """

    def __init__(self, python: str | None = None, *, keep: Keep | None = None) -> None:
        self.python, self._keep = python, keep or _put_function_under
        self._run: RegistrationRun | None = None
        self._nodes: tuple[slicer.vtkMRMLVolumeNode, ...] = ()
        self._places: list[NDArray[np.float64]] = []
        self._cancelled = False

    @property
    def is_running(self) -> bool:
        """True between `start` and the last `RegistrationProgress`."""
        return bool(self._nodes)

    @property
    def inputs(self) -> tuple[slicer.vtkMRMLVolumeNode, ...]:
        """Anatomy and function of the running registration; empty while none runs."""
        return self._nodes

    @property
    def pid(self) -> int | None:
        """Id of the process; None while none runs."""
        return self._run.pid if self._run is not None else None

    def start(
        self, anatomy_node: slicer.vtkMRMLVolumeNode, function_node: slicer.vtkMRMLVolumeNode, anatomy: Volume, function: Volume
    ) -> None:
        """Begins; the scene stays as it is until the end.

        Args:
            anatomy_node: stays where it is.
            function_node: will be moved.
            anatomy: what the anatomy's node holds, from `read_anatomy`.
            function: likewise, from `read_function`.

        Raises:
            InputError: the process cannot be started, or there is no room for temporary files.
            RuntimeError: a registration runs already.
        """
        if self.is_running:
            raise RuntimeError("a registration runs already; cancel it first")
        self._run = RegistrationRun(function, anatomy, python=self.python)
        self._nodes, self._cancelled = (anatomy_node, function_node), False
        self._places = [ijk_to_ras(node) for node in self._nodes]

    def tick(self) -> RegistrationProgress | None:
        """What happened since the last call, put into the scene; None where nothing did. Never waits."""
        if not self.is_running:
            return None
        if self._cancelled or self._run is None:
            return self._end("Cancelled; nothing was moved.")
        if any(node.GetScene() is None for node in self._nodes):
            return self._end("A volume of this registration was deleted, so it was stopped.")
        before = self._run.part
        try:
            registration = self._run.poll()
            if registration is not None:
                return self._apply(registration)
        except (InputError, RuntimeError) as error:
            return self._end(str(error))
        part, left = self._run.part, left_text(self._run.seconds_left)
        return RegistrationProgress(part, f"Registering, {part:.0%}{left}", inputs=self._nodes) if part > before else None

    def cancel(self) -> None:
        """Ends the process at once; the next `tick` says so."""
        if self.is_running:
            self._cancelled = True
            self._stop()

    def close(self) -> None:
        """Ends a running registration without a further word: the scene is being closed, or the panel goes away."""
        self._stop()
        self._nodes, self._places = (), []

    def _apply(self, registration: Registration) -> RegistrationProgress:
        anatomy_node, function_node = self._nodes
        if not all(np.allclose(ijk_to_ras(node), place) for node, place in zip(self._nodes, self._places, strict=True)):
            return self._end("A volume was moved while it was registered, so nothing was applied; register again.")
        if registration.problem:
            return self._end(
                f"'{function_node.GetName()}' and '{anatomy_node.GetName()}' cannot be aligned with confidence: {registration.problem}; "
                "nothing was moved. Choose another series, or align them by hand in the Transforms module."
            )
        node = self._keep(anatomy_node, function_node, registration)
        return self._end(verdict_of(node), transform=node)

    def _end(self, text: str, transform: slicer.vtkMRMLLinearTransformNode | None = None) -> RegistrationProgress:
        inputs = self._nodes
        self.close()
        return RegistrationProgress(1.0 if transform is not None else 0.0, text, is_over=True, transform=transform, inputs=inputs)

    def _stop(self) -> None:
        if self._run is not None:
            self._run.close()
            self._run = None


def _put_function_under(
    anatomy: slicer.vtkMRMLVolumeNode, function: slicer.vtkMRMLVolumeNode, registration: Registration
) -> slicer.vtkMRMLLinearTransformNode:
    node = _put_under(function, registration.matrix, name=f"{function.GetName()} to {anatomy.GetName()}, rigid")
    node.SetAttribute(REGISTRATION_ATTRIBUTE, registration.quality)
    return node


def _put_under(node: slicer.vtkMRMLVolumeNode, motion: NDArray[np.float64], *, name: str) -> slicer.vtkMRMLLinearTransformNode:
    """A transform right above the node that moves it in the world by `motion` (LPS mm); an earlier registration becomes part of it.

    MRML applies the transform right above a node first, and those above that one afterwards; so the motion is brought down through them.
    """
    before = to_world(node)
    undo_registration(node)
    above = node.GetTransformNodeID()
    transform = transform_node(node.GetScene(), np.linalg.inv(to_world(node)) @ motion @ before, name=name)
    transform.SetAndObserveTransformNodeID(above)
    node.SetAndObserveTransformNodeID(transform.GetID())
    return transform
