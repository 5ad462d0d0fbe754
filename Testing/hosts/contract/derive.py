"""Derives the table of one Slicer version from source trees. `derive.py TABLE.json`, with the trees in the environment.

    SLICER_SOURCE    github.com/Slicer/Slicer
    CTK_SOURCE       github.com/commontk/CTK at the commit that Slicer's SuperBuild/External_CTK.cmake names
    PYTHONQT_SOURCE  github.com/MeVisLab/pythonqt at the version that CTK's CMakeExternals/PythonQt.cmake is patched from
    QT_PYTHON        a Python with PySide2 5.15 (Debian: python3-pyside2.qtwidgets), for the meta objects of Qt's own classes

A table holds names and signatures only.
"""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from headers import QtClass, can_be_made, made_classes, read_classes, read_decorators

WANTED = """
qMRMLWidget qMRMLNodeComboBox qMRMLCheckableNodeComboBox qMRMLSliceView qMRMLSliceWidget qMRMLPlotView qMRMLPlotWidget
qMRMLThreeDView qMRMLThreeDWidget qMRMLLayoutManager qMRMLSegmentsTableView qMRMLSubjectHierarchyTreeView qMRMLTableView
qSlicerApplication qSlicerLayoutManager qSlicerModuleManager qSlicerAbstractModule qSlicerAbstractCoreModule
qSlicerScriptedLoadableModule qSlicerScriptedLoadableModuleWidget qSlicerAbstractModuleWidget qSlicerDICOMExportable
qSlicerSubjectHierarchyAbstractPlugin qSlicerSubjectHierarchyScriptedPlugin qSlicerSubjectHierarchyPluginHandler
qSlicerIOManager qSlicerUtils ctkCollapsibleButton ctkSliderWidget ctkDirectoryButton ctkDICOMDatabase ctkVTKChartView
ctkPathLineEdit ctkMessageBox ctkErrorLogModel QObject QTimer QSettings QUiLoader QFile QIODevice QEvent QUrl QDesktopServices
QFileDialog QMessageBox QProgressDialog QApplication QAction QMenu QWidget QFrame QLabel QLineEdit QPushButton QToolButton
QCheckBox QComboBox QSpinBox QDoubleSpinBox QSlider QProgressBar QButtonGroup QGroupBox QPlainTextEdit QTextEdit QTableWidget
QTableWidgetItem QHeaderView QAbstractItemView QHBoxLayout QVBoxLayout QGridLayout QFormLayout QSpacerItem QIcon QPixmap QColor
QFont QKeySequence QShortcut QCursor QSize QPoint QRect QByteArray QThread qSlicerScriptedFileReader
""".split()  # noqa: SIM905
"""Classes that the module meets, or may; what they derive from comes along."""

PYTHON_MODULES = {
    "slicer": "Base/Python/slicer/__init__.py",
    "slicer.util": "Base/Python/slicer/util.py",
    "slicer.packaging": "Base/Python/slicer/packaging.py",
    "slicer.i18n": "Base/Python/slicer/i18n.py",
    "slicer.ScriptedLoadableModule": "Base/Python/slicer/ScriptedLoadableModule.py",
    "slicer.parameterNodeWrapper": "Base/Python/slicer/parameterNodeWrapper/__init__.py",
    "DICOMLib": "Modules/Scripted/DICOMLib/__init__.py",
    "DICOMLib.DICOMUtils": "Modules/Scripted/DICOMLib/DICOMUtils.py",
    "DICOMLib.DICOMPlugin": "Modules/Scripted/DICOMLib/DICOMPlugin.py",
    "SampleData": "Modules/Scripted/SampleData/SampleData.py",
    "AbstractScriptedSubjectHierarchyPlugin": (
        "Modules/Loadable/SubjectHierarchy/Widgets/Python/SubjectHierarchyPlugins/AbstractScriptedSubjectHierarchyPlugin.py"
    ),
}

_META_OBJECTS = r"""
import json, os, sys
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from PySide2 import QtCore, QtGui, QtUiTools, QtWidgets
found = {}
def add(cls):
    if cls.__name__ in found or not issubclass(cls, QtCore.QObject):
        return
    meta = cls.staticMetaObject
    base = meta.superClass().className() if meta.superClass() else ""
    methods = [meta.method(n) for n in range(meta.methodOffset(), meta.methodCount())]
    sign = lambda m: bytes(m.methodSignature()).decode()
    enums = [meta.enumerator(n) for n in range(meta.enumeratorOffset(), meta.enumeratorCount())]
    found[cls.__name__] = {
        "base": base,
        "properties": [meta.property(n).name() for n in range(meta.propertyOffset(), meta.propertyCount())],
        "methods": [sign(m) for m in methods if m.methodType() != QtCore.QMetaMethod.Signal and m.access() == QtCore.QMetaMethod.Public],
        "signals": [sign(m) for m in methods if m.methodType() == QtCore.QMetaMethod.Signal],
        "enums": {e.name(): [e.key(k) for k in range(e.keyCount())] for e in enums},
    }
    for each in cls.__bases__:
        if isinstance(each, type) and issubclass(each, QtCore.QObject):
            add(each)
for module in (QtCore, QtGui, QtWidgets, QtUiTools):
    for name in dir(module):
        if isinstance(getattr(module, name), type):
            add(getattr(module, name))
print(json.dumps({"qt": QtCore.qVersion(), "classes": found}))
"""


def main():
    """Writes the table."""
    slicer, ctk, pythonqt = (Path(os.environ[name]) for name in ("SLICER_SOURCE", "CTK_SOURCE", "PYTHONQT_SOURCE"))
    qt_version, classes = qt_classes(pythonqt, os.environ.get("QT_PYTHON", "/usr/bin/python3"))
    names_in_qt = sorted(classes)
    add_headers(classes, [slicer, ctk])
    table = {
        "slicer": version(slicer),
        "qt": qt_version,
        "python_packages": packages(slicer),
        "modules": python_modules(slicer),
        "qt_names": names_in_qt,
        "classes": {name: classes[name].facts() for name in sorted(with_bases(WANTED, classes))},
    }
    Path(sys.argv[1]).write_text(as_text(table))


def qt_classes(pythonqt, python):
    """Qt's own classes: their meta objects, and the methods that PythonQt's generated wrappers add."""
    asked = json.loads(subprocess.run([python, "-c", _META_OBJECTS], check=True, capture_output=True, text=True).stdout)
    classes = {name: QtClass(name, **facts) for name, facts in asked["classes"].items()}
    for header in sorted((pythonqt / "generated_cpp_515").glob("com_trolltech_qt_*/*.h")):
        text = header.read_text(errors="replace")
        add_decorators(classes, text)
        for name, values in re.findall(
            r"class PythonQtWrapper_(\w+) : public QObject\s*\{ Q_OBJECT\s*public:(.*?)public slots:", text, re.DOTALL
        ):
            for enum, keys in re.findall(r"enum (\w+)\s*\{([^}]*)\}", values):
                classes.setdefault(name, QtClass(name)).enums.setdefault(enum, re.findall(r"(\w+)\s*=", keys))
    for source in sorted((pythonqt / "generated_cpp_515").glob("com_trolltech_qt_*/*init*.cpp")):
        for name, base in re.findall(r'registerCPPClass\("(\w+)", "(\w*)"', source.read_text(errors="replace")):
            classes.setdefault(name, QtClass(name)).base = base
    add_decorators(classes, (pythonqt / "src" / "PythonQtStdDecorators.h").read_text(errors="replace"))
    return asked["qt"], classes


def add_headers(classes, trees):
    """The classes of Slicer and CTK, and what their decorators add."""
    headers = [
        path
        for tree in trees
        for path in sorted(tree.rglob("*.h"))
        if path.name.startswith(("qMRML", "qSlicer", "ctk")) and not {"Testing", "Designer", "Plugins", "Templates"} & set(path.parts)
    ]
    texts = {path: path.read_text(errors="replace") for path in headers}
    for path, text in texts.items():
        if "Decorators" not in path.name:
            for name, cls in read_classes(text).items():
                classes.setdefault(name, cls).made = name == path.stem and can_be_made(text, name)
    for path, text in texts.items():
        if "Decorators" in path.name:
            add_decorators(classes, text)


def add_decorators(classes, text):
    """Methods and constructors that decorators give to other classes."""
    for name, signature in read_decorators(text):
        if not signature.startswith("py_q_"):
            classes.setdefault(name, QtClass(name)).methods.append(signature)
    for name in made_classes(text):
        classes.setdefault(name, QtClass(name)).made = True


def with_bases(names, classes):
    """The classes and all that they derive from."""
    found = set()
    for name in names:
        while name and name in classes and name not in found:
            found.add(name)
            name = classes[name].base
    missing = [name for name in names if name not in classes]
    if missing:
        print(f"not in these trees: {' '.join(missing)}", file=sys.stderr)
    return found


def python_modules(slicer):
    """Module -> name -> parameters of a function, methods of a class, or nothing; a module that this Slicer lacks is left out."""
    found = {}
    for module, place in PYTHON_MODULES.items():
        if (slicer / place).is_file():
            found[module] = _names(ast.parse((slicer / place).read_text()).body)
    return found


def _names(body):
    names = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names[node.name] = "(" + ast.unparse(_without_annotations(node.args)) + ")"
        elif isinstance(node, ast.ClassDef):
            names[node.name] = {name: given for name, given in _names(node.body).items() if isinstance(given, str)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update({(alias.asname or alias.name).split(".")[0]: "" for alias in node.names if alias.name != "*"})
        elif isinstance(node, ast.Assign):
            names.update({target.id: "" for target in node.targets if isinstance(target, ast.Name)})
        elif isinstance(node, ast.If | ast.Try):
            names.update(_names(node.body))
    return {name: given for name, given in names.items() if not name.startswith("_") or name == "__init__"}


def _without_annotations(arguments):
    for node in ast.walk(arguments):
        if isinstance(node, ast.arg):
            node.annotation = None
    return arguments


def version(slicer):
    """As SlicerApp reports it."""
    text = (slicer / "CMakeLists.txt").read_text()
    return ".".join(re.search(rf'Slicer_VERSION_{part} "(\d+)"', text)[1] for part in ("MAJOR", "MINOR", "PATCH"))


def packages(slicer):
    """Python packages that Slicer installs, with their versions."""
    found = {}
    for file in sorted((slicer / "SuperBuild").glob("External_python-*.cmake")):
        found.update(re.findall(r"^\s+([A-Za-z][\w.-]*)==([\w.]+)", file.read_text(), re.MULTILINE))
    return found


def as_text(table):
    """JSON with one line for a class or module, so that a difference between versions can be read."""
    lines = []
    for key, value in table.items():
        if isinstance(value, dict) and any(isinstance(each, dict) for each in value.values()):
            inner = ",\n".join(f"  {json.dumps(name)}: {json.dumps(facts)}" for name, facts in value.items())
            lines.append(f" {json.dumps(key)}: {{\n{inner}\n }}")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    main()
