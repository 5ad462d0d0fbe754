"""What a fusion needs from Python, at the moment that it is needed."""

import importlib.util

import slicer

from LCDFusionLib.errors import InputError

TORCH = ">=2.2"
NO_PYTORCH_EXTENSION = (
    "PyTorch is missing, and so is the extension that installs it: install the extension 'PyTorch' in the Extensions Manager, restart "
    "Slicer and fuse again."
)


def hasTorch():
    """True where PyTorch is installed; it is not loaded to find out."""
    return importlib.util.find_spec("torch") is not None


def ensure(widget):
    """Installs what is missing, after asking; True when all is there.

    Raises:
        InputError: it cannot be installed; the sentence says what to do.
    """
    packaging = getattr(slicer, "packaging", None)
    if packaging is not None and hasattr(packaging, "pip_ensure"):
        requirements = packaging.load_requirements(widget.resourcePath("requirements.txt"))
        packaging.pip_ensure(requirements, requester="LCD Fusion")
    return hasTorch() or installTorch()


def installTorch():
    """Asks, and installs PyTorch through the PyTorch extension, which finds the build for this machine; True when it is there.

    Raises:
        InputError: the PyTorch extension is not installed.
    """
    try:
        from PyTorchUtils import PyTorchUtilsLogic
    except ModuleNotFoundError:
        raise InputError(NO_PYTORCH_EXTENSION) from None
    return PyTorchUtilsLogic().installTorch(askConfirmation=True, torchVersionRequirement=TORCH) is not None
