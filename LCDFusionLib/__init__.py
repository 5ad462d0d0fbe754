"""LCDFusion: fusion of anatomy (CT, MR) and function (PET, SPECT) volumes. Not a medical device.

What a script needs is here, and loaded only when it is asked for::

    from LCDFusionLib import FusionSettings, fuse

    result = fuse("study/CT", "study/PT", FusionSettings(window="lung"))
    result.write("result")

The rooms import one way only::

    decoding  <-  network, images, metrics  <-  fusion
    fusion  <-  dicom, mrml, views, panel, pacs, phantom, training  <-  pipeline, evaluation  <-  hosts
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from LCDFusionLib.errors import InputError
    from LCDFusionLib.fusion import FusionSettings
    from LCDFusionLib.pipeline import FusionCancelled, Progress, Result, fuse

__version__ = "0.1.0"

DISCLAIMER = "Research software, not a medical device: not for diagnostic use."

__all__ = ["DISCLAIMER", "FusionCancelled", "FusionSettings", "InputError", "Progress", "Result", "__version__", "fuse"]

logging.getLogger(__name__).addHandler(logging.NullHandler())  # a library is silent where nobody listens

_ROOMS = {
    "FusionCancelled": "pipeline",
    "FusionSettings": "fusion",
    "InputError": "errors",
    "Progress": "pipeline",
    "Result": "pipeline",
    "fuse": "pipeline",
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(import_module(f"LCDFusionLib.{_ROOMS[name]}"), name)
    raise AttributeError(f"module 'LCDFusionLib' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
