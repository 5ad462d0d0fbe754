"""Metrics of the slice on show, and the plot over all slices."""

import qt
import slicer
from slicer.i18n import tr as _

from LCDFusionLib.views import layouts
from LCDFusionLib.views.metrics_plot import PLOTTED, MetricsPlot

from . import views
from .drawing import Drawing


class MetricsDrawing(Drawing):
    """A table, and Slicer's own plot."""

    def __init__(self, widget, section):
        super().__init__(widget, section)
        self._plot = self._connected = None
        self.ui.metricsTable.setHorizontalHeaderLabels([_("Metric"), _("Fused"), _("Blend"), _("Of anatomy"), _("Of function")])
        self.ui.metricsTable.verticalHeader().visible = False
        self.ui.metricsTable.verticalHeader().setDefaultSectionSize(22)
        self.ui.metricsTable.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        for readout in PLOTTED:
            self.ui.plottedComboBox.addItem(readout.label)
        self.ui.plottedComboBox.connect("currentIndexChanged(int)", self.onPlotted)
        self.ui.saveMetricsButton.connect("clicked(bool)", self.onSave)

    def draw(self, state):
        keys = [readout.key for readout in PLOTTED]
        self.ui.plottedComboBox.currentIndex = keys.index(state.key) if state.key in keys else 0
        self.ui.saveMetricsButton.enabled = state.can_save
        self.ui.sliceLabel.text = _(state.title)
        table = self.ui.metricsTable
        for row in range(table.rowCount):
            for column in range(table.columnCount):
                text = state.rows[row][column] if row < len(state.rows) else ""
                item = table.item(row, column)
                if item is None:
                    item = qt.QTableWidgetItem()
                    table.setItem(row, column, item)
                item.setText(text)
        self._draw_plot(state)

    def listen(self):
        """The plot view is there, and can be clicked."""
        self._forget_view()
        view = views.plotView()
        if view is not None:
            view.connect("dataSelected(vtkStringArray*,vtkCollection*)", self.onPointClicked)
            self._connected = view
        self._drawn = None

    def close(self):
        self._forget_view()
        if self._plot is not None:
            self._plot.close()
            self._plot = None

    def onPlotted(self, index):
        if self.widget.parameters is not None and 0 <= index < len(PLOTTED):
            self.widget.parameters.plotted = PLOTTED[index].key

    def onPointClicked(self, series_ids, selections):
        """A click on a point of the plot goes to its slice."""
        for n in range(series_ids.GetNumberOfValues()):
            points = selections.GetItemAsObject(n)
            if self._plot is not None and self._plot.is_data(series_ids.GetValue(n)) and points.GetNumberOfValues():
                self.section.go_to_row(points.GetValue(0))
                return

    def onSave(self, _checked=False):
        path = qt.QFileDialog.getSaveFileName(
            None, _("Save metrics"), str(self.widget.parameters.exportFolder / "metrics.csv"), _("Table (*.csv)")
        )
        path = path if isinstance(path, str) else path[0]
        if path:
            self.widget.drawings.export.saveMetrics(path)

    def _draw_plot(self, state):
        view = layouts.plot_view_node(slicer.mrmlScene)
        if state.plotted is None or view is None:
            if self._plot is not None:
                self._plot.close()
                self._plot = None
            return
        if self._plot is None:
            self._plot = MetricsPlot(slicer.mrmlScene)
        self._plot.show(state.plotted, state.key)
        self._plot.mark(None if state.marked is None else state.plotted.slice_number(state.marked))
        if view.GetPlotChartNodeID() != self._plot.chart.GetID():
            view.SetPlotChartNodeID(self._plot.chart.GetID())

    def _forget_view(self):
        if self._connected is not None:
            self._connected.disconnect("dataSelected(vtkStringArray*,vtkCollection*)", self.onPointClicked)
            self._connected = None
