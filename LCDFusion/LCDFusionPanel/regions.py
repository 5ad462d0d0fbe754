"""Regions: what measures at the crosshair, the table of what was measured, and all that is known of the selected one."""

import qt
from slicer.i18n import tr as _

from LCDFusionLib.panel import prior_regions
from LCDFusionLib.panel.measured import COLUMNS

from .drawing import Drawing


class RegionsDrawing(Drawing):
    """Buttons at the crosshair, and a row for each region."""

    def __init__(self, widget, section):
        super().__init__(widget, section)
        self._buttons = {
            self.ui.sphereButton: section.sphere,
            self.ui.isocontourButton: section.isocontour,
            self.ui.thresholdButton: section.threshold,
            self.ui.liverButton: section.liver,
            self.ui.bloodButton: section.blood,
        }
        self._tips = [button.toolTip for button in self._buttons]
        for button, call in self._buttons.items():
            self.on_click(button, call)
        table = self.ui.regionsTable
        table.verticalHeader().visible = False
        table.verticalHeader().setDefaultSectionSize(22)
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.ResizeToContents)
        table.connect("cellClicked(int,int)", self.onRow)
        self.on_click(self.ui.removeRegionButton, lambda: section.remove(self._key))
        self.ui.regionNameLineEdit.connect("editingFinished()", self.onName)
        self._key = ""

    def draw(self, state):
        for button, tip in zip(self._buttons, self._tips, strict=True):
            button.enabled, button.toolTip = state.can_measure, _(state.tip) or tip
        table, columns = self.ui.regionsTable, (*COLUMNS, *(prior_regions.COLUMNS if state.prior else ()))
        table.columnCount = len(columns)
        table.setHorizontalHeaderLabels([_(column) for column in columns])
        table.rowCount = len(state.rows)
        for number, row in enumerate(state.rows):
            for column, text in enumerate((*row.values, *row.prior)):
                item = table.item(number, column)
                if item is None:
                    item = qt.QTableWidgetItem()
                    table.setItem(number, column, item)
                item.setText(text)
            if row.is_selected:
                table.selectRow(number)
        chosen = next((row for row in state.rows if row.is_selected), None)
        self._key = chosen.key if chosen is not None else ""
        self.ui.regionNameLineEdit.text = chosen.name if chosen is not None else ""
        self.ui.regionNameLineEdit.enabled = self.ui.removeRegionButton.enabled = chosen is not None
        self.ui.referencesLabel.text = "\n".join(filter(None, (state.prior, state.references, state.note)))
        self.ui.referencesLabel.visible = bool(self.ui.referencesLabel.text)
        self.ui.regionLabel.text = state.text

    def onRow(self, row, _column):
        """A click in the table goes there."""
        if row < len(self.section.state.rows):
            self.section.go_to(self.section.state.rows[row].key)

    def onName(self):
        """A name was written."""
        if self._key:
            self.section.rename(self._key, self.ui.regionNameLineEdit.text)
