"""Stand-ins for `slicer.app`, its module manager, and the DICOM database."""

import tempfile
import types
from pathlib import Path

import pydicom
import slicer
from PySide6 import QtCore, QtWidgets

from . import contract
from .contract import Contracted
from .files import qSlicerIOManager
from .mrml_widgets import qMRMLWidget
from .views import qSlicerLayoutManager


class qSlicerModuleManager(QtCore.QObject):
    moduleAboutToBeUnloaded = QtCore.Signal(str)


class ctkDICOMDatabase(Contracted):
    """Files by SOP Instance UID."""

    def __init__(self):
        self.files = {}
        self.isOpen = True

    def add(self, paths):
        for path in paths:
            self.files[str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)] = str(path)

    def fileForInstance(self, uid):
        return self.files.get(uid, "")


class qSlicerApplication(QtCore.QObject):
    startupCompleted = QtCore.Signal()
    applicationName = "Host emulation"
    majorVersion, minorVersion = (int(part) for part in contract.current.versions[0].split(".")[:2])
    documentationBaseUrl = ""

    def __init__(self, application_logic, scene):
        super().__init__()
        self._application_logic, self._modules = application_logic, qSlicerModuleManager()
        self._layout_manager, self._files = qSlicerLayoutManager(application_logic, scene), qSlicerIOManager()
        self._folder = tempfile.TemporaryDirectory(prefix="lcdfusion-host-")
        self._settings = QtCore.QSettings(str(Path(self._folder.name) / "Slicer.ini"), QtCore.QSettings.Format.IniFormat)

    def applicationLogic(self):
        return self._application_logic

    def layoutManager(self):
        return self._layout_manager

    def coreIOManager(self):
        return self._files

    def moduleManager(self):
        return self._modules

    def processEvents(self, *_):
        QtWidgets.QApplication.processEvents()

    def topLevelWidgets(self):
        return QtWidgets.QApplication.topLevelWidgets()

    def translate(self, context, text):
        return text

    def testingEnabled(self):
        return True

    def settings(self):
        return self._settings

    def userSettings(self):
        return self._settings

    def moduleDocumentationUrl(self, name):
        return ""

    def restart(self):
        raise RuntimeError("the host emulation cannot restart")


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """What a module's widget is put into."""

    def __init__(self, module):
        super().__init__()
        self.moduleObject, self.isEntered, self.representation = module, False, None
        QtWidgets.QVBoxLayout(self)
        self.setMRMLScene(slicer.mrmlScene)

    def self(self):
        return self.representation

    def open(self):
        """Makes the widget of the module."""
        name = self.moduleObject.name
        self.representation = getattr(self.moduleObject.python, f"{name}Widget")(self)
        setattr(slicer.modules, f"{name}Widget", self.representation)
        self.representation.setup()

    def reload(self):
        """What the Reload button does after the code was read again."""
        for child in self.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindChildOption.FindDirectChildrenOnly):
            child.deleteLater()
        self.moduleObject.load()
        self.open()
        if self.isEntered:
            self._call("enter")

    def enter(self):
        self.isEntered = True
        self._call("enter")

    def exit(self):
        self.isEntered = False
        self._call("exit")

    def _call(self, name):
        """A method that a module need not have."""
        getattr(self.representation, name, lambda: None)()


class qSlicerScriptedLoadableModule(Contracted, types.SimpleNamespace):
    """What a module's own class is given."""
