"""MetaImage (.mha, or .mhd with its voxels beside it), as ITK's MetaImageIO reads it: matrix and offset are in LPS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError

from .damage import DamagedError
from .file_content import FileContent, centred, check_geometry, check_sizes, corner_distance
from .text_header import TextHeader, check_line, numbers, voxel_file
from .volume import Place
from .voxel_data import Packing, read_exactly, text_array, voxel_array

_MOST_HEADER = 1 << 16
_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_ALIASES = {
    "Position": "Offset",
    "Origin": "Offset",
    "Rotation": "TransformMatrix",
    "Orientation": "TransformMatrix",
    "BinaryDataByteOrderMSB": "ElementByteOrderMSB",
}
_KEYS = {
    *("ObjectType", "ObjectSubType", "TransformType", "NDims", "Name", "ID", "ParentID", "AcquisitionDate", "Comment", "Color"),
    *("CompressedData", "CompressedDataSize", "CompressionLevel", "BinaryData", "ElementByteOrderMSB", "TransformMatrix", "Offset"),
    *("CenterOfRotation", "AnatomicalOrientation", "ElementSpacing", "ElementSize", "ElementNumberOfChannels", "DimSize", "HeaderSize"),
    *("Modality", "SequenceID", "ElementMin", "ElementMax", "ElementType", "ElementDataFile", "DistanceUnits"),
    *("ElementToIntensityFunctionSlope", "ElementToIntensityFunctionOffset"),
}


class _Header(TextHeader):
    def is_true(self, key: str) -> bool:
        """MetaIO takes T, t and 1 as the first letter for true."""
        value = self.fields.get(key, "False").lower()
        if value not in ("true", "t", "1", "false", "f", "0"):
            raise DamagedError(f"its header says of '{key}': '{value[:40]}'")
        return value in ("true", "t", "1")

    def has_number(self, key: str, *, other_than: float) -> bool:
        return key in self.fields and float(numbers(self.fields, key, 1)[0]) != other_than


def read_metaimage(path: Path, *, self_contained: bool) -> FileContent:
    """Read one image.

    Args:
        path: of the file, or of its header.
        self_contained: refuse a header that names another file as the place of its voxels.

    Raises:
        DamagedError: header and voxels contradict each other, or the header is not one of MetaImage.
        InputError: other than two or three dimensions; voxels that lie in several files, or elsewhere where that is not allowed; values
            that are to be scaled, which most programs would not do.
    """
    header = _parse(path)
    sizes = header.sizes("DimSize", "NDims")
    dimension = len(sizes)
    if dimension not in (2, 3):
        there = " x ".join(map(str, sizes[:10]))
        raise InputError(f"The file '{path}' has {dimension} dimensions ({there}): save one time point or channel as a volume.")
    if header.has_number("ElementToIntensityFunctionSlope", other_than=1) or header.has_number(
        "ElementToIntensityFunctionOffset", other_than=0
    ):
        raise InputError(
            f"The values of '{path}' are to be scaled (ElementToIntensityFunction), which most programs leave undone: save it scaled."
        )
    array = _voxels(path, header, sizes, self_contained=self_contained)
    matrix, place, notes = _geometry(header, sizes)
    return FileContent(array if dimension == 3 else array[np.newaxis], matrix, place, header.texts, tuple(notes))


def _parse(path: Path) -> _Header:
    fields: dict[str, str] = {}
    texts: dict[str, str] = {}
    with path.open("rb") as file:
        while "ElementDataFile" not in fields:
            line = file.readline(_MOST_HEADER)
            if not line.endswith(b"\n") and (file.tell() < path.stat().st_size or not line):
                raise DamagedError("its header does not end" if fields else "it does not begin as MetaImage does")
            text = check_line(line.rstrip(b"\r\n"))
            name, is_field, value = text.partition("=")
            key = _ALIASES.get(name.strip(), name.strip())
            if not text.strip():
                continue
            if not is_field or (not fields and key not in ("ObjectType", "NDims", "Comment")):
                raise DamagedError("it does not begin as MetaImage does" if not fields else f"its header has the line '{text[:60]}'")
            if key in fields or key in texts:
                raise DamagedError(f"its header says '{name.strip()}' twice")
            (fields if key in _KEYS else texts)[key] = value.strip()
            if file.tell() > _MOST_HEADER:
                raise DamagedError("its header does not end")
        length = file.tell()
    if fields.get("ObjectType", "Image") != "Image":
        raise DamagedError(f"it holds no image but '{fields['ObjectType'][:40]}'")
    return _Header(fields, texts, length)


def _voxels(path: Path, header: _Header, sizes: tuple[int, ...], *, self_contained: bool) -> NDArray:
    fields = header.fields
    if (type_name := _TYPES.get(fields.get("ElementType", "").removesuffix("_ARRAY"))) is None:
        raise DamagedError(f"its voxels are of a type that is not known ('{fields.get('ElementType', '')[:40]}')")
    dtype = np.dtype(type_name).newbyteorder(">" if header.is_true("ElementByteOrderMSB") else "<")
    channels = int(numbers(fields, "ElementNumberOfChannels", 1, whole=True)[0]) if "ElementNumberOfChannels" in fields else 1
    count = check_sizes((*sizes, channels))
    is_packed = header.is_true("CompressedData")
    skipped = int(numbers(fields, "HeaderSize", 1, whole=True)[0]) if "HeaderSize" in fields else 0
    if skipped < -1 or skipped > 1 << 30 or (skipped and is_packed):
        raise DamagedError(f"its header skips {skipped} bytes")
    size = count * dtype.itemsize
    place = fields["ElementDataFile"]
    is_inside = place.upper() == "LOCAL"
    where = path if is_inside else voxel_file(path, place, self_contained=self_contained)
    start = header.length if is_inside else 0
    there = where.stat().st_size
    if skipped == -1:  # the voxels are the last that the file has
        skipped = max(0, there - size - start)
    shape = (*sizes[::-1], channels) if channels > 1 else sizes[::-1]
    with where.open("rb") as file:
        file.seek(start + skipped)
        if not (header.is_true("BinaryData") if "BinaryData" in fields else False):
            return text_array(file.read(), dtype, count).reshape(shape)
        if is_packed and "CompressedDataSize" in fields and int(numbers(fields, "CompressedDataSize", 1)[0]) != there - start:
            raise DamagedError(f"its header promises {fields['CompressedDataSize'][:20]} bytes of packed voxels, it has {there - start}")
        packing: Packing = "raw"
        if is_packed:
            packing = "gzip" if file.read(2) == b"\x1f\x8b" else "zlib"
            file.seek(start)
        return voxel_array(read_exactly(file, size, packing), dtype, shape)


def _geometry(header: _Header, sizes: tuple[int, ...]) -> tuple[NDArray[np.float64], Place, list[str]]:
    """4x4 to LPS in mm, what it is worth, and notes."""
    fields, dimension = header.fields, len(sizes)
    spacing = np.ones(dimension)
    if key := next((key for key in ("ElementSpacing", "ElementSize") if key in fields), None):
        spacing = numbers(fields, key, dimension)
    if (spacing <= 0).any():
        raise DamagedError(f"its header says of '{key}': '{fields[str(key)][:60]}'")
    if fields.get("DistanceUnits", "mm").lower() not in ("mm", "?", ""):
        raise DamagedError(f"its lengths are in '{fields['DistanceUnits'][:20]}', not in mm")
    shape = (1,) * (3 - dimension) + sizes[::-1]
    steps = np.array([*spacing, 1.0])[:3]
    has_place = {"TransformMatrix", "Offset"} <= fields.keys()
    if "TransformMatrix" not in fields:
        return check_geometry(centred(steps, shape), "its header"), Place.UNSAID, []
    direction = np.eye(3)
    direction[:dimension, :dimension] = numbers(fields, "TransformMatrix", dimension**2).reshape(dimension, dimension).T
    if not np.allclose(np.linalg.norm(direction, axis=0), 1, atol=1e-3):
        raise DamagedError(f"its TransformMatrix '{fields['TransformMatrix'][:80]}' is none of directions")
    matrix = np.eye(4)
    matrix[:3, :3] = direction / np.linalg.norm(direction, axis=0) * steps
    matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    if "Offset" in fields:
        matrix[:3, 3] = [*numbers(fields, "Offset", dimension), 0.0][:3]
    matrix = check_geometry(matrix, "its header")
    if not has_place or dimension == 2:  # a slice that does not say at which height it lies
        return matrix, Place.UNSAID, []
    return matrix, Place.PATIENT, [*_turned_round(fields, matrix, direction, shape), *_other_sides(fields, direction)]


def _turned_round(fields: dict[str, str], matrix: NDArray[np.float64], direction: NDArray[np.float64], shape: tuple[int, ...]) -> list[str]:
    """A centre of rotation moves what is turned; ITK, and so Slicer, take no notice of it in an image."""
    if "CenterOfRotation" not in fields:
        return []
    centre = numbers(fields, "CenterOfRotation", 3)
    other = matrix.copy()
    other[:3, 3] += centre - direction @ centre
    apart, voxels = corner_distance(matrix, other, shape)
    return [f"its CenterOfRotation, which would move it by {apart:.1f} mm, was left aside, as ITK does"] if voxels > 0.5 else []


def _other_sides(fields: dict[str, str], direction: NDArray[np.float64]) -> list[str]:
    """AnatomicalOrientation names where the axes come from, or where they go to (both are in use): it must be one of the two."""
    said = fields.get("AnatomicalOrientation", "???").upper()
    if "?" in said or not said:
        return []
    axes = np.abs(direction).argmax(axis=0)
    signs = [direction[axis, column] > 0 for column, axis in enumerate(axes)]
    # In LPS the axes grow towards left, posterior, superior.
    grows = (("R", "L"), ("A", "P"), ("I", "S"))
    towards = "".join(grows[axis][int(sign)] for axis, sign in zip(axes, signs, strict=True))
    away = "".join(grows[axis][int(not sign)] for axis, sign in zip(axes, signs, strict=True))
    if said in (towards, away):
        return []
    return [f"its AnatomicalOrientation {said} contradicts its TransformMatrix ({away}, or {towards} by where the axes go), which was used"]
