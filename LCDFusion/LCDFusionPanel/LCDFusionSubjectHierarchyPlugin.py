"""Right click in the Data module: "Fuse with LCD Fusion".

Slicer reads this file by its path, as a module of its own (qSlicerSubjectHierarchyScriptedPlugin::setPythonSource), and looks for a class
with the name of the file.
"""

import qt
import slicer
import vtk
from AbstractScriptedSubjectHierarchyPlugin import AbstractScriptedSubjectHierarchyPlugin
from slicer.i18n import tr as _


class LCDFusionSubjectHierarchyPlugin(AbstractScriptedSubjectHierarchyPlugin):
    """Owns no items, and offers one action for volumes; what it leaves out Slicer does by default."""

    def __init__(self, scriptedPlugin):
        scriptedPlugin.name = "LCDFusion"
        AbstractScriptedSubjectHierarchyPlugin.__init__(self, scriptedPlugin)
        self._action = qt.QAction(_("Fuse with LCD Fusion"), scriptedPlugin)
        self._action.connect("triggered()", self.onFuse)

    def itemContextMenuActions(self):
        """What the menu may show; Slicer hides all of it before each right click."""
        return [self._action]

    def showContextMenuActionsForItem(self, itemID):
        """Slicer asks this for each item that is selected."""
        from LCDFusionLib.panel.pointed_at import is_input

        node = self._node(itemID) if itemID else None
        if is_input(node, find_file=_find_file):
            self._action.visible = True

    def onFuse(self):
        """Opens the module with the pair that the selected volumes belong to, and fuses it."""
        from LCDFusionLib.panel.pointed_at import is_input

        items = vtk.vtkIdList()
        slicer.qSlicerSubjectHierarchyPluginHandler.instance().currentItems(items)
        nodes = [self._node(items.GetId(n)) for n in range(items.GetNumberOfIds())]
        nodes = [node for node in nodes if is_input(node, find_file=_find_file)]
        if nodes:
            slicer.util.selectModule("LCDFusion")
            slicer.modules.lcdfusion.widgetRepresentation().self().fuseNodes(nodes[:2])

    def _node(self, item):
        return slicer.qSlicerSubjectHierarchyPluginHandler.instance().subjectHierarchyNode().GetItemDataNode(item)


def _find_file(uid):
    database = getattr(slicer, "dicomDatabase", None)
    return database.fileForInstance(uid) if database is not None and database.isOpen else ""
