"""Metrics of the slice on show, and the plot over all slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trame.widgets import html

from LCDFusionLib.fusion.readouts import READOUTS, readout_table
from LCDFusionLib.views.choices import Arrangement
from LCDFusionLib.views.metrics_plot import PLOTTED, plot_data

from .. import form
from ..plot import metric_plot, place_of, row_at
from .section import Section

if TYPE_CHECKING:
    from ..application import SessionApplication

_HEADINGS = ("Metric", "Fused", "Blend", "Of anatomy", "Of function")


class MetricsSection(Section):
    """The table follows the scroll; the plot shows where one is."""

    def __init__(self, application: SessionApplication) -> None:
        super().__init__(application)
        self._plotted: tuple[object, ...] | None = None

    def build(self) -> None:
        choice, shown = self.application.choices.name, self.application.screen.name
        html.Div("{{ " + shown.slice_title + " || 'Not fused yet' }}", classes="slice-title")
        with html.Table(classes="metrics", v_if=(f"{shown.metrics}.length",)):
            with html.Thead(), html.Tr():
                for heading in _HEADINGS:
                    html.Th(heading)
            with html.Tbody(), html.Tr(v_for=f"(row, n) in {shown.metrics}", key="n", title=(f"{[r.meaning for r in READOUTS]}[n]",)):
                html.Td("{{ value }}", v_for="(value, column) in row", key="column")
        with html.Div(v_if=(f"{shown.plot}.svg && {choice.arrangement} !== '{Arrangement.READING.value}'",)):
            self._build_plot()
        form.check("Write them in the fused view", choice.metrics_in_view, "Write the metrics of the slice in the fused view too")

    def build_large_plot(self) -> None:
        """The plot in its place among the views."""
        shown = self.application.screen.name
        with html.Div(classes="large-plot"):
            with html.Div(v_if=(f"{shown.plot}.svg",), classes="large-plot-inside"):
                self._build_plot()
            html.Div("Metrics of all slices, once they are fused", v_if=(f"!{shown.plot}.svg",), classes="note")

    def _build_plot(self) -> None:
        choice, shown = self.application.choices.name, self.application.screen.name
        form.select(
            "Plot:",
            choice.plotted,
            [{"title": readout.label, "value": readout.key} for readout in PLOTTED],
            "Metric over all slices; click in the plot to go to a slice",
            classes="plotted-select",
        )
        with html.Div(
            classes="plot",
            title="Click to go to a slice",
            click=(self.on_plot, "[$event.offsetX / $event.currentTarget.clientWidth]"),
        ):
            html.Div(v_html=(f"{shown.plot}.svg",))
            html.Div(classes="plot-marker", v_if=(f"{shown.plot}.marker >= 0",), style=("{left: 100 * " + shown.plot + ".marker + '%'}",))
            html.Span("{{ " + shown.plot + ".high }}", classes="plot-high")
            html.Span("{{ " + shown.plot + ".low }}", classes="plot-low")
        with html.Div(classes="plot-legend"):
            html.Span("fused", classes="legend-fused")
            html.Span("blend", classes="legend-blend")

    def update(self) -> None:
        self._plotted = None
        self.show_slice()

    def forget(self) -> None:
        self._plotted = None
        self.screen.metrics, self.screen.plot, self.screen.slice_title = [], {}, ""

    def show_slice(self) -> None:
        """Writes the metrics of the slice on show into the table, and marks it in the plot."""
        with self.application.server.state:
            self._show_slice()

    def _show_slice(self) -> None:
        result, screen = self.application.workflow.result, self.screen
        index = self.application.review.slice
        screen.is_key_slice = index in screen.key_slices
        screen.has_result = result is not None
        if result is None:
            self.forget()
            return
        rows = result.metrics.GetNumberOfRows()
        row = index if not result.is_preview else 0
        title = "Mean over slices" if row is None else result.slice_title(row).capitalize()
        screen.slice_title = title
        screen.metrics = [list(line) for line in readout_table(*result.slice_metrics(row))]
        if result.is_preview:
            screen.plot = {}
            return
        state = (result.gray.GetID(), self.choices.plotted, result.metrics.GetTable().GetMTime())
        if state != self._plotted:
            self._plotted = state
            _numbers, fused, blend = plot_data(result, self.choices.plotted)
            self._plot = metric_plot(fused, blend)
        screen.plot = {**self._plot, "marker": place_of(row, rows) if row is not None else -1} if self._plot else {}

    def on_plot(self, place: float) -> None:
        """A click in the plot goes to its slice."""
        result = self.application.workflow.result
        if result is not None and not result.is_preview:
            self.application.review.slice = row_at(place, result.metrics.GetNumberOfRows())
            self.application.views.draw()
            self.show_slice()
