"""Whether a node holds what LCDFusion made: of this scene, or of an earlier day, come back from the DICOM database or a file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import slicer

from LCDFusionLib.dicom import header_of_file, is_fused_header
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import FUSED_KEY, is_fused_file
from LCDFusionLib.mrml.dicom_source import FindFile, dicom_header, no_file
from LCDFusionLib.mrml.nodes import NOTICE_ATTRIBUTE

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"


def is_fused(node: Node, find_file: FindFile = no_file) -> bool:
    """True where the node, the header of its first DICOM image, or the file that it was loaded from says so; reads no voxel.

    A node that a reader of Slicer made has no attribute of ours. Of an NRRD, Slicer's reader for colour keeps the pairs of key and value
    (``vtkMRMLNRRDStorageNode``), that for gray does not (``vtkMRMLVolumeArchetypeStorageNode``).
    """
    if node.GetAttribute(NOTICE_ATTRIBUTE) is not None or node.GetAttribute(FUSED_KEY) is not None:
        return True
    try:
        header = dicom_header(node, find_file)
    except InputError:  # a damaged file: who reads it for the fusion says so
        header = None
    if header is not None:
        return is_fused_header(header)
    storage = node.GetStorageNode()
    file = Path(storage.GetFullNameFromFileName() or "") if storage is not None else Path()
    return file.is_file() and _is_fused_file(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _is_fused_file(file: Path, _modified: int) -> bool:
    try:
        with file.open("rb") as opened:
            is_dicom = opened.read(132)[128:] == b"DICM"
        return is_fused_header(header_of_file(file)) if is_dicom else is_fused_file(file)
    except (InputError, OSError):
        return False
