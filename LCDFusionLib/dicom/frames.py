"""The images of a DICOM object, one header a slice, whether it holds one image or many frames."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from . import elements
from .functional_groups import single_frames
from .no_volume import NoVolumeError
from .nuclear import is_nuclear, nuclear_frames

_MOST_FRAMES = 1 << 20


@dataclass(frozen=True, eq=False)
class Image:
    """One slice.

    Attributes:
        path: its file.
        frame: number of its frame in the file, from 1; None for a file with one image.
        header: of a frame as if it were an image of its own.
    """

    path: Path
    frame: int | None
    header: Dataset


def images_of(path: Path, header: Dataset) -> list[Image]:
    """The images of a file.

    Raises:
        NoVolumeError: frames of which it is not told where they lie.
        InputError: an element is damaged; more frames than the file can hold.
    """
    count = frame_count(header)
    if is_nuclear(header) and not (count == 1 and header.get("ImagePositionPatient")):
        frames = nuclear_frames(header, count)
    else:
        frames = single_frames(header)
        if count == 1 and not frames:
            return [Image(path, None, header)]
        if len(frames) != count:
            raise NoVolumeError(
                "is stored as multi-frame images that do not say where each frame lies, "
                f"Per-frame Functional Groups Sequence (5200,9230) has {len(frames)} items for {count} frames"
            )
    return [Image(path, number, frame) for number, frame in enumerate(frames, start=1)]


def frame_count(header: Dataset) -> int:
    """Number of Frames (0028,0008), 1 where it is not told; never more than the file has bytes.

    Raises:
        ElementError: it is no such number.
    """
    count = elements.whole(header, "NumberOfFrames", least=1, most=_MOST_FRAMES) or 1
    file = getattr(header, "filename", None)
    syntax = getattr(header, "file_meta", {}).get("TransferSyntaxUID")
    if count > 1 and file and syntax != DeflatedExplicitVRLittleEndian and count > os.path.getsize(file):
        raise elements.ElementError(header, "NumberOfFrames", "is more than the file can hold", count)
    return count
