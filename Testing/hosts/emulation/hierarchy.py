"""Stand-ins for the right click in Slicer's Data module: plugins written in Python, and their handler."""

import importlib.util
import sys
from pathlib import Path

import slicer
from PySide6 import QtCore

from .contract import Contracted


class qSlicerSubjectHierarchyPluginHandler(Contracted):
    """The one handler; as the tree view, it hides all actions before each right click and asks for each selected item."""

    _one = None

    def __init__(self):
        self._plugins, self._items = [], []

    @classmethod
    def instance(cls):
        cls._one = cls._one or cls()
        return cls._one

    def registerPlugin(self, plugin):
        assert plugin.name, "Slicer refuses a plugin without a name"
        if plugin.name not in [each.name for each in self._plugins]:
            self._plugins.append(plugin)

    def subjectHierarchyNode(self):
        return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)

    def currentItem(self):
        return self._items[0] if len(self._items) == 1 else 0

    def currentItems(self, ids):
        ids.Reset()
        for item in self._items:
            ids.InsertNextId(item)

    def right_click(self, *items):
        """Actions of the menu, by their text."""
        self._items = list(items)
        actions = [action for plugin in self._plugins for action in plugin.python.itemContextMenuActions()]
        for action in actions:
            action.visible = False
        for plugin in self._plugins:
            for item in items:
                plugin.python.showContextMenuActionsForItem(item)
        return {action.text: action for action in actions if action.visible}


class qSlicerSubjectHierarchyScriptedPlugin(QtCore.QObject):
    """Reads a file as a module of its own, and makes the class that is called as the file."""

    def setPythonSource(self, path):
        name = Path(path).stem
        if name not in sys.modules:
            spec = importlib.util.spec_from_file_location(name, path)
            sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
        self.python = getattr(sys.modules[name], name if name.endswith("SubjectHierarchyPlugin") else f"{name}SubjectHierarchyPlugin")(self)
        return True


CLASSES = {cls.__name__: cls for cls in (qSlicerSubjectHierarchyPluginHandler, qSlicerSubjectHierarchyScriptedPlugin)}
