"""Keys for the views, the same as in the browser (`LCDFusionLib.panel.keys`); they are the views' while the panel is shown and nothing else
wants them."""

import time

import qt

from LCDFusionLib.panel.keys import press

from . import views

_STEPS = {"Up": 1, "Right": 1, "Down": -1, "Left": -1, "PgUp": 10, "PgDown": -10, "Home": -(10**6), "End": 10**6}
"""Slices by which a key moves the linked views."""

_ARROWS = {"Left": "ArrowLeft", "Right": "ArrowRight", "Down": "ArrowDown", "Up": "ArrowUp"}
"""The panel calls arrows as browsers do."""

_PASSED_ON = {name: name for name in ("1234567890" + "ASIR")}
_PASSED_ON.update({f"Shift+{qt_name}": f"Shift+{name}" for qt_name, name in _ARROWS.items()})
_PASSED_ON.update({f"Shift+{number}": f"Shift+{number}" for number in range(1, 6)})
"""Keys by Qt's names and the panel's, which says what they do."""

_HOLD_S = 0.25
"""A space bar that is held longer shows the anatomy until it is let go; a tap shows it until the next tap."""

_FIELDS = ("QLineEdit", "QAbstractSpinBox", "QComboBox", "QTextEdit", "QPlainTextEdit", "QAbstractItemView", "QMenu")
"""What is typed in, or walked through with arrows, always has its keys."""

_CONTROLS = ("QAbstractButton", "QAbstractSlider", "QTabBar")
"""What keeps its keys where somebody walked there with Tab; after a click with the mouse the next key is for the views."""


class Keys:
    """Space, digits, letters, arrows, Page Up and Down, Home and End, as shortcuts of the panel.

    Qt asks shortcuts before the widget that has the focus; so they are switched off while that is a field.

    Args:
        widget: the module's widget.
        panel: `LCDFusionLib.panel.panel.Panel`.
    """

    def __init__(self, widget, panel):
        section = panel.review
        self._section, self._release, self._walked = section, None, None
        calls = {key: lambda count=count: section.scroll(count) for key, count in _STEPS.items()}
        calls.update({key: lambda name=name: (press(panel, name), widget._checkCanApply()) for key, name in _PASSED_ON.items()})
        calls["Space"] = self._space
        self._shortcuts = []
        for key, call in calls.items():
            shortcut = qt.QShortcut(widget.parent)
            shortcut.setKey(qt.QKeySequence(key))
            shortcut.context = qt.Qt.ApplicationShortcut  # of all windows of Slicer, but only while the panel is to be seen
            shortcut.autoRepeat = key in _STEPS
            shortcut.connect("activated()", lambda call=call: views.isShown() and call())
            self._shortcuts.append(shortcut)
        qt.QApplication.instance().connect("focusChanged(QWidget*,QWidget*)", self._on_focus)

    def close(self):
        """The module is reloaded, or Slicer ends."""
        qt.QApplication.instance().disconnect("focusChanged(QWidget*,QWidget*)", self._on_focus)
        self._let_go()
        for shortcut in self._shortcuts:
            shortcut.enabled = False
            shortcut.deleteLater()
        self._shortcuts = []

    def _on_focus(self, before, now):
        """Another widget has the focus.

        Somebody walked there with Tab if no mouse is pressed and the widget before is still there: from one that was disabled or hidden Qt
        moves on by itself. With a window, after a dialog or another program, the focus comes back to where it was, however it came there.
        """
        if now is None:
            return
        if before is None or before.window() != now.window():
            walked = now == self._walked
        else:
            walked = qt.QApplication.mouseButtons() == qt.Qt.NoButton and before.enabled and before.visible
            self._walked = now if walked else None
        taken = any(now.inherits(name) for name in (_FIELDS + _CONTROLS if walked else _FIELDS))
        for shortcut in self._shortcuts:
            shortcut.enabled = not taken

    def _space(self):
        self._section.peek()
        self._let_go()
        self._release = _Release(self._let_go, self._section.peek)

    def _let_go(self):
        if self._release is not None:
            self._release.close()
            self._release = None


class _Release(qt.QObject):
    """Waits until the space bar is let go: Qt's shortcuts do not tell."""

    def __init__(self, over, held):
        super().__init__()
        self._over, self._held, self._since = over, held, time.monotonic()
        qt.QApplication.instance().installEventFilter(self)

    def close(self):
        qt.QApplication.instance().removeEventFilter(self)

    def eventFilter(self, _watched, event):
        if event.type() == qt.QEvent.KeyRelease and event.key() == qt.Qt.Key_Space and not event.isAutoRepeat():
            if time.monotonic() - self._since > _HOLD_S:
                self._held()
            self._over()
        return False
