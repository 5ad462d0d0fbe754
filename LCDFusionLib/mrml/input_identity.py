"""Which data a volume node holds, so that it is known again elsewhere: by its DICOM instances, else by its voxels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer

from LCDFusionLib.mrml.dicom_source import PART_ATTRIBUTE, FindFile, dicom_header, instance_uids
from LCDFusionLib.mrml.nodes import voxels


@dataclass(frozen=True)
class InputIdentity:
    """One input of a reading.

    Attributes:
        checksum: SHA-256 of the SOP Instance UIDs (and which part of them), or of the voxels; alone decides whether data are the same.
        is_dicom: of which of the two.
        size: columns, rows, slices.
        name: as people call it; "" where it must not be said.
        series: Series Instance UID; "" where there is none, or it must not be said.
        file: that it was read from, where it is no DICOM and that is known; "" likewise.
    """

    checksum: str
    is_dicom: bool
    size: tuple[int, int, int]
    name: str = ""
    series: str = ""
    file: str = ""

    @classmethod
    def of(cls, node: slicer.vtkMRMLVolumeNode, find_file: FindFile, *, names: bool = True) -> InputIdentity:
        """Of a node that has voxels.

        Args:
            node: the volume.
            find_file: of the host.
            names: False where neither name, UID nor file may be said.
        """
        uids = instance_uids(node)
        size = tuple(node.GetImageData().GetDimensions())
        known = cls(_of_instances(node) if uids else _of_voxels(node), bool(uids), size)
        if not names:
            return known
        header = dicom_header(node, find_file) if uids else None
        series = str(header.get("SeriesInstanceUID") or "") if header is not None else ""
        storage = node.GetStorageNode()
        file = (storage.GetFileName() or "") if storage is not None and not uids else ""
        return cls(known.checksum, known.is_dicom, size, node.GetName(), series, file)

    def is_of(self, node: slicer.vtkMRMLVolumeNode) -> bool:
        """True where the node holds these very data."""
        if tuple(node.GetImageData().GetDimensions()) != self.size or bool(instance_uids(node)) is not self.is_dicom:
            return False
        return self.checksum == (_of_instances(node) if self.is_dicom else _of_voxels(node))

    def is_of_instances(self, uids: Sequence[str], part: str) -> bool:
        """True where the data are these DICOM instances, or this part of their volumes (see `PART_ATTRIBUTE`)."""
        return self.is_dicom and self.checksum == _checksum(uids, part)

    def find(self, scene: slicer.vtkMRMLScene) -> slicer.vtkMRMLVolumeNode | None:
        """The volume of a scene that holds these very data; None where none does."""
        nodes = [scene.GetNthNodeByClass(n, "vtkMRMLVolumeNode") for n in range(scene.GetNumberOfNodesByClass("vtkMRMLVolumeNode"))]
        there = [node for node in nodes if node.GetImageData() is not None and not node.GetHideFromEditors()]
        return next((node for node in there if self.is_of(node)), None)

    @property
    def text(self) -> str:
        """What it is called in a sentence."""
        columns, rows, slices = self.size
        where = self.series or Path(self.file).name
        return f"'{self.name}'" + (f" ({where})" if where else "") if self.name else f"a volume of {slices} slices of {columns}x{rows}"


def _of_instances(node: slicer.vtkMRMLVolumeNode) -> str:
    return _checksum(instance_uids(node), node.GetAttribute(PART_ATTRIBUTE) or "")


def _checksum(uids: Sequence[str], part: str) -> str:
    return hashlib.sha256("\n".join((*sorted(uids), part)).encode()).hexdigest()


def _of_voxels(node: slicer.vtkMRMLVolumeNode) -> str:
    """The same for the same numbers, whether they are held as integers or not."""
    found = hashlib.sha256()
    for layer in voxels(node):  # a slice at a time: a copy of all would not fit beside them
        found.update(np.ascontiguousarray(layer, dtype="<f4").tobytes())
    return found.hexdigest()
