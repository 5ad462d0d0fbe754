"""Stand-ins for the qMRML widgets that the panel uses, on real MRML nodes."""

import slicer
from PySide6 import QtCore, QtWidgets

from .ctk_widgets import stored


class qMRMLWidget(QtWidgets.QWidget):
    """A widget with a scene. It hands its scene on to exactly those widgets that the .ui file connects."""

    mrmlSceneChanged = QtCore.Signal(object)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene, self.receivers = None, []

    def setMRMLScene(self, scene):
        self._scene = scene
        self.mrmlSceneChanged.emit(scene)
        for name in self.receivers:
            for widget in self.findChildren(QtWidgets.QWidget, name):
                widget.setMRMLScene(scene)

    def mrmlScene(self):
        return self._scene


class qMRMLNodeComboBox(QtWidgets.QWidget):
    """A selector of nodes of some classes."""

    currentNodeChanged = QtCore.Signal(object)
    nodeTypes = stored("QStringList", "nodeTypes", [])
    noneEnabled = stored(bool, "noneEnabled", False)
    addEnabled = stored(bool, "addEnabled", True)
    removeEnabled = stored(bool, "removeEnabled", True)
    showChildNodeTypes = stored(bool, "showChildNodeTypes", True)

    def __init__(self, parent=None):
        super().__init__(parent)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.box = QtWidgets.QComboBox()
        row.addWidget(self.box)
        self._scene, self._node, self._observed = None, None, []
        self.box.activated.connect(self._activated)

    def setMRMLScene(self, scene):
        for subject, tag in self._observed:
            subject.RemoveObserver(tag)
        events = (slicer.vtkMRMLScene.NodeAddedEvent, slicer.vtkMRMLScene.NodeRemovedEvent, slicer.vtkMRMLScene.EndCloseEvent)
        self._scene = scene
        self._observed = [(scene, scene.AddObserver(event, lambda *_: self._refresh())) for event in events] if scene else []
        self._refresh()

    def nodes(self):
        """What can be chosen."""
        found = []
        for class_name in self.nodeTypes if self._scene else []:
            for n in range(self._scene.GetNumberOfNodesByClass(class_name)):
                node = self._scene.GetNthNodeByClass(n, class_name)
                if (
                    (self.showChildNodeTypes or node.GetClassName() in self.nodeTypes)
                    and not node.GetHideFromEditors()
                    and node not in found
                ):
                    found.append(node)
        return found

    def currentNode(self):
        return self._node

    def setCurrentNode(self, node):
        if node is not None and node not in self.nodes():
            node = None
        if node is not self._node:
            self._node = node
            self.currentNodeChanged.emit(node)
        self._refresh()

    def _refresh(self):
        nodes = self.nodes()
        self.box.blockSignals(True)
        self.box.clear()
        if self.noneEnabled:
            self.box.addItem("None", None)
        for node in nodes:
            self.box.addItem(node.GetName(), node.GetID())
        if self._node is not None and self._node not in nodes:
            self._node = None
            self.currentNodeChanged.emit(None)
        if self._node is None and not self.noneEnabled and nodes:
            self._node = nodes[0]
            self.currentNodeChanged.emit(nodes[0])
        self.box.setCurrentIndex(max(0, self.box.findData(self._node.GetID() if self._node else None)))
        self.box.blockSignals(False)

    def _activated(self, index):
        node_id = self.box.itemData(index)
        self.setCurrentNode(self._scene.GetNodeByID(node_id) if node_id else None)


WIDGETS = {cls.__name__: cls for cls in (qMRMLWidget, qMRMLNodeComboBox)}
