"""What Slicer has of the module before anybody opens it: sample data, arrangements of the views, a line in the Data module's menu."""

from pathlib import Path

import slicer

from LCDFusionLib.views.layouts import register_layouts

from . import sample_data


def register():
    """To be called once, when Slicer has started."""
    if (manager := slicer.app.layoutManager()) is not None:  # before a saved scene asks for an arrangement
        register_layouts(manager.layoutLogic().GetLayoutNode())
    menu = Path(__file__).with_name("LCDFusionSubjectHierarchyPlugin.py")
    slicer.qSlicerSubjectHierarchyScriptedPlugin(None).setPythonSource(str(menu))
    sample_data.register()
