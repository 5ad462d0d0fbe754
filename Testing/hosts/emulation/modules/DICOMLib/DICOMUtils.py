"""Imports into the emulation's database, and loads out of it, as Modules/Scripted/DICOMLib/DICOMUtils.py does (v5.10.0, and 5.13)."""

import shutil
import tempfile
from pathlib import Path

import slicer


def importDicom(dicomDataDir, dicomDatabase=None, copyFiles=False):
    folder = Path(dicomDataDir)
    kept = Path(tempfile.mkdtemp(prefix="lcdfusion-database-")) if copyFiles else folder
    if copyFiles:
        shutil.copytree(folder, kept, dirs_exist_ok=True)
    (dicomDatabase or slicer.dicomDatabase).add(sorted(kept.rglob("*.dcm")))
    return True


def loadSeriesByUID(seriesUIDs, messages=None, progressCallback=None, enabledPluginClassNames=None):
    """Of each series what is offered with the highest confidence."""
    loadables, _ = getLoadablesFromFileLists([slicer.dicomDatabase.filesForSeries(uid) for uid in seriesUIDs], enabledPluginClassNames)
    selectHighestConfidenceLoadables(loadables)
    return loadLoadables(loadables)


def selectHighestConfidenceLoadables(loadablesByPlugin):
    offers = [loadable for loadables in loadablesByPlugin.values() for loadable in loadables]
    series = [slicer.dicomDatabase.fileValue(loadable.files[0], "0020,000E") for loadable in offers]
    for loadable, uid in zip(offers, series, strict=True):
        highest = max(each.confidence for each, its in zip(offers, series, strict=True) if its == uid)
        loadable.selected = loadable.confidence == highest


def getLoadablesFromFileLists(fileLists, pluginClassNames=None, messages=None, progressCallback=None, pluginInstances=None):
    plugins = [slicer.modules.dicomPlugins[name]() for name in pluginClassNames or slicer.modules.dicomPlugins]
    loadables = {plugin: plugin.examineForImport(fileLists) for plugin in plugins}
    return loadables, any(loadables.values())


def loadLoadables(loadablesByPlugin, messages=None, progressCallback=None):
    """The IDs of all that came into the scene but storage and display nodes."""
    before = _ids()
    for plugin, loadables in loadablesByPlugin.items():
        for loadable in loadables:
            if loadable.selected:
                plugin.load(loadable)
    return [each for each in _ids() if each not in before]


def _ids():
    scene = slicer.mrmlScene
    nodes = [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]
    return [node.GetID() for node in nodes if not node.IsA("vtkMRMLStorageNode") and not node.IsA("vtkMRMLDisplayNode")]
