"""A Python without what Slicer does not bring; Python imports this by itself when it starts with the folder in its path."""

import os
import sys

_NOT_IN_SLICER = {"gdcm", "dicomanonymizer", "matplotlib", "tqdm", "pynetdicom", *os.environ.get("LCDFUSION_ABSENT", "").split(",")}


class _Absent:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in _NOT_IN_SLICER:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


sys.meta_path.insert(0, _Absent)
