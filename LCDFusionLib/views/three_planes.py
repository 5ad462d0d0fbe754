"""Three planes that meet in the crosshair: wherever it is put, the other planes come to it."""

from __future__ import annotations

from typing import TypeAlias

import slicer
import vtk

from LCDFusionLib.mrml.application import Application
from LCDFusionLib.views import layouts
from LCDFusionLib.views.choices import Orientation
from LCDFusionLib.views.linked_plane import RAS, LinkedPlane

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"


class ThreePlanes:
    """The two planes that the linked views do not show, in the views `layouts.ACROSS`.

    Args:
        application: whose scene they show.
        first: the plane of the linked views; it comes to the crosshair too, while the others are on show.
    """

    def __init__(self, application: Application, first: LinkedPlane) -> None:
        self._scene, self._first = application.scene, first
        self._others = [LinkedPlane(application, names, draws_crosshair=False) for names in layouts.ACROSS]
        self._shown: tuple[object, ...] = ()
        self._at: RAS | None = None
        self._observed: tuple[vtk.vtkObject, int] | None = None

    def show(self, anatomy: Node | None) -> None:
        """Shows an anatomy in the two planes that the first is not; None: they are not on the screen. The same again changes nothing."""
        now = (anatomy, self._first.orientation) if anatomy is not None and self._first.orientation is not None else ()
        if now == self._shown:
            return
        self.forget()
        self._shown = now
        if anatomy is None or not now:
            return
        self._at = self._first.crosshair
        for plane, orientation in zip(self._others, self._orientations, strict=True):
            plane.show(anatomy)
            plane.orientation = orientation
            if self._at is not None:
                plane.go_to(self._at)
        crosshair = self._scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        if crosshair is not None:
            self._observed = crosshair, crosshair.AddObserver(vtk.vtkCommand.ModifiedEvent, self._follow)

    def forget(self) -> None:
        """Nothing is shown any more."""
        if self._observed is not None:
            self._observed[0].RemoveObserver(self._observed[1])
        self._observed, self._shown, self._at = None, (), None
        for plane in self._others:
            plane.forget()

    def align(self) -> None:
        """Shows the whole anatomy in all of them; the layers on show stay."""
        for plane in self._others:
            plane.align()

    def plane_of(self, name: str) -> LinkedPlane:
        """Of a view, by its layout name."""
        found = [plane for plane, names in zip(self._others, layouts.ACROSS, strict=True) if name in names]
        return found[0] if found else self._first

    def orientation_of(self, name: str) -> Orientation | None:
        """That of a view now."""
        return self.plane_of(name).orientation

    @property
    def _orientations(self) -> list[Orientation]:
        return [each for each in Orientation if each is not self._first.orientation]

    def _follow(self, *_: object) -> None:
        """The crosshair was put elsewhere; its colour, which changes as one scrolls, is no place."""
        crosshair = self._first.crosshair
        if crosshair is None or crosshair == self._at:
            return
        self._at = crosshair
        for plane in (self._first, *self._others):
            plane.go_to(crosshair)
