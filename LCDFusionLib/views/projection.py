"""The turning maximum intensity projection of the function, in a slice view of its own."""

from __future__ import annotations

import numpy as np
import slicer

from LCDFusionLib.images.color import COLOR_TABLES
from LCDFusionLib.images.projection import TurningProjection
from LCDFusionLib.images.volume import Modality, Volume
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.nodes import node_from_volume, set_voxels
from LCDFusionLib.mrml.result_nodes import remove_node
from LCDFusionLib.views.display import color_table_node

RAS = tuple[float, float, float]


class ProjectionView:
    """A volume node of one coronal slice that holds the projection at the angle on show.

    It is not for keeping: hidden from selectors, and not saved with the scene.

    Attributes:
        node: the volume.
        angle: on show, in degrees.
    """

    def __init__(self, scene: slicer.vtkMRMLScene, function: Volume, window: Window, *, table: str = "inverse-gray") -> None:
        """Makes the node, seen from the front.

        Args:
            scene: where it goes.
            function: PET or SPECT with values.
            window: range on show.
            table: name in `COLOR_TABLES`.

        Raises:
            InputError: a colour volume.
        """
        self._projection = TurningProjection(function)
        self.angle = 0.0
        rows, columns = self._projection.shape
        spacing = self._projection.spacing_mm
        # Columns to the patient's left, rows to the feet, and a slice thickness that no other place is hidden by.
        matrix = np.array([[spacing, 0, 0, 0], [0, 0, spacing, 0], [0, -spacing, 0, 0], [0, 0, 0, 1]])
        matrix[:3, 3] = self._projection.centre - matrix[:3, :3] @ [(columns - 1) / 2, (rows - 1) / 2, 0]
        picture = Volume(self._projection.picture(0)[np.newaxis], matrix, Modality.OTHER, function.unit, f"{function.name} MIP")
        self.node = node_from_volume(scene, picture)
        self.node.SetHideFromEditors(True)
        self.node.SetSaveWithScene(False)
        self._to_pixel = np.linalg.inv(picture.ijk_to_ras)
        self.show(window, table)

    def show(self, window: Window, table: str) -> None:
        """Displays it with a range and a colour table."""
        display = self.node.GetDisplayNode()
        display.SetAndObserveColorNodeID(color_table_node(self.node.GetScene(), COLOR_TABLES[table]).GetID())
        display.AutoWindowLevelOff()
        display.SetWindowLevelMinMax(window.lower, window.upper)

    def turn(self, angle: float) -> None:
        """Shows the projection at an angle in degrees."""
        self.angle = angle % 360
        set_voxels(self.node, self._projection.picture(self.angle)[np.newaxis])

    def point(self, ras: RAS) -> RAS | None:
        """Where the hottest voxel behind a place in the picture lies; None outside the picture.

        Args:
            ras: a place in the plane of the picture, in mm.
        """
        column, row, _ = (self._to_pixel @ [*ras, 1])[:3]
        lps = self._projection.point(self.angle, column=float(column), row=float(row))
        return None if lps is None else (-lps[0], -lps[1], lps[2])

    def close(self) -> None:
        """Takes the node out of the scene."""
        if self.node.GetScene() is not None:
            remove_node(self.node)
