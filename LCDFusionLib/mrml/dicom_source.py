"""The DICOM files that a volume node was loaded from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import slicer
import vtk
from pydicom.dataset import Dataset

from LCDFusionLib.dicom import SeriesSource, header_of_file, read_source, series_of_files
from LCDFusionLib.images.volume import LPS_TO_RAS
from LCDFusionLib.mrml.nodes import hierarchy_item

FindFile = Callable[[str], str]
"""From SOP Instance UID to file, "" where it is not known: ``slicer.dicomDatabase.fileForInstance`` on the desktop."""


PART_ATTRIBUTE = "LCDFusion.SeriesPart"
"""Of a volume node: which volume of a series that holds several, in one file or in many (`Series.part_key`)."""


def no_file(uid: str) -> str:
    """`FindFile` of a host without a DICOM database."""
    return ""


def dicom_source(node: slicer.vtkMRMLVolumeNode, find_file: FindFile) -> SeriesSource | None:
    """The series that the node was loaded from; None where it did not come from DICOM, or its files are gone.

    Args:
        node: loaded by a DICOM reader of Slicer, which writes the instance UIDs to the node's subject hierarchy item.
        find_file: of the host.

    Raises:
        InputError: the files are damaged, or do not form a volume.
    """
    return SourceFiles.of(node, find_file).read()


@dataclass(frozen=True)
class SourceFiles:
    """Which files a node was loaded from: asked of the scene and of the host's database, which belong to the main thread. To read them
    takes seconds, and may be done in another.

    Attributes:
        paths: in the order of the node's instances; "" where a file is not known.
        part: `PART_ATTRIBUTE`.
    """

    paths: tuple[str, ...]
    part: str = ""

    @classmethod
    def of(cls, node: slicer.vtkMRMLVolumeNode, find_file: FindFile) -> SourceFiles:
        """Those of a node."""
        return cls(tuple(find_file(uid) for uid in instance_uids(node)), node.GetAttribute(PART_ATTRIBUTE) or "")

    @property
    def unread(self) -> int:
        """How many headers `read` would have to look into."""
        return 0 if not self.paths or not all(self.paths) or self in _kept or self in _seen else len(self.paths)

    @property
    def there(self) -> tuple[str, ...]:
        """The files; empty where the node did not come from DICOM, or one of them is gone."""
        return self.paths if all(self.paths) and all(Path(file).is_file() for file in self.paths) else ()

    @property
    def kept(self) -> SeriesSource | None:
        """What `keep_source` has of them; reads no file."""
        return _kept.get(self)

    def read(self) -> SeriesSource | None:
        """As `dicom_source`."""
        return None if not self.there else _kept[self] if self in _kept else _read(self)


def unread_source(node: slicer.vtkMRMLVolumeNode, find_file: FindFile) -> Callable[[], object] | None:
    """What reads the headers that `dicom_source` will want, and may run in a thread; None where they are read, or there are none."""
    files = SourceFiles.of(node, find_file)
    return files.read if files.unread else None


def kept_source(node: slicer.vtkMRMLVolumeNode, find_file: FindFile) -> SeriesSource | None:
    """The same where `keep_source` has it; reads no file."""
    return SourceFiles.of(node, find_file).kept


def instance_numbers(node: slicer.vtkMRMLVolumeNode, find_file: FindFile) -> tuple[int, ...] | None:
    """Instance Number (0020,0013) of each of the node's slices, K, by which other viewers call them; None where that is not known."""
    source = kept_source(node, find_file)
    if source is None or source.shape[::-1] != node.GetImageData().GetDimensions():
        return None
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    stored = [[matrix.GetElement(row, column) for column in range(4)] for row in range(4)]
    return source.instance_numbers if np.allclose(stored, LPS_TO_RAS @ source.ijk_to_lps, atol=1e-3) else None


def keep_source(source: SeriesSource) -> None:
    """A host that has read a series itself hands over what it learned, so that `dicom_source` need not read the files again."""
    _kept[SourceFiles(tuple(dict.fromkeys(map(str, source.files))), source.series.part_key)] = source


def forget_sources() -> None:
    """Gives the memory of `keep_source` back: the volumes are no longer in the scene."""
    _kept.clear()


_kept: dict[SourceFiles, SeriesSource] = {}
_seen: set[SourceFiles] = set()


def dicom_header(node: slicer.vtkMRMLVolumeNode, find_file: FindFile) -> Dataset | None:
    """`SERIES_KEYWORDS` of the first image that the node was loaded from; None as for `dicom_source`. Quick: reads one header, and once.

    Raises:
        InputError: that file is damaged.
    """
    file = next((find_file(uid) for uid in instance_uids(node)), "")
    return _read_header(file) if file and Path(file).is_file() else None


def instance_uids(node: slicer.vtkMRMLVolumeNode) -> list[str]:
    """SOP Instance UIDs as Slicer's readers leave them: on the item in subject hierarchy, and some on the node."""
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMInstanceUIDName()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    return (hierarchy.GetItemUID(hierarchy_item(node), name) or node.GetAttribute("DICOM.instanceUIDs") or "").split()


@lru_cache(maxsize=32)
def _read_header(file: str) -> Dataset:
    return header_of_file(Path(file))


@lru_cache(maxsize=8)
def _read(files: SourceFiles) -> SeriesSource:
    source = read_source(series_of_files([Path(file) for file in files.paths], part=files.part), relative=True)
    _seen.add(files)
    return source
