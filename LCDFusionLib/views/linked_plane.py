"""The plane of the anatomy that all linked views show together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import slicer
import vtk

from LCDFusionLib.mrml.application import Application
from LCDFusionLib.views import layouts
from LCDFusionLib.views.choices import Orientation
from LCDFusionLib.views.planes import (
    centre_of_view,
    layer,
    offset_of_layer,
    offset_of_place,
    orientation_of,
    show_slices,
    slice_index,
)

RAS = tuple[float, float, float]
_DIM = 0.35
"""Part of its brightness that the crosshair has in layers that it does not lie in."""
Node: TypeAlias = "slicer.vtkMRMLVolumeNode"


class LinkedPlane:
    """Where linked views cut the anatomy: orientation, layer of voxels, crosshair.

    Zoom and pan are Slicer's own; its linked control keeps them together.

    Args:
        application: whose scene they show.
        names: of the views.
        draws_crosshair: shows and dims the crosshair, and forgets that of another anatomy: of all planes one.
    """

    def __init__(self, application: Application, names: Sequence[str] = layouts.PLANES, *, draws_crosshair: bool = True) -> None:
        self._application, self._scene = application, application.scene
        self._names, self._draws_crosshair = names, draws_crosshair
        self._anatomy: Node | None = None
        self._orientation: Orientation | None = None
        self._crosshair_of = ""
        self._bright: tuple[float, float, float] | None = None
        self._observed: list[tuple[vtk.vtkObject, int]] = []

    def show(self, anatomy: Node) -> None:
        """Shows the whole anatomy: at the place that was on show if it was, else the middle slice, in the plane of its slices."""
        if anatomy is not self._anatomy or self._shown() is None:
            if self._draws_crosshair and self._crosshair_of not in ("", anatomy.GetID()):
                self.forget_crosshair()  # it was placed in another patient, or in another volume
            self._anatomy, self._orientation, self._crosshair_of = anatomy, None, anatomy.GetID()
            self._fit(None)
        else:
            self.align()
        self._follow_crosshair()

    def forget(self) -> None:
        """Nothing is shown any more."""
        self._follow_no_crosshair()
        self._anatomy = self._orientation = None

    def forget_crosshair(self) -> None:
        """As if nobody had placed it."""
        node = self._crosshair_node()
        if node is not None:
            node.SetCrosshairRAS(0.0, 0.0, 0.0)
            node.SetCrosshairMode(node.NoCrosshair)

    def align(self) -> None:
        """Turns all views into the plane, with the anatomy's field of view; the layer on show stays."""
        shown = self._shown()
        if shown is not None:
            node, axis, index = shown
            self._fit(centre_of_view(node) if 0 <= index < self._count(axis) else None)

    @property
    def orientation(self) -> Orientation | None:
        """Of the views; None where nothing is shown."""
        return (self._orientation or orientation_of(self._anatomy)) if self._is_there else None

    @orientation.setter
    def orientation(self, orientation: Orientation) -> None:
        """Turns all views, about the crosshair if it lies in the plane on show."""
        shown, crosshair = self._shown(), self.crosshair
        if shown is None or orientation is self.orientation:
            return
        node, axis, index = shown
        place = centre_of_view(node) if 0 <= index < self._count(axis) else None
        if crosshair is not None and abs(offset_of_place(node, crosshair) - node.GetSliceOffset()) < 1:
            place = crosshair
        self._orientation = orientation
        self._fit(place)

    @property
    def slice(self) -> int | None:
        """K of the anatomy's slice on show; None in another plane, outside the volume, and where nothing is shown."""
        node = self.leading_node
        return slice_index(node, self._anatomy) if node is not None and self._is_there else None

    @slice.setter
    def slice(self, index: int) -> None:
        node = self.leading_node
        if node is not None and self._is_there:
            self._set_offset(offset_of_layer(node, self._anatomy, 2, index))

    def scroll(self, count: int) -> None:
        """Moves by that many layers of the anatomy's voxels, to the first or last one at the most."""
        shown = self._shown()
        if shown is not None:
            node, axis, index = shown
            self._set_offset(offset_of_layer(node, self._anatomy, axis, min(max(index + count, 0), self._count(axis) - 1)))
        elif (node := self.leading_node) is not None and self._anatomy is not None and self._is_there:  # a plane across the voxels
            self._set_offset(node.GetSliceOffset() + count * min(self._anatomy.GetSpacing()))

    @property
    def crosshair(self) -> RAS | None:
        """The place that the person has marked, in mm; None before."""
        node = self._crosshair_node()
        x, y, z = node.GetCrosshairRAS() if node is not None else (0.0, 0.0, 0.0)
        return None if x == y == z == 0 else (x, y, z)  # that is where it lies when nobody has placed it

    @crosshair.setter
    def crosshair(self, ras: RAS) -> None:
        node = self._crosshair_node()
        if node is not None:
            node.SetCrosshairRAS(*ras)

    def move_crosshair(self, across: int, up: int) -> None:
        """Moves the crosshair by voxels of the anatomy, to the right and up as it is seen; the first time it is put into the middle."""
        node, crosshair = self.leading_node, self.crosshair
        if node is None or not self._is_there or self._anatomy is None:
            return
        if crosshair is None or not self.crosshair_is_on_show:
            self.crosshair = centre_of_view(node)
            return
        plane, step = node.GetSliceToRAS(), min(self._anatomy.GetSpacing())
        r, a, s = (
            place + step * (across * plane.GetElement(row, 0) + up * plane.GetElement(row, 1)) for row, place in enumerate(crosshair)
        )
        self.crosshair = (r, a, s)

    @property
    def crosshair_is_on_show(self) -> bool:
        """True where the crosshair lies in the layer of voxels on show."""
        node, crosshair = self.leading_node, self.crosshair
        if node is None or crosshair is None or self._anatomy is None or not self._is_there:
            return False
        shown = self._shown()
        across = self._anatomy.GetSpacing()[shown[1]] if shown is not None else min(self._anatomy.GetSpacing())
        return abs(offset_of_place(node, crosshair) - node.GetSliceOffset()) <= across / 2 + 1e-3

    def jump(self, ras: RAS) -> None:
        """Takes all views, and the crosshair, to a place."""
        for node in self._nodes():
            node.JumpSliceByOffsetting(*ras)  # zoom and pan stay as they are
        self.crosshair = ras

    def go_to(self, ras: RAS) -> None:
        """Shows the layer of voxels that a place lies in; zoom, pan and crosshair stay as they are."""
        node = self.leading_node
        if node is not None and self._is_there:
            self._set_offset(offset_of_place(node, ras))
            self.scroll(0)

    @property
    def leading_node(self) -> slicer.vtkMRMLSliceNode | None:
        """Slice node of the first linked view; None before a layout has made it."""
        return next(iter(self._nodes()), None)

    def _fit(self, place: RAS | None) -> None:
        """Turns, fits, and goes to the layer at a place; to the middle one without."""
        for node in self._nodes():
            show_slices(node, self._anatomy, self._orientation)
            logic = self._application.logic.GetSliceLogic(node)
            if logic is not None:
                logic.FitSliceToVolume(self._anatomy, *node.GetDimensions()[:2])
        node = self.leading_node
        if node is not None and place is not None:
            self._set_offset(offset_of_place(node, place))
            self.scroll(0)
        elif (shown := self._shown()) is not None:
            node, axis, _ = shown
            self._set_offset(offset_of_layer(node, self._anatomy, axis, self._count(axis) // 2))

    def _shown(self) -> tuple[slicer.vtkMRMLSliceNode, int, int] | None:
        """The leading view's node, the voxel axis that it looks along and the voxel on show on it."""
        node = self.leading_node
        found = layer(node, self._anatomy) if node is not None and self._is_there else None
        return None if found is None else (node, *found)

    @property
    def _is_there(self) -> bool:
        return self._anatomy is not None and self._anatomy.GetScene() is not None and self._anatomy.GetImageData() is not None

    def _count(self, axis: int) -> int:
        return self._anatomy.GetImageData().GetDimensions()[axis] if self._anatomy is not None else 0

    def _set_offset(self, offset: float) -> None:
        for node in self._nodes():
            node.SetSliceOffset(offset)

    def _nodes(self) -> list[slicer.vtkMRMLSliceNode]:
        return [node for name in self._names if (node := layouts.slice_node(self._scene, name)) is not None]

    def _follow_crosshair(self) -> None:
        """It is shown when the person has placed it, not before (it would lie at the scanner's origin), and dimmed off its layer."""
        self._follow_no_crosshair()
        for node in (self._crosshair_node(), self.leading_node):
            if node is not None and self._draws_crosshair:
                self._observed.append((node, node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._draw_crosshair)))
        if self._draws_crosshair:
            self._draw_crosshair()

    def _follow_no_crosshair(self) -> None:
        for node, tag in self._observed:
            node.RemoveObserver(tag)
        self._observed = []
        node = self._crosshair_node()
        if node is not None and self._bright is not None:
            node.SetCrosshairColor(*self._bright)
        self._bright = None

    def _draw_crosshair(self, *_: object) -> None:
        node = self._crosshair_node()
        if node is None or self.crosshair is None:
            return
        if self._bright is None:
            self._bright = node.GetCrosshairColor()
            if node.GetCrosshairMode() == node.NoCrosshair:
                node.SetCrosshairMode(node.ShowSmallIntersection)
        part = 1.0 if self.crosshair_is_on_show else _DIM
        node.SetCrosshairColor(*(part * value for value in self._bright))

    def _crosshair_node(self) -> slicer.vtkMRMLCrosshairNode | None:
        return self._scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
