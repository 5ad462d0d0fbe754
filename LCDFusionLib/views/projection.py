"""The turning maximum intensity projection of the function, in the slice view that is its own."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from LCDFusionLib.images.projection import turning_projection
from LCDFusionLib.images.volume import LPS_TO_RAS, Modality, Unit, Volume
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.application import Application
from LCDFusionLib.mrml.nodes import ijk_to_ras, node_from_volume, set_geometry, set_voxels
from LCDFusionLib.mrml.result_nodes import remove_node
from LCDFusionLib.views import layouts
from LCDFusionLib.views.planes import seen_from

RAS = tuple[float, float, float]
_THICKNESS_MM = 1e5  # of the picture, so that no wheel leaves it


class ProjectionView:
    """A volume node of one slice that holds the projection at the angle on show, and the view `layouts.PROJECTION` in the plane of it.

    It is not for keeping: hidden from selectors, and not saved with the scene.

    Attributes:
        node: the volume.
        angle: on show, in degrees.
    """

    def __init__(self, scene: slicer.vtkMRMLScene, function: Volume, window: Window, *, colors: str) -> None:
        """Makes the node, seen from the front.

        Args:
            scene: where it goes, and where the view is.
            function: PET or SPECT with values.
            window: range on show.
            colors: ID of a colour node.

        Raises:
            InputError: a colour volume.
        """
        self._scene, self._projection = scene, turning_projection(function)
        self.angle = 0.0
        self.node = node_from_volume(scene, self._picture(function.unit, f"{function.name} MIP"), window=window)
        self.node.SetHideFromEditors(True)
        self.node.SetSaveWithScene(False)
        self.show(window, colors)

    def show(self, window: Window, colors: str) -> None:
        """Displays it with a range and a colour node, by its ID."""
        display = self.node.GetDisplayNode()
        display.SetAndObserveColorNodeID(colors)
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(window.lower, window.upper)

    def turn(self, angle: float) -> None:
        """Shows the projection at an angle in degrees, and its view from there."""
        self.angle = angle % 360
        picture = self._picture(Unit.RELATIVE, "")
        set_voxels(self.node, picture.array)
        set_geometry(self.node, picture)
        self._place()

    def fit(self, application: Application) -> None:
        """Shows the whole picture in its view."""
        self._place()
        view = self._view
        logic = application.logic.GetSliceLogic(view) if view is not None else None
        if view is not None and logic is not None:
            logic.FitSliceToVolume(self.node, *view.GetDimensions()[:2])
        self._place()

    @property
    def side(self) -> str:
        """From which the patient is seen; "" without the view."""
        return seen_from(self._view) if self._view is not None else ""

    @property
    def _view(self) -> slicer.vtkMRMLSliceNode | None:
        return layouts.slice_node(self._scene, layouts.PROJECTION)

    def _place(self) -> None:
        """Puts the view into the plane of the picture, whatever has moved it; zoom and pan stay.

        So the view is where it looks, and Slicer draws crosshair and sides in it as in any other.
        """
        if (view := self._view) is None:
            return
        across, along = self._axes()
        wanted = np.eye(4)
        wanted[:3, 0], wanted[:3, 1], wanted[:3, 2] = across, (0, 0, 1), -along
        wanted[:3, 3] = self._projection.centre * (-1, -1, 1)
        matrix = vtk.vtkMatrix4x4()
        matrix.DeepCopy(wanted.ravel().tolist())
        shown = view.GetSliceToRAS()
        if any(abs(shown.GetElement(row, column) - wanted[row, column]) > 1e-6 for row in range(3) for column in range(4)):
            shown.DeepCopy(matrix)
            view.UpdateMatrices()
        # A wheel over the view, or a linked crosshair, moves it within the picture's thickness.
        view.SetSliceSpacingModeToPrescribed()
        view.SetPrescribedSliceSpacing(1.0, 1.0, 1.0)

    def point(self, ras: RAS) -> RAS | None:
        """Where the hottest voxel behind a place in the picture lies; None outside the picture.

        Args:
            ras: a place in the plane of the picture, in mm.
        """
        column, row, _ = (np.linalg.inv(ijk_to_ras(self.node)) @ [*ras, 1])[:3]
        lps = self._projection.point(self.angle, column=float(column), row=float(row))
        return None if lps is None else (-lps[0], -lps[1], lps[2])

    def close(self) -> None:
        """Takes the node out of the scene."""
        if self.node.GetScene() is not None:
            remove_node(self.node)

    def _picture(self, unit: Unit, name: str) -> Volume:
        """At the angle on show, as a volume of one slice that stands in the patient as it is seen."""
        rows, columns = self._projection.shape
        spacing = self._projection.spacing_mm
        across, along = self._axes()
        matrix = np.eye(4)
        matrix[:3, 0], matrix[:3, 1], matrix[:3, 2] = spacing * across, (0, 0, -spacing), _THICKNESS_MM * along
        matrix[:3, 3] = self._projection.centre * (-1, -1, 1) - matrix[:3, :3] @ [(columns - 1) / 2, (rows - 1) / 2, 0]
        return Volume(self._projection.picture(self.angle)[np.newaxis], LPS_TO_RAS @ matrix, Modality.OTHER, unit, name)

    def _axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """RAS directions to the right in the picture, and away from the viewer."""
        across, along = self._projection.axes(self.angle)
        return across * (-1, -1, 1), along * (-1, -1, 1)
