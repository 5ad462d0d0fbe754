"""A lint over the .ui files: what Slicer needs of them and Qt Designer does not ask for."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

MODULE = Path(__file__).resolve().parents[2] / "LCDFusion"
FILES = sorted((MODULE / "Resources" / "UI").glob("*.ui"))
BOUND = {"QComboBox", "QCheckBox", "QSpinBox", "QDoubleSpinBox", "ctkSliderWidget", "ctkDirectoryButton", "qMRMLNodeComboBox"}
# The choices of the first are the metrics; the panel keeps it in step with the parameter `plotted`. The others are of one pair alone.
NOT_BOUND = {"plottedComboBox", "mismatchCheckBox", "priorComboBox", "priorCheckBox"}


def widgets(file):
    return [
        (widget, {p.get("name"): "".join(p.itertext()).strip() for p in widget.findall("property")}) for widget in root(file).iter("widget")
    ]


def root(file):
    return ElementTree.parse(file).getroot()


def test_the_files_are_those_that_the_module_loads():
    source = (MODULE / "LCDFusion.py").read_text()
    loaded = re.search(r'for name in \(("Inputs", [^)]+)\)', source)[1]
    assert {f'"{file.stem}"' for file in FILES} == set(loaded.split(", "))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_top_is_a_qmrml_widget_named_as_the_file(file):
    top = root(file).find("widget")
    assert (top.get("class"), top.get("name")) == ("qMRMLWidget", file.stem)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_node_selector_gets_the_scene(file):
    connections = {
        (c.findtext("sender"), c.findtext("signal"), c.findtext("receiver"), c.findtext("slot")) for c in root(file).iter("connection")
    }
    for widget, _ in widgets(file):
        if widget.get("class").startswith("qMRML") and widget.get("class") != "qMRMLWidget":
            wanted = (file.stem, "mrmlSceneChanged(vtkMRMLScene*)", widget.get("name"), "setMRMLScene(vtkMRMLScene*)")
            assert wanted in connections, f"{widget.get('name')} would stay empty in Slicer"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_bound_widget_names_a_parameter_that_exists(file):
    parameters = set(re.findall(r"^    (\w+): ", (MODULE / "LCDFusionPanel" / "parameters.py").read_text(), re.MULTILINE))
    for widget, properties in widgets(file):
        if widget.get("class") in BOUND and widget.get("name") not in NOT_BOUND:
            assert properties.get("SlicerParameterName") in parameters, f"{widget.get('name')} is bound to no parameter"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_whatever_can_be_clicked_has_a_tooltip(file):
    for widget, properties in widgets(file):
        if widget.get("class") in BOUND | {"QPushButton", "QToolButton"}:
            assert properties.get("toolTip"), f"{widget.get('name')} has no tooltip"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_enum_names_are_those_that_qt_5_reads_too(file):
    """`Qt::Vertical`, not `Qt::Orientation::Vertical`: Qt 5.15, with which Slicer 5.10 and 5.12 are built, reads that as -1, all flags."""
    for value in [*root(file).iter("enum"), *root(file).iter("set")]:
        for name in value.text.split("|"):
            assert re.fullmatch(r"Q\w+::\w+", name), name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_qt_5_15_reads_what_qt_6_reads(file):
    """Every property that the file sets, as both make it of the file."""
    read = [read_with(python, binding, file) for python, binding in (("/usr/bin/python3", "PySide2"), (sys.executable, "PySide6"))]
    assert read[0], "nothing was read"
    assert read[0] == read[1]


def read_with(python, binding, file):
    code = f"""
import json, os, sys
import xml.etree.ElementTree as ElementTree
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from {binding} import QtCore, QtUiTools, QtWidgets
application = QtWidgets.QApplication([])
top = QtUiTools.QUiLoader().load(QtCore.QFile({str(file)!r}))
found = {{}}
for widget in ElementTree.parse({str(file)!r}).getroot().iter("widget"):
    made = top if top.objectName() == widget.get("name") else top.findChild(QtWidgets.QWidget, widget.get("name"))
    for each in widget.findall("property"):
        try:
            value = made.property(each.get("name"))
        except RuntimeError:  # PySide6 cannot convert every set of flags this way
            value = getattr(made, each.get("name"))()
        if each[0].tag in ("enum", "set") and value is not None:
            value = int(getattr(value, "value", value))
        if isinstance(value, (int, float, str)):
            found[widget.get("name") + "." + each.get("name")] = value
print(json.dumps(found))
"""
    if not Path(python).is_file() or subprocess.run([python, "-c", f"import {binding}.QtUiTools"], capture_output=True).returncode:
        pytest.skip(f"{python} has no {binding} (Debian: python3-{binding.lower()}.qtuitools)")
    ran = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_names_are_unique_over_all_files():
    names = [widget.get("name") for file in FILES for widget, _ in widgets(file) if not widget.get("name").startswith("label_")]
    assert len(names) == len(set(names))


def test_every_parameter_has_a_widget_or_a_reason():
    parameters = re.findall(r"^    (\w+): ", (MODULE / "LCDFusionPanel" / "parameters.py").read_text(), re.MULTILINE)
    bound = {properties.get("SlicerParameterName") for file in FILES for _, properties in widgets(file)}
    shown_otherwise = {"fusedColor", "fusedGray", "metrics", "arrangement", "plotted", "keySlices", "priorAnatomy", "priorFunction"}
    assert set(parameters) - bound - shown_otherwise == set()


@pytest.mark.parametrize("file", [*sorted(MODULE.rglob("*.py")), *FILES], ids=lambda file: file.name)
def test_files_of_the_module_stay_short(file):
    assert len(file.read_text().splitlines()) < 400
