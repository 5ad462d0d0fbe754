"""Imports into the emulation's database."""

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
