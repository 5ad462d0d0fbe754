"""What a fusion needs from Python, at the moment that it is needed."""

import functools
import importlib.metadata
import importlib.util

from packaging.version import Version
from slicer.i18n import tr as _

from LCDFusionLib.errors import InputError

OLDEST_TORCH = "2.2"


def torchVersion():
    """Version of the installed PyTorch, None where there is none; it is not loaded to find out."""
    try:
        spec = importlib.util.find_spec("torch")
        return _version("torch", spec.origin) if spec is not None else None
    except ModuleNotFoundError:  # of either
        return None


@functools.cache
def _version(package, _place):
    """Of a package, which is asked at each update and takes 10 ms to find."""
    return importlib.metadata.version(package)


def torchProblem():
    """Why PyTorch cannot be used, in a few words; empty where it can."""
    version = torchVersion()
    if version is None:
        return _("PyTorch is not installed")
    if Version(version) < Version(OLDEST_TORCH):
        return _("PyTorch {version} is too old, {oldest} or later is needed").format(version=version, oldest=OLDEST_TORCH)
    return ""


def hasTorch():
    """True where a PyTorch is installed that is not too old."""
    return not torchProblem()


def ensure(widget):
    """Installs what is missing, after asking; True when all is there.

    Raises:
        InputError: it cannot be installed; the sentence says what to do.
    """
    _ensure(widget, "requirements.txt")
    return hasTorch() or installTorch()


def ensureDeidentification(widget):
    """Installs, after asking, what takes a patient out of DICOM files; Slicer does not bring it.

    Raises:
        InputError: it is not there.
    """
    _ensureModule(widget, "dicomanonymizer", "dicom-anonymizer, which de-identifies", "export without", "requirements-deidentify.txt")


def ensurePage(widget):
    """Installs, after asking, what writes the page to keep as PDF; Slicer does not bring it.

    Raises:
        InputError: it is not there.
    """
    _ensureModule(widget, "reportlab", "reportlab, which writes PDF", "export pictures and tables", "requirements-page.txt")


def ensureRegionObjects(widget):
    """Installs, after asking, what writes regions as DICOM; it needs pydicom 3, without which the export itself says so."""
    isNew = Version(importlib.metadata.version("pydicom")) >= Version("3")
    if isNew and importlib.util.find_spec("highdicom") is None:
        _ensure(widget, "requirements-regions.txt")
        importlib.invalidate_caches()


def _ensureModule(widget, module, package, otherwise, file):
    if importlib.util.find_spec(module) is None:
        _ensure(widget, file)
        importlib.invalidate_caches()
    if importlib.util.find_spec(module) is None:
        raise InputError(f"The Python package {package}, is not installed: install it, or {otherwise}.")


def _ensure(widget, file):
    try:
        import slicer.packaging as packaging  # from 5.12 on; no attribute of `slicer` until it is imported
    except ModuleNotFoundError:  # 5.10 brings what a fusion needs
        return
    requirements = packaging.load_requirements(widget.resourcePath(file))
    try:
        packaging.pip_ensure(requirements, requester="LCD Fusion")
    except RuntimeError:  # the person said no
        names = ", ".join(str(requirement) for requirement in requirements)
        raise InputError(f"LCD Fusion needs {names}, which were not installed: click again and let Slicer install them.") from None


def installTorch():
    """Asks, and installs PyTorch through the PyTorch extension, which finds the build for this machine; True when it is there.

    Raises:
        InputError: the PyTorch extension is not installed.
    """
    try:
        from PyTorchUtils import PyTorchUtilsLogic
    except ModuleNotFoundError:
        raise InputError(
            f"{torchProblem()}, and the extension that installs it is missing: install the extension 'PyTorch' in the Extensions Manager, "
            "restart Slicer and fuse again."
        ) from None
    isThere = PyTorchUtilsLogic().installTorch(askConfirmation=True, torchVersionRequirement=f">={OLDEST_TORCH}") is not None
    _version.cache_clear()
    return isThere
