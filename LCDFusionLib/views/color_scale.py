"""The scale of the colours in a view, those of a fused image too, which no volume on show has: a bar with its unit."""

from __future__ import annotations

from collections.abc import Mapping

import vtk

from LCDFusionLib.images.color import COLOR_TABLES
from LCDFusionLib.views.layouts import FUNCTION, FUSED, PRIOR_BLEND, PRIOR_FUNCTION

_SCALED = (FUNCTION, FUSED, PRIOR_FUNCTION, PRIOR_BLEND)


class ColorScale:
    """A vertical bar at the right of a view; nothing until it is told what to show."""

    def __init__(self, renderer: vtk.vtkRenderer) -> None:
        self._renderer, self._shown = renderer, ("", "")
        self._bar = vtk.vtkScalarBarActor()
        self._bar.SetNumberOfLabels(3)
        self._bar.SetLabelFormat("%.3g")
        self._bar.UnconstrainedFontSizeOn()
        self._bar.SetWidth(0.17)  # room for the unit in a narrow view
        self._bar.SetHeight(0.36)
        self._bar.SetPosition(0.82, 0.52)
        self._bar.SetBarRatio(0.17)
        self._bar.SetVerticalTitleSeparation(6)
        for style in (self._bar.GetLabelTextProperty(), self._bar.GetTitleTextProperty()):
            style.SetColor(1.0, 1.0, 1.0)
            style.SetFontSize(14)
            style.BoldOff()
            style.ItalicOff()
            style.ShadowOn()  # legible on bone too
            style.SetFontFamilyToArial()
        self._bar.VisibilityOff()
        renderer.AddViewProp(self._bar)

    def show(self, table: str, range_text: str) -> None:
        """A table of `COLOR_TABLES` over a range, such as "0 to 10 SUVbw"; "" for either takes the bar away."""
        self._bar.SetVisibility(table in COLOR_TABLES and bool(range_text))
        if (table, range_text) == self._shown or not self._bar.GetVisibility():
            return
        self._shown = table, range_text
        lower, _, rest = range_text.partition(" to ")
        upper, _, unit = rest.partition(" ")
        rgb = COLOR_TABLES[table].rgb
        colors = vtk.vtkLookupTable()
        colors.SetNumberOfTableValues(len(rgb))
        colors.SetTableRange(float(lower), float(upper))
        for index, (red, green, blue) in enumerate(rgb / 255.0):
            colors.SetTableValue(index, red, green, blue, 1.0)
        self._bar.SetLookupTable(colors)
        self._bar.SetTitle("" if unit == "relative" else unit)

    @property
    def text(self) -> str:
        """What it shows, such as "ember, 0 to 10 SUVbw"; "" where nothing."""
        return ", ".join(self._shown) if self._bar.GetVisibility() else ""

    def close(self) -> None:
        """Takes it out of the view."""
        self._renderer.RemoveViewProp(self._bar)


class ColorScales:
    """Those of the function's and of the fused view, now and of a prior study.

    Args:
        renderers: of the views that there are, by layout name.
    """

    def __init__(self, renderers: Mapping[str, vtk.vtkRenderer]) -> None:
        self._scales = {name: ColorScale(renderers[name]) for name in _SCALED if name in renderers}

    def show(self, colors: Mapping[str, tuple[str, str]]) -> None:
        """Table and range of each view, as `ColorScale.show` takes them; a view that is not named has no scale."""
        for name, scale in self._scales.items():
            scale.show(*colors.get(name, ("", "")))

    def text(self, name: str) -> str:
        """What that of a view shows; "" where nothing."""
        return self._scales[name].text

    def close(self) -> None:
        """Takes them out of the views."""
        for scale in self._scales.values():
            scale.close()
