"""Stand-ins for `slicer.app`, its module manager, and the DICOM database."""

import types

import pydicom
import slicer
from PySide6 import QtCore, QtWidgets

from .mrml_widgets import qMRMLWidget
from .views import LayoutManager


class ModuleManager(QtCore.QObject):
    moduleAboutToBeUnloaded = QtCore.Signal(str)


class DicomDatabase:
    """ctkDICOMDatabase: files by SOP Instance UID."""

    def __init__(self):
        self.files = {}
        self.isOpen = True

    def add(self, paths):
        for path in paths:
            self.files[str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)] = str(path)

    def fileForInstance(self, uid):
        return self.files.get(uid, "")


class Application(QtCore.QObject):
    """qSlicerApplication."""

    startupCompleted = QtCore.Signal()
    applicationName = "Host emulation"
    documentationBaseUrl = ""

    def __init__(self, application_logic, scene):
        super().__init__()
        self._application_logic, self._modules = application_logic, ModuleManager()
        self._layout_manager = LayoutManager(application_logic, scene)

    def applicationLogic(self):
        return self._application_logic

    def layoutManager(self):
        return self._layout_manager

    def moduleManager(self):
        return self._modules

    def processEvents(self, *_):
        QtWidgets.QApplication.processEvents()

    def translate(self, context, text):
        return text

    def testingEnabled(self):
        return True

    def settings(self):
        return QtCore.QSettings("lcdfusion-host-emulation", "settings")

    userSettings = settings

    def moduleDocumentationUrl(self, name):
        return ""

    def restart(self):
        raise RuntimeError("the host emulation cannot restart")


class ModuleWidget(qMRMLWidget):
    """qSlicerScriptedLoadableModuleWidget: what a module's widget is put into."""

    def __init__(self, module):
        super().__init__()
        self.module, self.isEntered, self.representation = module, False, None
        QtWidgets.QVBoxLayout(self)
        self.setMRMLScene(slicer.mrmlScene)

    def open(self):
        """Makes the widget of the module."""
        name = self.module.name
        self.representation = getattr(self.module.python, f"{name}Widget")(self)
        setattr(slicer.modules, f"{name}Widget", self.representation)
        self.representation.setup()

    def reload(self):
        """What the Reload button does after the code was read again."""
        for child in self.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindChildOption.FindDirectChildrenOnly):
            child.deleteLater()
        self.module.load()
        self.open()
        if self.isEntered:
            self.representation.enter()

    def enter(self):
        self.isEntered = True
        self.representation.enter()

    def exit(self):
        self.isEntered = False
        self.representation.exit()


class ModuleParent(types.SimpleNamespace):
    """qSlicerScriptedLoadableModule: what a module's own class is given."""
