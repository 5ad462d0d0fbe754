"""Regions: SUVmax, SUVmean, SUVpeak and volume at the crosshair, with the place that they were measured at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from LCDFusionLib.mrml.inputs import Node
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.on_show import OnShow
from LCDFusionLib.panel.section import Section
from LCDFusionLib.views.planes import layer_at
from LCDFusionLib.views.regions import measure_isocontour, measure_sphere, place_text, region_text, remove_region, show_region

RAS = tuple[float, float, float]


class RegionKind(Enum):
    """How a region is found."""

    SPHERE = "sphere"
    ISOCONTOUR = "isocontour"


@dataclass(frozen=True)
class RegionsState:
    """What the section shows.

    Attributes:
        can_measure: both buttons can be clicked.
        tip: of both, where they cannot: why.
        text: the readouts, and where they were measured; "" before.
    """

    can_measure: bool = False
    tip: str = ""
    text: str = ""


@dataclass(frozen=True)
class _Measured:
    kind: RegionKind
    size: float
    place: RAS
    key: OnShow


class RegionsSection(Section):
    """One region, of the pair on show; measured again where the function lies otherwise now."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = RegionsState()
        self._measured: _Measured | None = None
        self._text = ""

    def update(self) -> None:
        measured = self._measured
        if measured is not None and measured.key.pair != self.on_show.pair:
            self._clear()
        elif measured is not None and measured.key.transforms != self.on_show.transforms:
            if self.core.workflow.function is None:
                self._clear()
            else:
                self._measure(measured.kind, measured.size, measured.place)
        self.moved()

    def moved(self) -> None:
        tip = self._why_not()
        self.state = RegionsState(can_measure=not tip, tip=tip, text=self._text)

    def forget(self) -> None:
        self._clear()
        self.state = RegionsState()

    def sphere(self) -> None:
        """Measures in a sphere round the crosshair."""
        self._measure_at_crosshair(RegionKind.SPHERE, self.choices.region_radius)

    def isocontour(self) -> None:
        """Measures the lesion at the crosshair."""
        self._measure_at_crosshair(RegionKind.ISOCONTOUR, self.choices.isocontour)

    def _why_not(self) -> str:
        function, views = self.core.workflow.function, self.core.views
        if function is None or not views.is_open:
            return "Show a CT or MR and a PET or SPECT first"
        if function.is_color:
            return "A colour image of a PET holds no values that could be measured"
        if views.plane.crosshair is None:
            return "Place the crosshair first: click in a view, or move the mouse with Shift"
        return ""

    def _measure_at_crosshair(self, kind: RegionKind, size: float) -> None:
        place = self.core.views.plane.crosshair
        if self._why_not() or place is None:
            self._text = f"{self._why_not()}."
        else:
            self._measure(kind, size, place)
            self.core.host.draw_views()
        self.moved()
        self.core.host.show()

    def _measure(self, kind: RegionKind, size: float, place: RAS) -> None:
        function, anatomy = self.core.workflow.function, self.choices.anatomy
        assert function is not None
        self._clear()
        self._measured = _Measured(kind, size, place, self.on_show)
        how: Callable = measure_sphere if kind is RegionKind.SPHERE else measure_isocontour
        with self.problems_are_said(self._say):
            uptake, region = how(function, place, size if kind is RegionKind.SPHERE else size / 100)
            self.core.views.outline(show_region(self.core.scene, function, region))
            what = f"Sphere of {size:g} mm" if kind is RegionKind.SPHERE else f"Isocontour of {size:g} %"
            x, y, z = uptake.maximum_at
            hottest = (-x, -y, z)
            self._say(
                f"{region_text(uptake)}\n{what} at{_slice_text(anatomy, place)} {place_text(place)}; "
                f"maximum in{_slice_text(anatomy, hottest)} {place_text(hottest)}"
            )

    def _clear(self) -> None:
        self._measured, self._text = None, ""
        self.core.views.outline(None)
        remove_region(self.core.scene)

    def _say(self, text: str) -> None:
        self._text = text


def _slice_text(anatomy: Node | None, ras: RAS) -> str:
    index = layer_at(anatomy, ras) if anatomy is not None else None
    return "" if index is None else f" slice {index + 1},"
