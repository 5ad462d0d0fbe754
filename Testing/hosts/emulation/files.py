"""Stand-ins for Slicer's readers of files that are written in Python, and for the manager that asks them."""

import fnmatch
import re
from pathlib import Path

import slicer

from .contract import Contracted


class qSlicerScriptedFileReader(Contracted):
    """What a module's `FileReader` is given; as qSlicerScriptedFileReader.cxx, it asks the Python object."""

    def __init__(self, python_class):
        self.loadedNodes = []
        self.python = python_class(self)

    def supportedNameFilters(self, path):
        filters = self.python.extensions()
        assert isinstance(filters, list), "extensions() is expected to return a list of strings"
        return [each for each in filters if any(fnmatch.fnmatch(Path(path).name, one) for one in re.search(r"\((.*)\)", each)[1].split())]


class qSlicerIOManager(Contracted):
    """Readers by their file type."""

    def __init__(self):
        self.readers = {}

    def register(self, reader):
        self.readers[reader.python.fileType()] = reader

    def loadNodes(self, fileType, properties, loadedNodes):
        reader = self.readers.get(fileType)
        if reader is None or not reader.supportedNameFilters(properties["fileName"]):
            return False
        reader.loadedNodes = []
        result = reader.python.load(dict(properties))
        assert isinstance(result, bool), "load() is expected to return a boolean"
        for node_id in reader.loadedNodes:
            loadedNodes.AddItem(slicer.mrmlScene.GetNodeByID(node_id))
        return result
