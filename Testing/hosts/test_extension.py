"""The extension as the Extensions Index builds it: configured, tested and packaged against a stand-in for a Slicer build tree."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

pytest.importorskip("slicer")
pytest.importorskip("PySide6")

PROJECT = Path(__file__).resolve().parents[2]
HOSTS = PROJECT / "Testing" / "hosts"
PYTHON = sys.executable
KEPT = ("LCDFusion", "LCDFusionLib", "CMakeLists.txt", "README.md", "LICENSE.txt")
MODULES = Path("lib/Slicer-5.11/qt-scripted-modules")


def tool(name):
    path = shutil.which(name, path=Path(sys.prefix, "bin")) or shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def build(source, folder):
    """Configures and packages; gives what cmake and cpack said."""
    configure = [tool("cmake"), "-S", source, "-B", folder, f"-DSlicer_DIR={HOSTS / 'slicer_build'}", f"-DHOST_PYTHON={PYTHON}"]
    configured = subprocess.run([*configure, f"-DHOST_RUNNER={HOSTS / 'run_module.py'}"], capture_output=True, text=True, timeout=120)
    if configured.returncode:
        return configured
    return subprocess.run([tool("cpack")], cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The build tree of the extension's own CMakeLists.txt."""
    folder = tmp_path_factory.mktemp("build")
    packed = build(PROJECT, folder)
    assert packed.returncode == 0, packed.stdout + packed.stderr
    return folder


@pytest.fixture(scope="module")
def package(built, tmp_path_factory):
    """What a user would install, unpacked elsewhere."""
    folder = tmp_path_factory.mktemp("package")
    with tarfile.open(built / "LCDFusion-package.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / MODULES


def files_of(*patterns):
    found = {path.relative_to(PROJECT) for pattern in patterns for path in PROJECT.glob(pattern) if path.is_file()}
    return {path for path in found if "__pycache__" not in path.parts}


def test_nothing_of_the_module_or_its_rooms_is_missing_from_the_package(package):
    packaged = {path.relative_to(package) for path in package.rglob("*") if path.is_file()}
    module = {path.relative_to("LCDFusion") for path in files_of("LCDFusion/**/*") if path.name != "CMakeLists.txt"}
    assert module - packaged == set()
    rooms = ("network", "images", "metrics", "fusion", "dicom", "pipeline", "mrml", "views", "page", "panel", "phantom")
    library = files_of(
        *("LCDFusionLib/*.py", "LCDFusionLib/network/weights/*", "LCDFusionLib/page/fonts/*"),
        *(f"LCDFusionLib/{room}/**/*.py" for room in rooms),
    )
    assert len(library) > 60
    assert library - packaged == set()
    assert not any("training" in path.parts or "cli" in path.parts for path in packaged), "what the module does not use stays out"


def test_ctest_runs_the_self_test_in_the_build_tree(built):
    ran = subprocess.run([tool("ctest"), "--output-on-failure"], cwd=built, capture_output=True, text=True, timeout=500)
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert "100% tests passed, 0 tests failed out of 2" in ran.stdout


def test_on_a_machine_without_pytorch_the_self_test_says_what_it_skips(built):
    environment = {**os.environ, "PYTHONPATH": str(HOSTS / "slicer_python"), "LCDFUSION_ABSENT": "torch"}
    ran = subprocess.run([tool("ctest"), "-V"], cwd=built, env=environment, capture_output=True, text=True, timeout=500)
    assert ran.returncode == 0, ran.stdout[-6000:]
    assert "the fusion is not tested here (PyTorch is not installed)" in ran.stdout


def test_the_package_opens_by_itself(package, tmp_path):
    """Away from the checkout, with the library that lies beside it."""
    command = [sys.executable, HOSTS / "run_module.py", "--open", package / "LCDFusion.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed" in ran.stdout


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("LCDFusion/Resources/UI/Review.ui", "nonexistent file or directory 'Resources/UI/Review.ui'"),
        ("LCDFusion/LCDFusionPanel/views.py", "nonexistent file or directory 'LCDFusionPanel/views.py'"),
        ("LICENSE.txt", "EXTENSION_LICENSE_FILE"),
    ],
)
def test_a_lost_file_stops_the_build(tmp_path, lost, message):
    source = tmp_path / "source"
    source.mkdir()
    for name in KEPT:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, source / name)
    (source / lost).unlink()
    packed = build(source, tmp_path / "build")
    assert packed.returncode != 0
    assert message in " ".join((packed.stdout + packed.stderr).split())  # CMake breaks its lines


@pytest.mark.parametrize(
    ("text", "without", "message"),
    [
        ("project(LCDFusion)", "project(LCDFusion LANGUAGES NONE)", "Mismatch between bitness"),
        ("project(LCDFusion)", "project(LCDFusion LANGUAGES C)", "needs the language CXX"),
    ],
)
def test_what_slicers_own_configuration_checks_is_checked(tmp_path, text, without, message):
    source = tmp_path / "source"
    source.mkdir()
    for name in KEPT:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, source / name)
    lists = source / "CMakeLists.txt"
    assert text in lists.read_text()
    lists.write_text(lists.read_text().replace(text, without))
    configured = build(source, tmp_path / "build")
    assert configured.returncode != 0
    assert message in " ".join((configured.stdout + configured.stderr).split())


@pytest.mark.parametrize("field", ["ICONURL", "SCREENSHOTURLS"])
def test_the_index_reads_the_addresses_of_the_pictures(field):
    """Its own reader (scripts/check_description_files.py, August 2026) takes one quoted string, with spaces between addresses."""
    value = re.findall(rf'^set\(EXTENSION_{field} "([^"\n]+)"\)$', (PROJECT / "CMakeLists.txt").read_text(), re.MULTILINE)
    assert len(value) == 1
    for address in value[0].split():
        assert address.startswith("https://raw.githubusercontent.com/")
        assert (PROJECT / address.split("/main/")[1]).is_file(), address


def test_the_catalogue_entry_is_what_the_index_takes():
    """By the schema of Slicer's extension catalogue, version 1.0.1."""
    entry = json.loads((PROJECT / "LCDFusion.json").read_text())
    allowed = {"$schema", "category", "scm_url", "scm_revision", "scm_type", "build_dependencies", "build_subdirectory", "enabled", "tier"}
    assert {"$schema", "category", "scm_url"} <= set(entry) <= allowed
    assert entry["tier"] == 1, "3 once a person has gone through docs/desktop-checklist.md in real Slicer"
    assert entry["build_dependencies"] == ["PyTorch"]
    assert entry["scm_url"].endswith(".git")


def test_the_icon_has_the_size_that_the_index_asks_for():
    from PIL import Image

    assert Image.open(PROJECT / "LCDFusion.png").size == (128, 128)
