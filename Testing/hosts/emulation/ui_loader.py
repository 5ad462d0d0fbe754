"""Reads .ui files as Slicer does: with its widgets, and an error for a widget that there is no stand-in for."""

import xml.etree.ElementTree as ElementTree

from PySide6 import QtCore, QtUiTools

from . import ctk_widgets, mrml_widgets

STAND_INS = {**ctk_widgets.WIDGETS, **mrml_widgets.WIDGETS}


class UiLoader(QtUiTools.QUiLoader):
    def createWidget(self, class_name, parent=None, name=""):
        if class_name in STAND_INS:
            widget = STAND_INS[class_name](parent)
            widget.setObjectName(name)
            return widget
        if class_name not in self.availableWidgets():
            raise RuntimeError(f"the host emulation has no stand-in for {class_name} ('{name}')")
        return super().createWidget(class_name, parent, name)

    def load(self, file):
        root = ElementTree.parse(file.fileName()).getroot()
        unknown = {widget.get("class") for widget in root.iter("widget")} - set(STAND_INS) - set(self.availableWidgets())
        if unknown:  # an exception inside createWidget would be printed and passed over by Qt
            raise RuntimeError(f"the host emulation has no stand-in for {', '.join(sorted(unknown))}")
        receivers = [
            connection.findtext("receiver")
            for connection in root.iter("connection")
            if connection.findtext("slot").startswith("setMRMLScene")
        ]
        for connections in root.findall("connections"):  # QUiLoader knows no qMRML slots
            root.remove(connections)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        widget = super().load(buffer)
        if isinstance(widget, mrml_widgets.qMRMLWidget):
            widget.receivers = receivers
        return widget
