"""Host emulation: runs an unmodified scripted module and its .ui files on PySide6 and slicer-core, without desktop Slicer.

It is an emulation and never Slicer: MRML, slice logics and displayable managers are real, the Qt widgets of Slicer and CTK are stand-ins.
With the environment variable SLICER_SOURCE naming a Slicer source tree, `ScriptedLoadableModule`, `i18n` and `parameterNodeWrapper` are the
real ones from its Base/Python; otherwise they are stand-ins too.
"""

import importlib.util
import os
import sys
import tempfile
import types
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import slicer
import slicer.util
from PySide6 import QtCore, QtGui, QtWidgets

from LCDFusionLib.mrml.application import Application

from . import contract, hierarchy, pythonqt, ui_loader
from .application import ctkDICOMDatabase, qSlicerApplication, qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget
from .files import qSlicerScriptedFileReader

HERE = Path(__file__).parent


def slicer_source():
    """Base/Python/slicer of the Slicer source tree in SLICER_SOURCE; None where the variable is not set."""
    source = os.environ.get("SLICER_SOURCE")
    return Path(source) / "Base" / "Python" / "slicer" if source else None


def start():
    """The one application of a process."""
    if hasattr(slicer, "app"):
        return slicer.app
    pythonqt.adopt()
    QtWidgets.QApplication.instance() or QtWidgets.QApplication(["host emulation"])
    QtWidgets.QApplication.setStyle("Fusion")
    qt = types.ModuleType("qt")
    for module in (QtCore, QtGui, QtWidgets):
        qt.__dict__.update({name: getattr(module, name) for name in dir(module) if not name.startswith("_")})
    qt.QUiLoader = ui_loader.UiLoader
    ctk = types.ModuleType("ctk")
    for name, cls in ui_loader.STAND_INS.items():
        setattr(ctk if name.startswith("ctk") else slicer, name, cls)
    for name, cls in hierarchy.CLASSES.items():
        setattr(slicer, name, cls)
    # Slicer's own code names classes to compare with; they may be named, but not made.
    ctk.__getattr__ = lambda name: _named_only("ctk", name)
    slicer.__getattr__ = lambda name: _named_only("q", name)
    sys.modules["qt"], sys.modules["ctk"] = qt, ctk
    sys.path.insert(0, str(HERE / "modules"))
    if slicer_source():
        modules = slicer_source().parents[2] / "Modules"
        for place in ("Scripted/SampleData", "Loadable/SubjectHierarchy/Widgets/Python/SubjectHierarchyPlugins"):
            sys.path.insert(0, str(modules / place))
    slicer.__path__.insert(0, str(slicer_source() or HERE / "stand_ins"))
    sys.modules["slicer.util"].__class__ = contract.ContractedModule

    slicer.util.selectModule = lambda name: getattr(slicer.modules, name.lower()).widgetRepresentation().enter()
    world = Application.create()
    cache = slicer.vtkCacheManager()
    cache.SetRemoteCacheDirectory(str(Path(tempfile.gettempdir()) / "lcdfusion-host-cache"))
    world.scene.SetCacheManager(cache)
    for class_name in ("vtkMRMLInteractionNode", "vtkMRMLSelectionNode"):
        node = world.scene.CreateNodeByClass(class_name)
        node.UnRegister(None)
        node.SetSingletonTag("Singleton")
        world.scene.AddNode(node)
    slicer.mrmlScene = world.scene
    slicer.modules = types.SimpleNamespace()
    slicer.dicomDatabase = ctkDICOMDatabase()
    slicer.app = qSlicerApplication(world.logic, world.scene)
    link = slicer.vtkMRMLSliceLinkLogic()
    link.SetMRMLApplicationLogic(world.logic)
    link.SetMRMLScene(world.scene)
    slicer.app.sliceLinkLogic = link
    return slicer.app


class Module:
    """A scripted module, as Slicer finds it in a folder of modules.

    Args:
        file: its .py file.
    """

    def __init__(self, file):
        self.file, self.name = Path(file), Path(file).stem
        if str(self.file.parent) not in sys.path:
            sys.path.append(str(self.file.parent))  # as Slicer does with the folders of its modules
        self.load()
        self.widget = self.area = None

    def load(self):
        """Reads the code and makes the module's object."""
        spec = importlib.util.spec_from_file_location(self.name, self.file)
        self.python = importlib.util.module_from_spec(spec)
        sys.modules[self.name] = self.python
        spec.loader.exec_module(self.python)
        self.parent = qSlicerScriptedLoadableModule(path=str(self.file))
        self.object = getattr(self.python, self.name)(self.parent)
        if (reader := getattr(self.python, f"{self.name}FileReader", None)) is not None:
            slicer.app.coreIOManager().register(qSlicerScriptedFileReader(reader))
        setattr(slicer.modules, self.name.lower(), types.SimpleNamespace(path=str(self.file), widgetRepresentation=lambda: self.widget))

    def open(self):
        """Makes the module's panel and enters it; returns the module's widget."""
        self.widget = qSlicerScriptedLoadableModuleWidget(self)
        self.widget.open()
        self.area = QtWidgets.QScrollArea()  # as in Slicer's module panel
        self.area.setWidgetResizable(True)
        self.area.setWidget(self.widget)
        self.area.resize(490, 1000)
        self.area.show()
        self.widget.enter()
        return self.widget.representation

    def close(self):
        """Unloads the module."""
        if self.widget is not None:
            slicer.app.moduleManager().moduleAboutToBeUnloaded.emit(self.name)
            self.widget.close()
            self.area.deleteLater()  # and the widget with it
            self.widget = self.area = None
            slicer.app.processEvents()


class _NamedOnly(type(QtWidgets.QWidget)):
    def __call__(cls, *_, **__):
        raise RuntimeError(f"the host emulation has no stand-in for {cls.__name__}")


def _named_only(prefix, name):
    if not name.startswith(prefix) or name.startswith("__"):
        raise AttributeError(name)
    return _NamedOnly(name, (QtWidgets.QWidget,), {})
