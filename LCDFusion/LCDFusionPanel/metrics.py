"""Metrics of the slice on show, and the plot over all slices."""

import qt
import slicer
import vtk
from slicer.i18n import tr as _

from LCDFusionLib.fusion.readouts import readout_table
from LCDFusionLib.views import layouts
from LCDFusionLib.views.metrics_plot import PLOTTED, MetricsPlot
from LCDFusionLib.views.planes import slice_index

from . import views
from .panel import Panel


class MetricsPanel(Panel):
    """The table follows the scroll; the plot shows where one is."""

    def __init__(self, widget):
        super().__init__(widget)
        self._plot = self._connected = self._shown = None
        self._observed = []
        self.ui.metricsTable.setHorizontalHeaderLabels([_("Metric"), _("Fused"), _("Blend"), _("Of anatomy"), _("Of function")])
        self.ui.metricsTable.verticalHeader().visible = False
        self.ui.metricsTable.verticalHeader().setDefaultSectionSize(22)
        self.ui.metricsTable.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        for readout in PLOTTED:
            self.ui.plottedComboBox.addItem(readout.label)
        self.ui.plottedComboBox.connect("currentIndexChanged(int)", self.onPlotted)
        self.ui.saveMetricsButton.connect("clicked(bool)", self.onSave)

    def update(self):
        result = self.widget.fusion.result
        keys = [readout.key for readout in PLOTTED]
        self.ui.plottedComboBox.currentIndex = keys.index(self.parameters.plotted) if self.parameters.plotted in keys else 0
        self.ui.saveMetricsButton.enabled = result is not None and result.is_complete and not result.is_preview
        self._showPlot(result)
        self.showSlice()

    def arranged(self):
        """The views are there: follow the one that shows the anatomy, and let the plot be clicked."""
        self._forgetViews()
        for name in layouts.LINKED:
            node = layouts.slice_node(slicer.mrmlScene, name)
            if node is not None:
                self._observed.append((node, node.AddObserver(vtk.vtkCommand.ModifiedEvent, self.showSlice)))
        view = views.plotView()
        if view is not None:
            view.connect("dataSelected(vtkStringArray*,vtkCollection*)", self.onPointClicked)
            self._connected = view
        self._shown = None

    def forgetScene(self):
        self._forgetViews()
        if self._plot is not None:
            self._plot.close()
            self._plot = None
        self._fill("", [])

    def close(self):
        self.forgetScene()

    def showSlice(self, _caller=None, _event=None):
        """Writes the metrics of the slice on show into the table, and marks it in the plot."""
        result = self.widget.fusion.result
        if result is None or not result.is_in_scene:
            self._fill("", [])
            return
        index = self._slice(result)
        title = _("Mean over slices") if index is None else result.slice_title(index).capitalize()
        self._fill(title, readout_table(*result.slice_metrics(index)))
        if self._plot is not None:
            self._plot.mark(None if index is None else result.slice_number(index))

    def onPlotted(self, index):
        if self.parameters is not None and 0 <= index < len(PLOTTED):
            self.parameters.plotted = PLOTTED[index].key

    def onPointClicked(self, series_ids, selections):
        """A click on a point of the plot goes to its slice."""
        for n in range(series_ids.GetNumberOfValues()):
            if self._plot is None or not self._plot.is_data(series_ids.GetValue(n)):
                continue
            points = selections.GetItemAsObject(n)
            index = self._plot.slice_of(points.GetValue(0)) if points.GetNumberOfValues() else None
            if index is not None:
                self.widget.review.review.slice = index
                views.draw()
                return

    def onSave(self, _checked=False):
        path = qt.QFileDialog.getSaveFileName(
            None, _("Save metrics"), str(self.parameters.exportFolder / "metrics.csv"), _("Table (*.csv)")
        )
        path = path if isinstance(path, str) else path[0]
        if path:
            self.widget.export.saveMetrics(path)

    def _slice(self, result):
        for name in (layouts.FUSED, layouts.ANATOMY):
            node = layouts.slice_node(slicer.mrmlScene, name)
            if node is not None:
                return slice_index(node, result.gray)
        return None

    def _showPlot(self, result):
        view = layouts.plot_view_node(slicer.mrmlScene)
        shown = None if result is None or view is None or result.is_preview else (result.gray, self.parameters.plotted)
        if shown is None or shown == self._shown:
            return
        self._plot = self._plot or MetricsPlot(slicer.mrmlScene)
        self._plot.show(result, self.parameters.plotted)
        view.SetPlotChartNodeID(self._plot.chart.GetID())
        self._shown = shown

    def _fill(self, title, rows):
        self.ui.sliceLabel.text = title
        table = self.ui.metricsTable
        for row in range(table.rowCount):
            for column in range(table.columnCount):
                text = rows[row][column] if row < len(rows) else ""
                item = table.item(row, column)
                if item is None:
                    item = qt.QTableWidgetItem()
                    table.setItem(row, column, item)
                item.setText(text)

    def _forgetViews(self):
        for node, tag in self._observed:
            node.RemoveObserver(tag)
        self._observed = []
        if self._connected is not None:
            self._connected.disconnect("dataSelected(vtkStringArray*,vtkCollection*)", self.onPointClicked)
            self._connected = None
        self._shown = None
