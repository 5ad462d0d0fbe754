"""The module held to what Slicer 5.10, 5.12 and its main branch show to Python: the tables, and who is held to them."""

import ast
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

from emulation import contract

PROJECT = Path(__file__).resolve().parents[2]
HOSTS = PROJECT / "Testing" / "hosts"
TABLES = sorted((HOSTS / "contract").glob("slicer-*.json"))
MODULE = sorted((PROJECT / "LCDFusion").rglob("*.py"))
UI = sorted((PROJECT / "LCDFusion" / "Resources" / "UI").glob("*.ui"))


@pytest.fixture(params=TABLES, ids=lambda file: file.stem)
def one(request):
    """The contract of one version."""
    return contract.Contract(request.param.stem.removeprefix("slicer-"))


def ask(text, **names):
    """What code of the module gets."""
    return eval(compile(text, "probe", "eval"), {"__name__": "LCDFusionProbe", **names})


# The tables


def test_a_header_is_read_as_qts_meta_object_compiler_reads_it():
    sys.path.insert(0, str(HOSTS / "contract"))
    try:
        import headers
    finally:
        sys.path.pop(0)
    text = """
    // class qGhost : public QObject { Q_OBJECT
    class Q_SOME_EXPORT qThing : public QWidget {
      Q_OBJECT
      Q_PROPERTY(QString text READ text WRITE setText NOTIFY textChanged)
      Q_PROPERTY(bool open READ isOpen)
      Q_ENUMS(Mode)
    public:
      enum Mode { First = 0, Second };
      enum Hidden { Nothing };
      explicit qThing(QWidget* parent = nullptr);
      vtkMRMLNode* node() const;   /* plain: Python never sees it */
      Q_INVOKABLE vtkMRMLScene* scene() const { return this->Scene; }
    public slots:
      void setText(const QString& text = QString(), int times = 1);
      virtual void apply(QMap<QString, int> values);
    signals:
      void textChanged(const QString&);
      void chosen(vtkMRMLNode* node, bool on);
    protected slots:
      void secretly();
    private:
      Q_DISABLE_COPY(qThing);
    };
    """
    found = headers.read_classes(text)
    assert found.keys() == {"qThing"}
    facts = found["qThing"].facts()
    assert facts["properties"] == ["open", "text"]
    assert facts["methods"] == ["apply(QMap<QString,int>)", "scene()", "setText()", "setText(QString)", "setText(QString,int)"]
    assert facts["signals"] == ["chosen(vtkMRMLNode*,bool)", "textChanged(QString)"]
    assert facts["enums"] == {"Mode": ["First", "Second"]}
    assert headers.can_be_made(text, "qThing")


def test_the_tables_are_those_of_the_source_trees(tmp_path):
    """Where the trees are at hand, see `derive.py`."""
    sources = ("SLICER_SOURCE", "CTK_SOURCE", "PYTHONQT_SOURCE")
    if any(name not in os.environ for name in sources):
        pytest.skip(f"{', '.join(sources)} do not name source trees")
    made = tmp_path / "table.json"
    subprocess.run([sys.executable, HOSTS / "contract" / "derive.py", made], check=True, timeout=300)
    version = json.loads(made.read_text())["slicer"]
    kept = next((file for file in TABLES if json.loads(file.read_text())["slicer"] == version), None)
    assert kept is not None, f"there is no table of Slicer {version}"
    assert made.read_text() == kept.read_text()


def test_the_tables_know_what_differs_between_the_versions():
    tables = {file.stem: json.loads(file.read_text()) for file in TABLES}
    assert set(tables) == {"slicer-5.10.0", "slicer-5.12.3", "slicer-main"}
    assert [tables[name]["python_packages"]["pydicom"] for name in sorted(tables)] == ["2.4.4", "3.0.2", "3.0.2"]
    assert ["slicer.packaging" in tables[name]["modules"] for name in sorted(tables)] == [False, True, True]
    for table in tables.values():
        assert not {"gdcm", "dicom-anonymizer", "matplotlib", "tqdm", "pynetdicom"} & set(table["python_packages"])


# Who is held to them


def test_a_plain_c_method_is_not_there_for_the_module(fused_panel):
    fused_panel.ui.readingButton.click()
    widget = fused_panel.layout_manager.plotWidget(0)
    assert ask("widget.mrmlPlotViewNode().GetName()", widget=widget)
    assert widget.plotView().series(), "a test may ask for what is the emulation's own"
    with pytest.raises(AttributeError, match=r"qMRMLPlotView has no attribute named 'series' in Slicer 5\.10\.0"):
        ask("view.series()", view=widget.plotView())


def test_a_signal_that_is_not_there_is_refused(fused_panel):
    view = fused_panel.layout_manager.plotWidget(0).plotView()
    with pytest.raises(ValueError, match="has no signal 'dataSelected"):
        view.connect("dataSelected(vtkStringArray*)", print)
    with pytest.raises(ValueError, match="has no signal"):
        fused_panel.ui.fuseButton.connect("pressed(bool)", print)


def test_what_slicer_has_only_after_an_import_is_not_there_before(host):
    with pytest.raises(AttributeError):
        ask("slicer.packaging", slicer=__import__("slicer"))
    slicer_util = sys.modules["slicer.util"]
    assert ask("util.VTKObservationMixin", util=slicer_util)
    slicer_util.onlyInTheEmulation = True
    with pytest.raises(AttributeError, match=r"has no attribute 'onlyInTheEmulation' in Slicer 5\.10\.0"):
        ask("util.onlyInTheEmulation", util=slicer_util)


# The module's text: what no test may happen to run


def chains(tree, *roots):
    """Dotted names that begin with a root, longest first."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            parts, inner = [], node
            while isinstance(inner, ast.Attribute):
                parts.append(inner.attr)
                inner = inner.value
            if isinstance(inner, ast.Name) and inner.id in roots:
                yield [inner.id, *reversed(parts)], node.lineno


@pytest.mark.parametrize("file", MODULE, ids=lambda file: file.name)
def test_every_name_of_qt_ctk_and_slicer_is_there(one, file):
    for (root, name, *more), line in chains(ast.parse(file.read_text()), "qt", "ctk", "slicer"):
        where = f"{file.name}:{line}: {root}.{'.'.join([name, *more])}"
        if name.startswith(("Q", "q", "ctk")):
            assert one.knows(name) or name in one.tables[0]["qt_names"] or name == "Qt", where
            if more and one.knows(name):
                assert one.kind(name, more[0]), where
        elif root == "slicer" and more and f"slicer.{name}" in one.tables[0]["modules"]:
            one.require_in_module(f"slicer.{name}", more[0])
        elif root == "slicer" and more and name == "app":
            one.require("qSlicerApplication", more[0])


def widget_classes():
    return {widget.get("name"): widget.get("class") for file in UI for widget in ElementTree.parse(file).getroot().iter("widget")}


@pytest.mark.parametrize("file", MODULE, ids=lambda file: file.name)
def test_the_panel_sets_properties_and_nothing_else(one, file):
    """PySide lets one set anything on a widget; PythonQt raises AttributeError."""
    classes = widget_classes()
    for node in ast.walk(ast.parse(file.read_text())):
        for target in node.targets if isinstance(node, ast.Assign) else []:
            for each in target.elts if isinstance(target, ast.Tuple) else [target]:
                if match := re.fullmatch(r"self\.(?:widget\.)?ui\.(\w+)\.(\w+)", ast.unparse(each)):
                    assert one.kind(classes[match[1]], match[2]) == "property", f"{file.name}:{node.lineno}: {match[0]}"


@pytest.mark.parametrize("file", UI, ids=lambda file: file.stem)
def test_the_ui_files_name_what_slicer_has(one, file):
    root, classes = ElementTree.parse(file).getroot(), widget_classes()
    for widget in root.iter("widget"):
        name = widget.get("class")
        assert one.tables[0]["classes"][name]["made"], f"Slicer cannot make a {name}"
        for each in widget.findall("property"):
            if each.get("stdset") != "0":
                assert one.kind(name, each.get("name")) == "property", f"{name}.{each.get('name')}"
    for connection in root.iter("connection"):
        one.require_signal(classes[connection.findtext("sender")], connection.findtext("signal"))
        assert one.kind(classes[connection.findtext("receiver")], connection.findtext("slot").split("(")[0]) == "method"


# The module at work, one version at a time


@pytest.mark.parametrize("version", [file.stem.removeprefix("slicer-") for file in TABLES])
def test_a_case_in_each_slicer(version, tmp_path):
    """In a process of its own, with the Python packages that this Slicer brings and without those that none does."""
    pydicom = json.loads((HOSTS / "contract" / f"slicer-{version}.json").read_text())["python_packages"]["pydicom"]
    packages = PROJECT / ".venv" / "slicer-5.10"
    if pydicom == "2.4.4" and not packages.is_dir():
        pytest.skip(f"{packages.name} is not there: `make .venv/.ready-for-tests` makes it")
    paths = [HOSTS / "slicer_python", *([packages] if pydicom == "2.4.4" else [])]
    environment = {**os.environ, "LCDFUSION_CONTRACT": version, "PYTHONPATH": os.pathsep.join(map(str, paths)), "TMPDIR": str(tmp_path)}
    command = [sys.executable, HOSTS / "run_module.py", "--case", PROJECT / "LCDFusion" / "LCDFusion.py"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr, ran.stderr
    assert f"pydicom {pydicom}" in ran.stdout


def test_an_older_slicer_gets_one_sentence(tmp_path):
    code = f"""
import sys
sys.path[:0] = [{str(PROJECT)!r}, {str(HOSTS)!r}]
from emulation import contract, host
from emulation.application import qSlicerApplication
qSlicerApplication.minorVersion = 8
host.start()
before = set(sys.modules)
module = host.Module({str(PROJECT / "LCDFusion" / "LCDFusion.py")!r})
module.open()
import qt
print([label.text for label in module.widget.findChildren(qt.QLabel)])
module.widget.exit(); module.widget.enter(); module.close()
host.Module({str(PROJECT / "LCDFusion" / "DICOMLCDFusionPlugin.py")!r})
print("library:", [name for name in set(sys.modules) - before if name.startswith(("LCDFusionLib.", "LCDFusionPanel"))], flush=True)
import os
os._exit(0)  # what Python and Qt take down after this, the emulation made
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert ran.returncode == 0, ran.stderr
    assert "['LCD Fusion needs 3D Slicer 5.10 or later, and this is 5.8: install a newer 3D Slicer.']" in ran.stdout
    assert "library: ['LCDFusionLib.errors']" in ran.stdout, "its code is for a newer Python"
    assert "Traceback" not in ran.stderr
