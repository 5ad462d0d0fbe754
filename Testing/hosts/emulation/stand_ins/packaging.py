"""Stand-in for slicer.packaging, which Slicer has from 5.12 on: installs nothing, and refuses what is missing as a person who says no."""

from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from emulation import contract

if not contract.current.has_module(__name__):
    raise ModuleNotFoundError(f"No module named '{__name__}'", name=__name__)


def load_requirements(path):
    lines = (line.split("#")[0].strip() for line in Path(path).read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def pip_ensure(requirements, constraints=None, skip_packages=None, prompt_install=True, prompt_restart=True, requester=None, **_):
    for requirement in requirements:
        try:
            missing = metadata.version(requirement.name) not in requirement.specifier
        except metadata.PackageNotFoundError:
            missing = True
        if missing:
            raise RuntimeError("User declined installation")
