"""What is installed is what is written down: requirements, pins, hashes, the list of decisions, the version."""

import re
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from LCDFusionLib import __version__

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10, where pytest brings the same
    import tomli as tomllib

PROJECT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.10", "3.11", "3.12")
OUTSIDE = {"torch", "lcdfusion"}
"""What the lock leaves out; see docs/decisions/0111-locked-packages.md."""


def requirements():
    """Every requirement of the project, its extras' included."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    for text in [*project["dependencies"], *(text for extra in project["optional-dependencies"].values() for text in extra)]:
        yield Requirement(text)


def environment(python):
    return default_environment() | {"python_version": python, "python_full_version": f"{python}.1", "extra": ""}


def holds(requirement, python):
    return requirement.marker is None or requirement.marker.evaluate(environment(python))


@pytest.fixture(scope="module")
def locked():
    """(requirement, hashes) of every entry of the lock."""
    entries = re.split(r"\n(?=\S)", (PROJECT / "requirements.lock").read_text().strip())
    return [(Requirement(entry.split("\\")[0].strip()), re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry)) for entry in entries]


def test_every_package_of_the_lock_has_one_version_and_hashes(locked):
    for requirement, hashes in locked:
        assert hashes, requirement
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement
        assert requirement.url is None


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_is_of_these_requirements(locked, python):
    """`make lock` was run after the last change: each requirement and each version chosen by hand is met, once."""
    versions = {}
    for requirement, _ in locked:
        if holds(requirement, python):
            name = canonicalize_name(requirement.name)
            assert name not in versions, f"{name} twice for Python {python}"
            versions[name] = next(iter(requirement.specifier)).version
    chosen = [Requirement(line) for line in (PROJECT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    named = {canonicalize_name(requirement.name) for requirement in requirements()}
    for requirement in [*requirements(), *chosen]:
        name = canonicalize_name(requirement.name)
        if name in OUTSIDE or not holds(requirement, python):
            continue
        assert name in versions or name not in named, f"{name} is not in requirements.lock: run make lock"
        if name in versions:
            assert requirement.specifier.contains(versions[name], prereleases=True), f"{requirement} but {versions[name]}: run make lock"


def test_every_decision_stands_in_the_list():
    folder = PROJECT / "docs" / "decisions"
    rows = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \| (\d{4}-\d\d-\d\d) \| (.+) \|$", (folder / "README.md").read_text(), re.M)
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [name for _, name, *_ in rows] == files
    numbers = [number for number, *_ in rows]
    for number, name, title, _, status in rows:
        heading = (folder / name).read_text().splitlines()[0]
        assert name.startswith(number)
        assert title in heading, name
        assert status == "accepted" or set(re.findall(r"\d{4}", status)) <= set(numbers), name


def test_one_version_everywhere():
    citation = (PROJECT / "CITATION.cff").read_text()
    assert re.search(r"^version: (\S+)$", citation, re.M)[1] == __version__
