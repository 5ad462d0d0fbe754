"""Stand-ins for the CTK widgets that the panel uses."""

from PySide6 import QtCore, QtGui, QtWidgets

Signal = QtCore.Signal


def stored(kind, name, default):
    """A Qt property that keeps its value, and tells `_on_<name>` when it changes."""

    def read(self):
        return self.__dict__.get(f"_{name}", default)

    def write(self, value):
        if value != read(self):
            self.__dict__[f"_{name}"] = value
            getattr(self, f"_on_{name}", lambda value: None)(value)

    return QtCore.Property(kind, read, write)


class ctkCollapsibleButton(QtWidgets.QFrame):
    """A titled section; a click on the title opens and closes it."""

    contentsCollapsed = Signal(bool)
    text = stored(str, "text", "")
    collapsed = stored(bool, "collapsed", False)
    TITLE = 24

    def _on_collapsed(self, value):
        self._show_contents()
        self.contentsCollapsed.emit(value)

    def _show_contents(self):
        for child in self.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindChildOption.FindDirectChildrenOnly):
            QtWidgets.QWidget.setVisible(child, not self.collapsed)

    def showEvent(self, event):
        if self.layout() is not None:
            self.layout().setContentsMargins(8, self.TITLE + 6, 8, 8)
        if self.collapsed:
            self._show_contents()

    def sizeHint(self):
        return QtCore.QSize(200, self.TITLE) if self.collapsed else super().sizeHint()

    def minimumSizeHint(self):
        return QtCore.QSize(50, self.TITLE) if self.collapsed else super().minimumSizeHint()

    def mousePressEvent(self, event):
        if event.position().y() <= self.TITLE:
            self.collapsed = not self.collapsed

    def paintEvent(self, event):
        painter = QtGui.QPainter(self)
        area = QtCore.QRect(0, 0, self.width, self.TITLE)
        painter.fillRect(area, QtGui.QColor(222, 226, 232))
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        painter.drawText(area.adjusted(8, 0, 0, 0), QtCore.Qt.AlignmentFlag.AlignVCenter, ("▸  " if self.collapsed else "▾  ") + self.text)


class ctkSliderWidget(QtWidgets.QWidget):
    """A slider with a spin box."""

    valueChanged = Signal(float)
    minimum = stored(float, "minimum", 0.0)
    maximum = stored(float, "maximum", 100.0)
    value = stored(float, "value", 0.0)
    singleStep = stored(float, "singleStep", 1.0)
    decimals = stored(int, "decimals", 2)

    def __init__(self, parent=None):
        super().__init__(parent)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.slider, self.box = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal), QtWidgets.QDoubleSpinBox()
        self.slider.setRange(0, 1000)
        row.addWidget(self.slider, 1)
        row.addWidget(self.box)
        self.slider.valueChanged.connect(lambda n: setattr(self, "value", self.minimum + n / 1000 * (self.maximum - self.minimum)))
        self.box.valueChanged.connect(lambda value: setattr(self, "value", value))

    def _on_minimum(self, value):
        self.box.setMinimum(value)

    def _on_maximum(self, value):
        self.box.setMaximum(value)

    def _on_singleStep(self, value):
        self.box.setSingleStep(value)

    def _on_decimals(self, value):
        self.box.setDecimals(value)

    def _on_value(self, value):
        for widget, shown in ((self.box, value), (self.slider, round(1000 * (value - self.minimum) / (self.maximum - self.minimum or 1)))):
            was_blocked = widget.blockSignals(True)
            widget.setValue(shown)
            widget.blockSignals(was_blocked)
        self.valueChanged.emit(value)


class ctkDirectoryButton(QtWidgets.QPushButton):
    """A button that shows and asks for a folder."""

    directoryChanged = Signal(str)
    directory = stored(str, "directory", ".")

    def _on_directory(self, value):
        self.setText(value)
        self.directoryChanged.emit(value)


WIDGETS = {cls.__name__: cls for cls in (ctkCollapsibleButton, ctkSliderWidget, ctkDirectoryButton)}
