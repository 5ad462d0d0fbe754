"""One metric over all slices, fused against blend, with the slice on show marked."""

from __future__ import annotations

import math

import slicer
import vtk

from LCDFusionLib.fusion.readouts import BLEND_SUFFIX, READOUTS, SOURCE_READOUTS
from LCDFusionLib.mrml.result_nodes import ResultNodes, remove_node

PLOTTED = READOUTS + SOURCE_READOUTS
"""What can be plotted, in the order of the selector."""

_COLORS = {"fused": (0.94, 0.31, 0.18), "blend": (0.35, 0.62, 0.85), "slice": (0.55, 0.55, 0.55)}


def plot_data(result: ResultNodes, key: str) -> tuple[list[int], list[float], list[float]]:
    """Slice numbers as people count them, the metric of the fused slices, and of the blend; NaN where a slice is not fused yet."""
    table = result.metrics.GetTable()
    columns = [table.GetColumnByName(name) for name in ("slice", key, key + BLEND_SUFFIX)]
    numbers, fused, blend = ([column.GetVariantValue(row).ToDouble() for row in range(table.GetNumberOfRows())] for column in columns)
    return [int(number) for number in numbers], fused, blend


class MetricsPlot:
    """A plot chart in the scene that follows the metrics table.

    It is not for keeping: hidden from selectors, and not saved with the scene.

    Attributes:
        chart: what a plot view shows.
    """

    def __init__(self, scene: slicer.vtkMRMLScene) -> None:
        self._scene = scene
        self._result: ResultNodes | None = None
        self._key = READOUTS[0].key
        self.chart = self._add("vtkMRMLPlotChartNode", "LCDFusion metrics")
        self._marker_table = self._add("vtkMRMLTableNode", "LCDFusion slice on show")
        self._series = {name: self._add("vtkMRMLPlotSeriesNode", name) for name in _COLORS}
        for name, series in self._series.items():
            series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
            series.SetColor(*_COLORS[name])
            series.SetLineWidth(2)
            series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
            self.chart.AddAndObservePlotSeriesNodeID(series.GetID())
        self._series["fused"].SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle)
        self._series["fused"].SetMarkerSize(5)
        self._series["slice"].SetLineStyle(slicer.vtkMRMLPlotSeriesNode.LineStyleDash)
        self.chart.SetXAxisTitle("slice")
        self.chart.SetLegendVisibility(True)

    def show(self, result: ResultNodes, key: str) -> None:
        """Plots a metric of a result, by its name in `PLOTTED`."""
        self._result, self._key = result, key
        readout = next(readout for readout in PLOTTED if readout.key == key)
        self.chart.SetTitle(readout.label)
        self.chart.SetYAxisTitle(readout.label)
        for name, column in (("fused", key), ("blend", key + BLEND_SUFFIX)):
            self._series[name].SetAndObserveTableNodeID(result.metrics.GetID())
            self._series[name].SetXColumnName("slice")
            self._series[name].SetYColumnName(column)

    def mark(self, slice_number: int | None) -> None:
        """Marks the slice on show, as people count it; None takes the mark away."""
        table = vtk.vtkTable()
        low, high = self._limits()
        for name, values in (("slice", [slice_number] * 2), ("height", [low, high])):
            column = vtk.vtkDoubleArray()
            column.SetName(name)
            for value in values if slice_number is not None else ():
                column.InsertNextValue(value or 0.0)
            table.AddColumn(column)
        self._marker_table.SetAndObserveTable(table)
        series = self._series["slice"]
        series.SetAndObserveTableNodeID(self._marker_table.GetID())
        series.SetXColumnName("slice")
        series.SetYColumnName("height")

    def slice_of(self, row: int) -> int | None:
        """K of the slice whose point was clicked; None where there is none."""
        if self._result is None or not self._result.is_in_scene or not 0 <= row < self._result.metrics.GetNumberOfRows():
            return None
        return plot_data(self._result, self._key)[0][row] - 1

    def is_data(self, series_id: str) -> bool:
        """True for the series that have a point a slice."""
        return series_id in (self._series["fused"].GetID(), self._series["blend"].GetID())

    def close(self) -> None:
        """Takes the chart out of the scene."""
        for node in (self.chart, *self._series.values(), self._marker_table):
            if node.GetScene() is not None:
                remove_node(node)

    def _limits(self) -> tuple[float, float]:
        if self._result is None or not self._result.is_in_scene:
            return 0.0, 1.0
        _, fused, blend = plot_data(self._result, self._key)
        known = [value for value in (*fused, *blend) if math.isfinite(value)]
        return (min(known), max(known)) if known else (0.0, 1.0)

    def _add(self, class_name: str, name: str) -> slicer.vtkMRMLNode:
        node = self._scene.CreateNodeByClass(class_name)
        node.UnRegister(None)
        node.SetName(name)
        node.SetHideFromEditors(True)
        node.SetSaveWithScene(False)
        return self._scene.AddNode(node)
