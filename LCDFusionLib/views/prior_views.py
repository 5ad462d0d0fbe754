"""A prior study under the pair of now: its own volumes, moved by the registration, in the same plane, window and range.

The views show copies that share the prior's voxels and lie where both transforms together put them, so that Slicer resamples them once,
for the screen; the prior's own nodes are not touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib.images.color import COLOR_TABLES
from LCDFusionLib.images.volume import LPS_TO_RAS, Volume
from LCDFusionLib.images.window import Window
from LCDFusionLib.mrml.made_with import range_text
from LCDFusionLib.mrml.nodes import ijk_to_ras
from LCDFusionLib.views import layouts
from LCDFusionLib.views.choices import FunctionLook
from LCDFusionLib.views.display import color_table_node, function_colors, measured_range, stored_factor
from LCDFusionLib.views.look import Look
from LCDFusionLib.views.reading_copy import ReadingCopy

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"
RAS = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class PriorStudy:
    """A prior study as it is on show; another object whenever something of it is another.

    Attributes:
        nodes: anatomy and function.
        anatomy: as it was read, where it lies itself.
        function: likewise; regions are measured on these voxels.
        motion: 4x4 in LPS mm, from the prior's world to the one of now; None: not registered.
        label: date and patient.
        days: from it to the pair of now; None where a date is not known.
        is_of_another: it is another patient's, and the person has confirmed it.
        anatomy_window: of its own, where the pair's does not fit it.
        function_window: likewise.
    """

    nodes: tuple[Node, Node]
    anatomy: Volume
    function: Volume
    motion: NDArray[np.float64] | None
    label: str
    days: int | None = None
    is_of_another: bool = False
    anatomy_window: Window | None = None
    function_window: Window | None = None

    def place(self, ras: RAS) -> RAS:
        """Where in the prior's own world a place of now lies; both in RAS mm."""
        if self.motion is None:
            return ras
        r, a, s = (LPS_TO_RAS @ np.linalg.inv(self.motion) @ LPS_TO_RAS @ [*ras, 1.0])[:3].tolist()
        return r, a, s


class PriorViews:
    """Fills the views `layouts.PRIOR`.

    Attributes:
        study: on show; None while none is.
        word: why none is.
    """

    def __init__(self, scene: slicer.vtkMRMLScene) -> None:
        self._scene = scene
        self.study: PriorStudy | None = None
        self.word = ""
        self._anatomy, self._function, self._blend = (ReadingCopy(scene) for _ in range(3))
        self._window: Window | None = None
        self._range: Window | None = None
        self._stored = 1.0

    def show(self, study: PriorStudy | None, look: Look | None) -> None:
        """Shows it as the pair is shown; None takes it off."""
        if study is None or look is None:
            self.close()
            return
        if study is not self.study:
            self._stored = stored_factor(study.nodes[1], study.function)
        self.study = study
        (anatomy, function), moved = study.nodes, self._to_now
        self._range = study.function_window or look.function_window
        self._window = window = study.anatomy_window or look.anatomy_window
        assert window is not None
        uptake = self._in_stored(self._range)
        gray = self._anatomy.show(anatomy, window, "vtkMRMLColorTableNodeGrey", _stored_padding(anatomy, study.anatomy), moved(anatomy))
        padding, place = _stored_padding(function, study.function), moved(function)
        colors = color_table_node(self._scene, COLOR_TABLES[look.table]).GetID()
        alone = self._function.show(function, uptake, function_colors(self._scene, look.function, look.table), padding, place)
        blend = self._blend.show(function, uptake, colors, padding, place)
        layouts.fill(self._scene, layouts.PRIOR_ANATOMY, gray)
        layouts.fill(self._scene, layouts.PRIOR_FUNCTION, alone)
        layouts.fill(self._scene, layouts.PRIOR_BLEND, gray, blend, look.opacity)

    @property
    def displays(self) -> list[slicer.vtkMRMLScalarVolumeDisplayNode]:
        """What a hand changes in these views."""
        return [display for copy in (self._anatomy, self._function, self._blend) if (display := copy.display) is not None]

    def windows_of_hand(self) -> tuple[Window | None, Window | None]:
        """Where a hand has changed window or range in one of the views, the pair is to have them too.

        Returns:
            Window of the anatomy, and range of uptake in the unit fused; None where no hand has changed it, or it is the prior's own.
        """
        if self.study is None or self._range is None or self._window is None:
            return None, None
        gray = _changed([self._anatomy], self._window)
        uptake = _changed([self._function, self._blend], self._in_stored(self._range))
        if uptake is not None:
            self._show_range(Window.from_range(uptake.lower / self._stored, uptake.upper / self._stored))
        return None if self.study.anatomy_window else gray, self._range if uptake and not self.study.function_window else None

    def follow(self, uptake: Window) -> None:
        """The pair has another range by a hand."""
        if self.study is not None and self.study.function_window is None:
            self._show_range(uptake)

    def titles(self) -> dict[str, str]:
        """What stands in each view."""
        study = self.study
        if study is None:
            return {name: f"{layouts.NAMES[name]}\n{self.word}" for name in layouts.PRIOR}
        lines = [study.label]
        lines += ["ANOTHER PATIENT"] if study.is_of_another else []
        lines += ["NOT REGISTERED"] if study.motion is None else []
        titles = {name: "\n".join((layouts.NAMES[name], *lines)) for name in layouts.PRIOR}
        if self._range is not None:
            titles[layouts.PRIOR_FUNCTION] += f"\n{self._range.lower:.3g}-{self._range.upper:.3g} {study.function.unit.value}"
        return titles

    def scales(self, look: Look) -> dict[str, tuple[str, str]]:
        """Table and range of the colours in each view that has some, as `ColorScales.show` takes them."""
        if self.study is None or self._range is None:
            return {}
        colors = look.table, range_text(self._range, self.study.function.unit)
        return {layouts.PRIOR_BLEND: colors} | ({layouts.PRIOR_FUNCTION: colors} if look.function is FunctionLook.COLOR else {})

    @property
    def is_alert(self) -> bool:
        """The titles have to be seen."""
        return self.study is not None and (self.study.is_of_another or self.study.motion is None)

    def close(self) -> None:
        """Empties the views and takes the copies out of the scene."""
        for name in layouts.PRIOR:
            layouts.fill(self._scene, name, None)
        for copy in (self._anatomy, self._function, self._blend):
            copy.close()
        self.study = self._window = self._range = None

    def _show_range(self, uptake: Window) -> None:
        self._range = uptake
        for copy in (self._function, self._blend):
            if copy.display is not None:
                copy.display.SetWindowLevelMinMax(uptake.lower * self._stored, uptake.upper * self._stored)

    def _in_stored(self, uptake: Window) -> Window:
        return Window.from_range(uptake.lower * self._stored, uptake.upper * self._stored)

    def _to_now(self, node: Node) -> NDArray[np.float64]:
        assert self.study is not None
        motion = np.eye(4) if self.study.motion is None else self.study.motion
        return np.asarray(LPS_TO_RAS @ motion @ LPS_TO_RAS @ ijk_to_ras(node))


def _changed(copies: list[ReadingCopy], window: Window) -> Window | None:
    """The window of the copy that is displayed with another one."""
    shown = [Window(display.GetWindow(), display.GetLevel()) for copy in copies if (display := copy.display) is not None]
    return next((each for each in shown if not np.allclose([each.width, each.level], [window.width, window.level])), None)


def _stored_padding(node: Node, volume: Volume) -> NDArray[np.bool_] | None:
    return volume.padding if measured_range(node, volume.padding) is not None else None
