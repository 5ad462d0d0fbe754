"""Metrics of the slice on show, and the plot over all slices."""

from __future__ import annotations

from typing import Any

from trame.widgets import html

from LCDFusionLib.fusion.readouts import READOUTS
from LCDFusionLib.panel.metrics import MetricsSection, MetricsState
from LCDFusionLib.views.choices import Arrangement
from LCDFusionLib.views.metrics_plot import PLOTTED, plot_data

from .. import form
from ..plot import metric_plot, place_of, row_at
from .drawing import Drawing, Shared

_HEADINGS = ("Metric", "Fused", "Blend", "Of anatomy", "Of function")


class MetricsDrawing(Drawing):
    """A table, and a small picture."""

    def __init__(self, shared: Shared, name: str, section: MetricsSection) -> None:
        self._plotted: tuple[object, ...] = ()
        self._plot: dict[str, str] = {}
        super().__init__(shared, name, section)
        self._metrics = section

    def values(self, state: MetricsState) -> dict[str, Any]:
        return {"title": state.title, "rows": [list(row) for row in state.rows], "plot": self._picture(state)}

    def build(self) -> None:
        choice = self.shared.choice
        html.Div("{{ metrics.title }}", classes="slice-title", style="white-space: pre-line")
        with html.Table(classes="metrics", v_if=("metrics.rows.length",)):
            with html.Thead(), html.Tr():
                for heading in _HEADINGS:
                    html.Th(heading)
            with html.Tbody(), html.Tr(v_for="(row, n) in metrics.rows", key="n", title=(f"{[r.meaning for r in READOUTS]}[n]",)):
                html.Td("{{ value }}", v_for="(value, column) in row", key="column")
        with html.Div(v_if=(f"metrics.plot.svg && {choice.arrangement} !== '{Arrangement.READING.value}'",)):
            self._build_plot()
        form.check("Write them in the fused view", choice.metrics_in_view, "Write the metrics of the slice in the fused view too")

    def build_large_plot(self) -> None:
        """The plot in its place among the views."""
        with html.Div(classes="large-plot"):
            with html.Div(v_if=("metrics.plot.svg",), classes="large-plot-inside"):
                self._build_plot()
            html.Div("Metrics of all slices, once they are fused", v_if=("!metrics.plot.svg",), classes="note")

    def _build_plot(self) -> None:
        form.select(
            "Plot:",
            self.shared.choice.plotted,
            [{"title": readout.label, "value": readout.key} for readout in PLOTTED],
            "Metric over all slices; click in the plot to go to a slice",
            classes="plotted-select",
        )
        with html.Div(
            classes="plot",
            title="Click to go to a slice",
            click=(self._on_plot, "[$event.offsetX / $event.currentTarget.clientWidth]"),
        ):
            html.Div(v_html=("metrics.plot.svg",))
            html.Div(classes="plot-marker", v_if=("metrics.plot.marker >= 0",), style=("{left: 100 * metrics.plot.marker + '%'}",))
            html.Span("{{ metrics.plot.high }}", classes="plot-high")
            html.Span("{{ metrics.plot.low }}", classes="plot-low")
        with html.Div(classes="plot-legend"):
            html.Span("fused", classes="legend-fused")
            html.Span("blend", classes="legend-blend")

    def _picture(self, state: MetricsState) -> dict[str, Any]:
        if state.plotted is None:
            return {}
        plotted = (state.plotted, state.key, state.version)
        if plotted != self._plotted:
            self._plotted = plotted
            _numbers, fused, blend = plot_data(state.plotted, state.key)
            self._plot = metric_plot(fused, blend)
        rows = state.plotted.metrics.GetNumberOfRows()
        return {**self._plot, "marker": place_of(state.marked, rows) if state.marked is not None else -1} if self._plot else {}

    def _on_plot(self, place: float) -> None:
        plotted = self._metrics.state.plotted
        if plotted is not None:
            self._metrics.go_to_row(row_at(place, plotted.metrics.GetNumberOfRows()))
