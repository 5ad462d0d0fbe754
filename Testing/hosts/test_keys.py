"""Keys in the module, pressed as Qt gets them from a keyboard."""

import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

from PySide6 import QtCore, QtWidgets
from PySide6.QtTest import QTest

from LCDFusionLib.panel.choices import AnatomyWindow
from LCDFusionLib.views import layouts
from LCDFusionLib.views.choices import Arrangement

Key = QtCore.Qt.Key


@pytest.fixture
def press(fused_panel):
    """Presses a key, to whatever has the focus: at first a place that is no field."""
    panel, window = fused_panel, fused_panel.module.widget
    panel.ui.readingButton.click()
    window.activateWindow()
    clicked(panel.ui.readingButton)
    panel.widget.panel.views.slice = 3
    panel.idle()

    def press(key, modifiers=QtCore.Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(QtWidgets.QApplication.focusWidget() or window, key, modifiers)
        panel.idle()

    yield press
    panel.widget.panel.views.peek(False)
    clicked(panel.ui.readingButton)


def clicked(widget):
    """The mouse is down on a widget, which gets the focus by it."""
    QTest.mousePress(widget, QtCore.Qt.MouseButton.LeftButton)
    widget.setFocus(QtCore.Qt.FocusReason.MouseFocusReason)
    QTest.mouseRelease(widget, QtCore.Qt.MouseButton.LeftButton)


def test_arrows_scroll_to_the_ends_and_no_further(fused_panel, press):
    for key, index in ((Key.Key_Up, 4), (Key.Key_Right, 5), (Key.Key_Down, 4), (Key.Key_Left, 3), (Key.Key_End, 7), (Key.Key_Up, 7)):
        press(key)
        assert fused_panel.widget.panel.slice == index, key
    press(Key.Key_PageDown)
    assert fused_panel.widget.panel.slice == 0


def test_digits_choose_windows_and_ranges_and_with_shift_arrange(fused_panel, press):
    press(Key.Key_2)
    assert fused_panel.parameters.window is AnatomyWindow.LUNG
    press(Key.Key_1)
    assert fused_panel.parameters.window is AnatomyWindow.MEDIASTINUM
    press(Key.Key_9)
    assert fused_panel.parameters.functionUpper == 15
    press(Key.Key_A)
    assert fused_panel.parameters.functionUpper == 0
    for number, arrangement in (*enumerate(list(Arrangement)[1:4], 1), (0, Arrangement.READING)):
        press((Key.Key_1, Key.Key_2, Key.Key_3, Key.Key_4)[number], QtCore.Qt.KeyboardModifier.ShiftModifier)
        assert fused_panel.parameters.arrangement is arrangement
        assert fused_panel.layout_manager.layout == layouts.LAYOUT_IDS[arrangement]


def test_a_tap_of_space_shows_the_anatomy_until_the_next(fused_panel, press):
    views = fused_panel.widget.panel.views
    press(Key.Key_Space)
    assert views.is_peeked
    press(Key.Key_Space)
    assert not views.is_peeked
    assert not fused_panel.widget.panel.is_fusing, "a button that was clicked before is not clicked by the space bar"


def test_space_that_is_held_shows_it_until_it_is_let_go(fused_panel, press, monkeypatch):
    from LCDFusionPanel import keys

    views, focused = fused_panel.widget.panel.views, QtWidgets.QApplication.focusWidget()
    monkeypatch.setattr(keys, "_HOLD_S", -1.0)  # any press is a long one
    QTest.keyPress(focused, Key.Key_Space)
    fused_panel.idle()
    assert views.is_peeked
    QTest.keyRelease(focused, Key.Key_Space)
    fused_panel.idle()
    assert not views.is_peeked


@pytest.mark.parametrize("field", ["functionUpperSpinBox", "windowComboBox"])
def test_a_field_has_its_keys(fused_panel, press, field):
    widget = getattr(fused_panel.ui, field)
    clicked(widget)
    press(Key.Key_Up)
    press(Key.Key_R)
    assert fused_panel.widget.panel.slice == 3


def test_who_walks_with_tab_keeps_the_keys(fused_panel, press):
    fused_panel.ui.turnButton.setFocus(QtCore.Qt.FocusReason.TabFocusReason)
    press(Key.Key_Space)
    assert fused_panel.ui.turnButton.checked
    assert not fused_panel.widget.panel.views.is_peeked
    press(Key.Key_Space)


def come_back(panel):
    """A dialog opens, and closes: the panel's window is active again."""
    dialog, window = QtWidgets.QDialog(), panel.module.widget
    QtWidgets.QVBoxLayout(dialog).addWidget(QtWidgets.QPushButton("Cancel"))
    dialog.show()
    dialog.activateWindow()
    panel.idle(lambda: dialog.isActiveWindow)
    dialog.close()
    window.activateWindow()
    panel.idle(lambda: window.isActiveWindow)


def test_what_has_the_focus_after_a_dialog_has_the_keys_that_it_had_before(fused_panel, press):
    come_back(fused_panel)
    press(Key.Key_Up)
    assert fused_panel.widget.panel.slice == 4, "after a click, the keys are the views'"
    fused_panel.ui.turnButton.setFocus(QtCore.Qt.FocusReason.TabFocusReason)
    come_back(fused_panel)
    press(Key.Key_Space)
    assert fused_panel.ui.turnButton.checked, "after Tab, the control's"
    press(Key.Key_Space)


def test_a_button_that_is_disabled_after_its_click_gives_the_keys_to_no_other(fused_panel, press):
    """As Preview is while it runs: Qt gives the focus to Fuse, which the space bar would click."""
    fused_panel.ui.previewButton.setFocus()
    fused_panel.ui.previewButton.enabled = False
    try:
        assert fused_panel.ui.fuseButton.hasFocus()
        press(Key.Key_Up)
        assert fused_panel.widget.panel.slice == 4
    finally:
        fused_panel.ui.previewButton.enabled = True


def test_another_module_has_its_own_keys(fused_panel, press):
    fused_panel.module.widget.exit()
    fused_panel.module.widget.hide()
    try:
        QTest.keyClick(fused_panel.module.widget, Key.Key_Up)
        fused_panel.idle()
        assert fused_panel.widget.panel.slice == 3
    finally:
        fused_panel.module.widget.show()
        fused_panel.module.widget.enter()
