"""Metrics of the slice on show, and over all slices."""

from __future__ import annotations

from dataclasses import dataclass

from LCDFusionLib.fusion.readouts import readout_table
from LCDFusionLib.mrml.result_nodes import ResultNodes
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.section import Section


@dataclass(frozen=True)
class MetricsState:
    """What the section shows.

    Attributes:
        title: which slice, of what.
        rows: a metric each: label, fused, blend, of anatomy, of function.
        key: name, in `PLOTTED`, of the metric that is plotted.
        plotted: whose metrics are plotted over all slices; None for no plot.
        version: another one whenever those metrics are.
        marked: row of `plotted` on show; None in another plane.
        can_save: the metrics can be written to a file.
    """

    title: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    key: str = ""
    plotted: ResultNodes | None = None
    version: int = 0
    marked: int | None = None
    can_save: bool = False


class MetricsSection(Section):
    """The table follows the scroll; the plot shows where one is."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = MetricsState()

    def update(self) -> None:
        self.moved()

    def moved(self) -> None:
        image, images = self.core.image, self.core.workflow.images
        can_save = self.core.whole is not None
        whole = next((each.nodes for each in images if each.nodes.is_in_scene and not each.nodes.is_preview), None)
        version = whole.metrics.GetTable().GetMTime() if whole is not None else 0
        index = self.core.slice
        marked = whole.row_of(index) if whole is not None else None
        title = "Not fused yet" if images or self.core.workflow.plan is not None else ""
        if index is None and whole is not None:
            title = "The blend stands in this plane until all slices are fused"
        rows: tuple[tuple[str, ...], ...] = ()
        if image is not None:
            row = image.nodes.row_of(index)
            if title := image.nodes.title(row):
                note = f"\n{image.note}" if image.note and not image.nodes.is_preview else ""
                title = title[0].upper() + title[1:] + note
                rows = tuple(readout_table(*image.nodes.slice_metrics(row)))
        self.state = MetricsState(title, rows, self.choices.plotted, whole, version, marked, can_save)

    def forget(self) -> None:
        self.state = MetricsState()

    def go_to_row(self, row: int) -> None:
        """A click in the plot goes to that slice."""
        if self.state.plotted is not None:
            self.core.views.slice = self.state.plotted.slices[row]
            self.core.host.draw_views()
