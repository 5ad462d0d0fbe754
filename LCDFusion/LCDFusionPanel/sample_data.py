"""The digital phantoms as sample data: computed on this machine, for a click in the Sample Data module and for a script."""

import json
from functools import lru_cache
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from LCDFusionLib.images.window import anatomy_window, function_range
from LCDFusionLib.mrml.nodes import image_of, node_from_volume

from .background import wait_for

FILE_TYPE = "LCDFusionPhantom"
RESOURCES = Path(__file__).resolve().parents[1] / "Resources"
_NAMES = {"LCDFusionThorax": "thorax", "LCDFusionHead": "head"}


def register():
    """Adds both phantoms to the Sample Data module.

    A click there asks the source's own downloader, while `SampleData.downloadSample` passes that over and loads what the source's
    addresses name (SampleDataLogic.downloadFromSource, v5.10.0 to 5.13): so a source has both, and its files say which volume to compute.
    """
    import SampleData

    for name, phantom in _NAMES.items():
        files = [RESOURCES / "Phantoms" / f"{name}-{volume}.lcdphantom" for volume in ("anatomy", "function")]
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category="LCDFusion",
            sampleName=name,
            thumbnailFileName=str(RESOURCES / "Icons" / f"{name}.png"),
            uris=[file.as_uri() for file in files],
            fileNames=[file.name for file in files],
            nodeNames=[file.stem for file in files],
            loadFileTypes=[FILE_TYPE] * len(files),
            customDownloader=lambda source=None, phantom=phantom: load(phantom),
        )


def load(name):
    """A phantom's CT or MR and its PET in the scene, computed beside the main thread behind a bar; returns both nodes.

    Raises:
        InputError: it was cancelled.
    """
    images = wait_for(lambda: _images(name), _("Computing the digital phantom"))
    return [node_from_volume(slicer.mrmlScene, volume, image=image, window=window) for volume, image, window in images]


def node_of_file(path):
    """Puts the one volume that a file of this folder's kind names into the scene. The script that asked for it waits meanwhile.

    Raises:
        ValueError: the file names none.
    """
    try:
        asked = json.loads(Path(path).read_text(encoding="utf-8"))
        if asked["phantom"] not in _NAMES.values():
            raise KeyError(asked["phantom"])
        phantom = _kept(asked["phantom"])
        volume = {"anatomy": phantom.anatomy, "function": phantom.function}[asked["volume"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The file '{path}' names no volume of a digital phantom; take it from the Sample Data module.") from error
    if asked["volume"] == "function":  # the last of the two
        _kept.cache_clear()
    return node_from_volume(slicer.mrmlScene, volume)


def _images(name):
    """Both volumes of a phantom, their voxels as nodes hold them, and windows to show them with; may run in any thread."""
    computed = _compute(name)
    shown = (computed.anatomy, anatomy_window(computed.anatomy)), (computed.function, function_range(computed.function))
    return [(volume, image_of(volume.array, copy=False), window) for volume, window in shown]


def _compute(name):
    from LCDFusionLib import phantom  # takes its time to load, and Slicer is starting when this file is

    return getattr(phantom, name)()


_kept = lru_cache(maxsize=1)(_compute)
