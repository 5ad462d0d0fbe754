"""Regions: sphere and isocontour at the crosshair."""

from __future__ import annotations

from trame.widgets import html

from LCDFusionLib.panel.regions import RegionsSection

from .. import form
from .drawing import Drawing, Shared


class RegionsDrawing(Drawing):
    """Two sizes, two buttons, and the readouts."""

    def __init__(self, shared: Shared, name: str, section: RegionsSection) -> None:
        super().__init__(shared, name, section)
        self._sphere, self._isocontour = section.sphere, section.isocontour

    def build(self) -> None:
        choice = self.shared.choice
        with form.row("Region:", "SUVmax, SUVmean, SUVpeak and volume in a sphere round the crosshair (Shift and mouse move it)"):
            form.number("Radius of the sphere", choice.region_radius, low=1, high=100, unit="mm")
            with html.Div(title=("regions.tip || 'Radius at the left'",)):  # a disabled button has no tooltip of its own
                form.button("Sphere", self._sphere, disabled=("!regions.can_measure",), classes="sphere-button")
        with form.row("", "The same for the lesion at the crosshair, by a part of its maximum"):
            form.number("Isocontour, part of the maximum", choice.isocontour, low=1, high=99, unit="%")
            with html.Div(title=("regions.tip || 'Part of the maximum that belongs to the lesion, at the left'",)):
                form.button("Isocontour", self._isocontour, disabled=("!regions.can_measure",), classes="isocontour-button")
        html.Div("{{ regions.text }}", v_if=("regions.text",), classes="region-text", style="white-space: pre-line")
