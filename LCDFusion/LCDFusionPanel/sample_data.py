"""The digital phantoms as sample data: computed on this machine, for a click in the Sample Data module and for a script."""

import json
from functools import lru_cache
from pathlib import Path

from slicer.i18n import tr as _

from LCDFusionLib.panel import phantoms

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
    return [phantoms.put(*each) for each in wait_for(lambda: phantoms.compute_shown(name), _("Computing the digital phantom"))]


def node_of_file(path):
    """Puts the one volume that a file of this folder's kind names into the scene. The script that asked for it waits meanwhile.

    Raises:
        ValueError: the file names none.
    """
    try:
        asked = json.loads(Path(path).read_text(encoding="utf-8"))
        if asked["phantom"] not in _NAMES.values():
            raise KeyError(asked["phantom"])
        anatomy, function = _kept(asked["phantom"])
        volume = {"anatomy": anatomy, "function": function}[asked["volume"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"The file '{path}' names no volume of a digital phantom; take it from the Sample Data module.") from error
    if asked["volume"] == "function":  # the last of the two
        _kept.cache_clear()
    return phantoms.put(volume)


_kept = lru_cache(maxsize=1)(phantoms.compute)
