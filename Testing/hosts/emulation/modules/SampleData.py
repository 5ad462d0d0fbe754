"""Stand-in for the Sample Data module: what is registered, and how a click and how a script gets it.

With SLICER_SOURCE the real one takes its place. Both find that a source's own downloader is asked by a click, and by nothing else.
"""

import logging
import urllib.request
from pathlib import Path

import slicer
import vtk

from emulation.contract import ContractedModule


class SampleDataSource:
    def __init__(self, *, sampleName, uris, fileNames, nodeNames, loadFileTypes, customDownloader, thumbnailFileName):
        lists = {"uris": uris, "fileNames": fileNames, "nodeNames": nodeNames, "loadFileTypes": loadFileTypes}
        if len({len(each) for each in lists.values()}) != 1:
            raise ValueError(f"All fields of sample data source must have the same length: {lists}")
        self.sampleName, self.customDownloader, self.thumbnailFileName = sampleName, customDownloader, thumbnailFileName
        self.__dict__.update(lists)


class SampleDataLogic:
    @staticmethod
    def registerCustomSampleDataSource(*, category, **source):
        registered = slicer.modules.__dict__.setdefault("sampleDataSources", {}).setdefault(category, [])
        if source["sampleName"] not in [each.sampleName for each in registered]:
            registered.append(SampleDataSource(**source))

    def downloadSamples(self, name):
        for sources in slicer.modules.sampleDataSources.values():
            for source in sources:
                if source.sampleName == name:
                    return self.downloadFromSource(source)
        return []

    def downloadFromSource(self, source):
        cache = Path(slicer.mrmlScene.GetCacheManager().GetRemoteCacheDirectory())
        cache.mkdir(parents=True, exist_ok=True)
        nodes = []
        for uri, file, name, kind in zip(source.uris, source.fileNames, source.nodeNames, source.loadFileTypes, strict=True):
            for _attempt in range(3):
                urllib.request.urlretrieve(uri, cache / file)
                loaded = vtk.vtkCollection()
                if slicer.app.coreIOManager().loadNodes(kind, {"fileName": str(cache / file), "name": name}, loaded):
                    nodes.append(loaded.GetItemAsObject(0))
                    break
                logging.error("Load failed!")
        return nodes


def downloadSample(sampleName):
    return downloadSamples(sampleName)[0]


def downloadSamples(sampleName):
    return SampleDataLogic().downloadSamples(sampleName)


import sys  # noqa: E402

sys.modules[__name__].__class__ = ContractedModule
