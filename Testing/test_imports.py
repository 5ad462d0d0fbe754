"""Imports run one way, rooms keep to their packages, and nothing heavy is loaded at import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[1] / "LCDFusionLib"

# Room: rooms of ours that it may import. `errors`, `atomic` and the package itself are open to all but network and metrics.
MAY_IMPORT = {
    "network": set(),
    "metrics": set(),
    "decoding": set(),
    "images": {"decoding"},
    "fusion": {"network", "images", "metrics"},
    "mrml": {"images", "fusion", "dicom"},
    "views": {"images", "fusion", "mrml"},
    "page": set(),
    "panel": {"images", "fusion", "dicom", "mrml", "views", "page", "phantom"},
    "dicom": {"decoding", "network", "images", "metrics", "fusion"},
    "pacs": set(),
    "pipeline": {"images", "fusion", "dicom"},
    "phantom": {"images", "dicom"},
    "training": {"network", "images", "metrics", "fusion"},
    "benchmark": {"network", "images", "fusion"},
    "evaluation": {"network", "images", "metrics", "fusion", "phantom", "training"},
    "web": {"images", "metrics", "fusion", "mrml", "views", "panel", "dicom", "phantom", "pacs"},
    "cohort": {"fusion", "dicom", "pipeline"},
    "node": {"cohort", "dicom", "pacs"},
    "cli": {
        "cohort",
        "node",
        "network",
        "images",
        "metrics",
        "fusion",
        "mrml",
        "views",
        "dicom",
        "pacs",
        "pipeline",
        "benchmark",
        "phantom",
        "training",
        "evaluation",
        "web",
    },
}
THIRD_PARTY = {
    "network": {"torch"},
    "metrics": {"torch"},
    "decoding": {"numpy", "pydicom", "SimpleITK"},
    "images": {"numpy", "SimpleITK", "PIL"},
    "fusion": {"numpy", "torch"},
    "mrml": {"numpy", "vtk", "slicer", "pydicom"},
    "views": {"numpy", "vtk", "slicer"},
    "page": {"numpy", "PIL", "reportlab"},
    "panel": {"slicer", "vtk", "pydicom"},
    "dicom": {"numpy", "pydicom", "PIL", "dicomanonymizer", "highdicom"},
    "pacs": {"pydicom", "pynetdicom", "dicomweb_client", "requests"},
    "pipeline": {"numpy", "matplotlib", "PIL"},
    "phantom": {"numpy", "SimpleITK", "pydicom"},
    "training": {"numpy", "torch", "SimpleITK", "matplotlib", "tqdm"},
    "benchmark": {"numpy", "torch", "matplotlib"},
    "evaluation": {"numpy", "torch", "SimpleITK", "matplotlib"},
    "web": {
        "numpy",
        "vtk",
        "vtkmodules",
        "slicer",
        "trame",
        "trame_server",
        "trame_client",
        "trame_slicer",
        "trame_vuetify",
        "trame_rca",
        "wslink",
        "aiohttp",
        "multidict",
        "yarl",
        "PIL",
    },
    "cohort": {"numpy", "pydicom", "PIL", "dask", "distributed", "psutil", "jinja2"},
    "node": {"pydicom", "distributed", "prometheus_client"},
    "cli": {"numpy", "matplotlib", "tqdm"},
}


def imported_modules(file):
    """Absolute names of all modules that a file imports, inside functions too."""
    package = ["LCDFusionLib", *file.relative_to(LIBRARY).parent.parts]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield name
            if name == "LCDFusionLib":
                yield from (f"{name}.{alias.name}" for alias in node.names)


def test_every_room_is_known():
    rooms = {folder.name for folder in LIBRARY.iterdir() if folder.is_dir() and any(folder.glob("*.py"))}
    assert rooms == set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room):
    allowed = {"LCDFusionLib", f"LCDFusionLib.{room}", *(f"LCDFusionLib.{other}" for other in MAY_IMPORT[room])}
    if room not in ("network", "metrics"):
        allowed |= {f"LCDFusionLib.{name}" for name in ("errors", "interrupts", "notes", "DISCLAIMER", "__version__")}
    if room != "metrics":
        allowed |= {"LCDFusionLib.atomic"}
    for file in (LIBRARY / room).rglob("*.py"):
        for name in imported_modules(file):
            top = name.split(".")[0]
            if top == "LCDFusionLib":
                assert ".".join(name.split(".")[:2]) in allowed, f"{file.relative_to(LIBRARY)} imports {name}"
            else:
                assert top in sys.stdlib_module_names | THIRD_PARTY[room], f"{file.relative_to(LIBRARY)} imports {name}"


def files_used():
    """For each module of ours, the others of ours that its file names, within functions and for types, too."""
    files = {}
    for file in LIBRARY.rglob("*.py"):
        parts = file.relative_to(LIBRARY.parent).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    for module, file in files.items():
        package, used = list(file.relative_to(LIBRARY.parent).parent.parts), set()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                used |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                name = ".".join([*base, *([node.module] if node.module else [])])
                used |= {f"{name}.{alias.name}" if f"{name}.{alias.name}" in files else name for alias in node.names}
        yield module, (used & files.keys()) - {module}


def test_no_two_files_need_each_other():
    """The package itself is a door that finds its rooms by name; no room looks through it."""
    uses = {module: used - {"LCDFusionLib"} for module, used in files_used() if module != "LCDFusionLib"}
    while free := {module for module, used in uses.items() if not used & uses.keys()}:
        uses = {module: used for module, used in uses.items() if module not in free}
    while needless := uses.keys() - set().union(*uses.values()):
        uses = {module: used for module, used in uses.items() if module not in needless}
    assert not uses, f"these need each other: {', '.join(sorted(uses))}"


@pytest.mark.parametrize(
    ("module", "must_not_load"),
    [
        ("fusion", "torch"),
        ("mrml.fusing", "torch"),
        ("views.review", "torch"),
        ("panel.workflow", "torch"),
        ("dicom", "torch"),
        ("images", "torch"),
        ("pipeline", "torch"),
        ("cli.fuse", "torch"),
        ("cli.evaluate", "torch"),
        ("web.front", "numpy"),
        ("web.front", "trame"),
        ("panel.panel", "SimpleITK"),
        ("panel.panel", "pydicom.sr"),
    ],
)
def test_nothing_heavy_is_loaded(module, must_not_load):
    """Only the worker process loads torch: a viewer opens at once, and without torch installed. Only sessions load what sessions need."""
    code = f"import sys, LCDFusionLib.{module}; sys.exit('{must_not_load}' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=LIBRARY.parent, timeout=120).returncode == 0


@pytest.mark.parametrize("folder", [LIBRARY / "web" / "app" / "panel", LIBRARY.parent / "LCDFusion" / "LCDFusionPanel"])
def test_hosts_draw_and_decide_nothing(folder):
    """What draws the panel sees its states, words and places of views; nothing that a decision could be made with."""
    may_see = {
        "LCDFusionLib.panel",
        "LCDFusionLib.errors",
        "LCDFusionLib.fusion.readouts",  # names of metrics
        *(f"LCDFusionLib.views.{name}" for name in ("choices", "layouts", "planes", "metrics_plot")),
    }
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.level or not (node.module or "").startswith("LCDFusionLib"):
                continue
            names = [f"{node.module}.{alias.name}" if node.module == "LCDFusionLib.views" else node.module for alias in node.names]
            for name in names:
                assert any(name == seen or name.startswith(f"{seen}.") for seen in may_see), f"{file.name} imports {name}"
