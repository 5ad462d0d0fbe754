"""The function wherever it is on show: its own view, the blend, the projection, with one range of uptake and one scale."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import slicer

from LCDFusionLib.images.color import COLOR_TABLES
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.made_with import range_text
from LCDFusionLib.views import layouts
from LCDFusionLib.views.choices import FunctionLook
from LCDFusionLib.views.display import function_colors, measured_range, show_function, stored_factor
from LCDFusionLib.views.look import Look
from LCDFusionLib.views.projection import ProjectionView
from LCDFusionLib.views.reading_copy import ReadingCopy

_LEAST_OF_RANGE = 0.005  # of the hottest voxel; a hand cannot make the range smaller

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"


class FunctionViews:
    """How the function is shown; which view shows what is the review's.

    Attributes:
        node: the function's node; None where none is on show.
        volume: the function as it is fused.
        shown: what its own view shows: `node`, or a copy with a display of its own.
        projection: the turning projection; None without the view, and for a colour function.
    """

    def __init__(self, scene: slicer.vtkMRMLScene) -> None:
        self._scene = scene
        self.node: Node | None = None
        self.volume: Volume | None = None
        self.shown: Node | None = None
        self.projection: ProjectionView | None = None
        self._reading_copy = ReadingCopy(scene)
        self._stored = 1.0
        self._range: Window | None = None

    def take(self, node: Node, volume: Volume) -> None:
        """Another function, or the same with other voxels or in another place: nothing of the old one stays."""
        if node is not self.node or volume is not self.volume:
            self.close()
        self.node, self.volume = node, volume

    def show(self, look: Look) -> None:
        """Shows it with another look."""
        assert self.node is not None
        self._stored = stored_factor(self.node, self.volume)
        self._show_range(look, look.function_window)
        base = slicer.vtkMRMLAbstractViewNode
        for name in (layouts.FUNCTION, layouts.PRIOR_FUNCTION, *(copy for copy, of in layouts.BASE.items() if of == layouts.FUNCTION)):
            view = layouts.slice_node(self._scene, name)
            if view is not None:  # yellow on white is not legible
                view.SetRulerColor(base.RulerColorBlack if look.function is FunctionLook.INVERSE_GRAY else base.RulerColorYellow)

    @property
    def range(self) -> Window | None:
        """On show, in the unit that is fused; None where there is none, as of a colour function."""
        display = self.shown.GetDisplayNode() if self.shown is not None and self.shown.GetScene() is not None else None
        if display is None or self.volume is None or self.volume.is_color:
            return None
        shown = Window(display.GetWindow(), display.GetLevel())
        return Window.from_range(shown.lower / self._stored, shown.upper / self._stored)

    def colors(self, look: Look) -> tuple[str, str]:
        """Table and range of its colours, in the blend; "" where it has none."""
        return (look.table, range_text(self.range, self.volume.unit)) if self.range is not None and self.volume is not None else ("", "")

    def scale(self, look: Look) -> tuple[str, str]:
        """The same of its own view, where it is in colour: the range of grays stands in the title."""
        return self.colors(look) if look.function is FunctionLook.COLOR else ("", "")

    def follow(self, uptake: Window) -> None:
        """A hand has set another range where the prior is on show."""
        if self.shown is not None and self.range is not None:
            self.shown.GetDisplayNode().SetWindowLevelMinMax(uptake.lower * self._stored, uptake.upper * self._stored)

    def range_of_hand(self, look: Look) -> float | None:
        """Where the mouse has changed the window of the function, its upper end is the new one everywhere, and the lower stays 0.

        Returns:
            The upper end, in the unit that is fused; None where no hand has changed it.
        """
        shown, before = self.range, self._range
        if shown is None or before is None or self.volume is None:
            return None
        if np.isclose(shown.lower, before.lower, atol=1e-6 * shown.width) and np.isclose(shown.upper, before.upper):
            return None
        upper = max(shown.upper, _LEAST_OF_RANGE * self.volume.range[1])
        upper = float(f"{upper:.2g}") if upper < 10 else float(round(upper))  # numbers that people would type
        self._show_range(look, Window.from_range(0, upper))
        return upper

    def close(self) -> None:
        """Takes everything that is not for keeping out of the scene."""
        self._reading_copy.close()
        if self.projection is not None:
            self.projection.close()
        self.shown = self.projection = self.node = self.volume = self._range = None

    def _show_range(self, look: Look, uptake: Window) -> None:
        assert self.node is not None
        self._range, table = uptake, COLOR_TABLES[look.table]
        stretched = Window.from_range(uptake.lower * self._stored, uptake.upper * self._stored)
        padding = self.volume.padding if self.volume is not None else None
        measured = measured_range(self.node, padding)
        show_function(self.node, stretched, table, measured=measured)
        colors = function_colors(self._scene, look.function, look.table)
        self.shown = self.node
        if look.function is not FunctionLook.COLOR:
            self.shown = self._reading_copy.show(self.node, stretched, colors, padding if measured is not None else None)
        self._show_projection(uptake, colors)

    def _show_projection(self, uptake: Window, colors: str) -> None:
        volume = self.volume
        if layouts.slice_node(self._scene, layouts.PROJECTION) is None or volume is None or volume.is_color:
            return
        if self.projection is None:
            self.projection = ProjectionView(self._scene, volume, uptake, colors=colors)
        else:
            self.projection.show(uptake, colors)
