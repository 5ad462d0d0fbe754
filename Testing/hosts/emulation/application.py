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
    """Files by SOP Instance UID, and what Libs/DICOM/Core/ctkDICOMDatabase.cpp lists of them: empty for what it does not know."""

    def __init__(self):
        self.files = {}
        self._headers = {}
        self.isOpen = True

    def add(self, paths):
        for path in paths:
            header = pydicom.dcmread(path, stop_before_pixels=True)
            self.files[str(header.SOPInstanceUID)] = str(path)
            self._headers[str(path)] = header

    def fileForInstance(self, uid):
        return self.files.get(uid, "")

    def instanceForFile(self, path):
        return self.fileValue(path, "0008,0018")

    def fileValue(self, path, tag):
        element = self._headers.get(str(path), {}).get(tuple(int(part, 16) for part in tag.split(",")))
        values = "" if element is None or element.value is None else element.value
        return "\\".join(map(str, values)) if isinstance(values, pydicom.multival.MultiValue) else str(values)

    def patients(self):
        return self._distinct("0010,0020")

    def studiesForPatient(self, patient):
        return self._distinct("0020,000D", "0010,0020", patient)

    def seriesForStudy(self, uid):
        return self._distinct("0020,000E", "0020,000D", uid)

    def instancesForSeries(self, uid):
        return self._distinct("0008,0018", "0020,000E", uid)

    def filesForSeries(self, uid):
        return [self.files[each] for each in self.instancesForSeries(uid)]

    def _distinct(self, wanted, tag="", value=""):
        files = [file for file in self.files.values() if not tag or self.fileValue(file, tag) == value]
        return tuple(dict.fromkeys(self.fileValue(file, wanted) for file in files))  # PythonQt gives a QStringList as a tuple


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
