"""NRRD (teem.sourceforge.net/nrrd/format.html): attached (.nrrd) or detached (.nhdr) headers, raw, gzip, bzip2 and text encodings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError

from .damage import DamagedError
from .file_content import FileContent, centred, check_geometry, check_sizes
from .text_header import TextHeader, check_line, number, numbers, voxel_file
from .volume import Place, Volume
from .voxel_data import Packing, read_exactly, text_array, voxel_array

_MOST_HEADER = 1 << 18
_MAGIC = re.compile(rb"NRRD000[1-5]\r?\n")

_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"), "i8"),
    **dict.fromkeys(("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"), "u8"),
    "float": "f4",
    "double": "f8",
}
_WRITTEN_TYPES = {"signed char": "i1", "unsigned char": "u1", "short": "i2", "unsigned short": "u2", "int": "i4", "unsigned int": "u4"} | {
    "long long int": "i8",
    "unsigned long long int": "u8",
    "float": "f4",
    "double": "f8",
}
_ENCODINGS: dict[str, Packing | None] = {
    "raw": "raw",
    "gz": "gzip",
    "gzip": "gzip",
    "bz2": "bzip2",
    "bzip2": "bzip2",
    **dict.fromkeys(("txt", "text", "ascii"), None),
}
# Signs of x, y, z on the way to LPS; what is not here has coordinates, but no patient.
_SPACES = {
    **dict.fromkeys(("left-posterior-superior", "lps"), (1, 1, 1)),
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1, -1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1, -1, 1)),
}
_OTHER_SPACES = ("scanner-xyz", "3d-right-handed", "3d-left-handed")
_MILLIMETRES = {
    **dict.fromkeys(("", "mm", "millimeter", "millimeters", "millimetre", "millimetres", "???"), 1.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 10.0),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1000.0),
    **dict.fromkeys(("um", "µm", "μm", "micron", "microns", "micrometer", "micrometers", "micrometre", "micrometres"), 0.001),
}
_DOMAIN_KINDS = ("domain", "space", "time", "list", "point", "???", "none", "")
_OF_ONE_VALUE = ("scalar", "stub")
_OF_COLOR = {"rgb-color": 3, "rgba-color": 4, "3-color": 3, "vector": None}
_FIELDS = {
    *("dimension", "type", "blocksize", "encoding", "endian", "content", "min", "max", "oldmin", "oldmax", "datafile", "lineskip"),
    *("byteskip", "number", "sampleunits", "sizes", "spacings", "thicknesses", "axismins", "axismaxs", "centerings", "centers"),
    *("labels", "units", "kinds", "space", "spacedimension", "spaceunits", "spaceorigin", "spacedirections", "measurementframe"),
}


def read_nrrd(path: Path, *, self_contained: bool) -> FileContent:
    """Read one image.

    Args:
        path: of the file, or of its detached header.
        self_contained: refuse a header that names another file as the place of its voxels.

    Raises:
        DamagedError: header and voxels contradict each other, or the header is not one of NRRD.
        InputError: more than three dimensions; voxels of several values other than 8-bit colour; voxels that lie in several files, or
            elsewhere where that is not allowed.
    """
    header = _parse(path)
    fields = header.fields
    sizes = header.sizes("sizes", "dimension")
    dimension = len(sizes)
    count = check_sizes(sizes)
    array = _voxels(path, header, sizes, count, self_contained=self_contained)
    axis, kinds = _value_axis(fields, sizes)
    domain = [n for n in range(dimension) if n != axis]
    if len(domain) > 3:
        there = " x ".join(str(sizes[n]) for n in domain)
        raise InputError(f"The file '{path}' has {len(domain)} dimensions ({there}): save one time point or channel as a volume.")
    if axis is not None:
        array = np.moveaxis(array, dimension - 1 - axis, -1)
        if kinds[axis] not in (*_OF_ONE_VALUE, *_OF_COLOR) and sizes[axis] > 1:
            raise InputError(f"The file '{path}' has {sizes[axis]} values in each voxel ({kinds[axis]}): save one of them as a volume.")
        array = array[..., 0] if sizes[axis] == 1 else array
    matrix, place, notes = _geometry(fields, domain, sizes)
    if len(domain) < 3:
        array = array.reshape((1,) * (3 - len(domain)) + array.shape)
    return FileContent(array, matrix, place, header.texts, tuple(notes))


def nrrd_geometry(path: Path) -> tuple[NDArray[np.float64], tuple[int, ...], Place]:
    """4x4 to LPS in mm, shape (K, J, I), and what the matrix is worth; reads the header alone, raises as `read_nrrd`."""
    header = _parse(path)
    fields, sizes = header.fields, header.sizes("sizes", "dimension")
    axis, _ = _value_axis(fields, sizes)
    domain = [n for n in range(len(sizes)) if n != axis]
    if len(domain) > 3:
        raise DamagedError(f"its header has {len(domain)} dimensions")
    matrix, place, _ = _geometry(fields, domain, sizes)
    shape = tuple(sizes[n] for n in domain[::-1])
    return matrix, (1,) * (3 - len(shape)) + shape, place


def nrrd_texts(path: Path) -> dict[str, str]:
    """The key and value pairs of a header; `DamagedError` where it is none."""
    return _parse(path).texts


def nrrd_header(volume: Volume, array: NDArray, texts: Mapping[str, str]) -> bytes:
    """Header of an attached file, up to the voxels, which follow packed by gzip.

    Args:
        volume: whose place is written: in LPS, or, outside the patient, in a space without sides.
        array: the voxels as they will follow, (K, J, I) or (K, J, I, 3).
        texts: key and value pairs.

    Raises:
        InputError: a type of voxels that the format does not have.
    """
    name = next((name for name, kind in _WRITTEN_TYPES.items() if np.dtype(kind) == array.dtype.newbyteorder("=")), None)
    if name is None:
        raise InputError(f"NRRD cannot hold '{volume.name}', whose voxels are {array.dtype}: convert them.")
    steps = [f"({','.join(repr(float(x)) for x in step)})" for step in volume.ijk_to_lps[:3, :3].T]
    sizes, kinds = [str(size) for size in volume.shape[::-1]], ["domain"] * 3
    if volume.is_color:
        steps, sizes, kinds = ["none", *steps], ["3", *sizes], ["RGB-color", *kinds]
    lines = [
        "NRRD0005",
        f"type: {name}",
        f"dimension: {len(sizes)}",
        "space: left-posterior-superior" if volume.in_patient_space else "space: 3D-right-handed",
        f"sizes: {' '.join(sizes)}",
        f"space directions: {' '.join(steps)}",
        f"kinds: {' '.join(kinds)}",
        "endian: little",
        "encoding: gzip",
        f"space origin: ({','.join(repr(float(x)) for x in volume.origin)})",
        *(f"{key}:={_escaped(value)}" for key, value in texts.items()),
    ]
    return "\n".join([*lines, "", ""]).encode()


def _escaped(text: str) -> str:
    """A value on one line; other control characters have no place in a header."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _parse(path: Path) -> TextHeader:
    """Fields by their names in lower case, without blanks."""
    with path.open("rb") as file:
        start = file.read(_MOST_HEADER)
    if not (magic := _MAGIC.match(start)):
        raise DamagedError("it does not begin as NRRD does")
    end = re.compile(rb"\n\r?\n").search(start, magic.end() - 1)
    if end is None and (len(start) == _MOST_HEADER or path.suffix.lower() != ".nhdr"):
        raise DamagedError("its header does not end")
    length = end.end() if end else len(start)
    fields: dict[str, str] = {}
    texts: dict[str, str] = {}
    for line in start[magic.end() : length].split(b"\n"):
        text = check_line(line.removesuffix(b"\r"))
        if not text.strip() or text.startswith("#"):
            continue
        name, is_text, value = text.partition(":=")
        if is_text and ": " not in name:
            texts[name] = re.sub(r"\\([n\\])", lambda found: "\n" if found[1] == "n" else "\\", value)
            continue
        name, is_field, value = text.partition(":")
        key = name.replace(" ", "").lower()
        if not is_field or key not in _FIELDS:
            raise DamagedError(f"its header has the line '{text[:60]}', which NRRD does not have")
        key = "centerings" if key == "centers" else key
        if key in fields:
            raise DamagedError(f"its header says '{name}' twice")
        fields[key] = value.strip()
    return TextHeader(fields, texts, length)


def _voxels(path: Path, header: TextHeader, sizes: tuple[int, ...], count: int, *, self_contained: bool) -> NDArray:
    """The array, its axes from the slowest to the fastest."""
    fields = header.fields
    type_name = _TYPES.get(" ".join(fields.get("type", "").lower().split()))
    encoding = fields.get("encoding", "").lower()
    if type_name is None or encoding not in _ENCODINGS:
        raise DamagedError(f"its type '{fields.get('type', '')}' or encoding '{encoding}' is not known")
    dtype = np.dtype(type_name)
    lines, skipped = (int(numbers(fields, field, 1, whole=True)[0]) if field in fields else 0 for field in ("lineskip", "byteskip"))
    packing = _ENCODINGS[encoding]
    if lines < 0 or skipped < -1 or (skipped == -1 and packing != "raw") or max(lines, skipped) > _MOST_HEADER:
        raise DamagedError(f"its header skips {lines} lines and {skipped} bytes")
    where, start = path, header.length
    if "datafile" in fields:
        where, start = voxel_file(path, fields["datafile"], self_contained=self_contained), 0
    elif path.suffix.lower() == ".nhdr" and start == path.stat().st_size:
        raise DamagedError("its header names no file with the voxels")
    size = count * dtype.itemsize
    with where.open("rb") as file:
        file.seek(start)
        for _ in range(lines):
            file.readline(_MOST_HEADER)
        if packing is None:
            return text_array(file.read(), dtype, count).reshape(sizes[::-1])
        if skipped == -1:  # the voxels are the last that the file has
            start = where.stat().st_size - size
            if start < file.tell():
                raise DamagedError(f"its header promises {size} bytes of voxels, it has fewer")
            file.seek(start)
            skipped = 0
        content = read_exactly(file, skipped + size, packing)
    if dtype.itemsize > 1:
        order = {"little": "<", "big": ">"}.get(fields.get("endian", "").lower())
        if order is None:
            raise DamagedError("its header does not say which byte comes first (endian)")
        dtype = dtype.newbyteorder(order)  # type: ignore[arg-type]
    return voxel_array(content, dtype, sizes[::-1], skipped)


def _value_axis(fields: dict[str, str], sizes: tuple[int, ...]) -> tuple[int | None, list[str]]:
    """The axis along which the values of one voxel lie, if any, and the kinds of all."""
    kinds = fields["kinds"].lower().split() if "kinds" in fields else ["" for _ in sizes]
    if len(kinds) != len(sizes):
        raise DamagedError(f"its header has {len(kinds)} kinds for {len(sizes)} dimensions")
    axes = [n for n, kind in enumerate(kinds) if kind not in _DOMAIN_KINDS]
    if len(axes) > 1:
        raise DamagedError(f"its header has several axes of values ({' '.join(kinds)})")
    if axes and _OF_COLOR.get(kinds[axes[0]]) not in (None, sizes[axes[0]]):
        raise DamagedError(f"its header says {kinds[axes[0]]} of {sizes[axes[0]]} values")
    return (axes[0] if axes else None), kinds


def _directions(fields: dict[str, str], dimension: int) -> list[NDArray[np.float64] | None] | None:
    """A vector for each axis, None for one of values; None where the header gives no directions."""
    if "spacedirections" not in fields:
        return None
    vectors = [None if text == "none" else _vector(text) for text in re.findall(r"none|\([^()]*\)", fields["spacedirections"])]
    if re.sub(r"none|\([^()]*\)|\s", "", fields["spacedirections"]) or len(vectors) != dimension:
        raise DamagedError(f"its space directions '{fields['spacedirections'][:80]}' are not one vector for each of {dimension} axes")
    return vectors


def _vector(text: str) -> NDArray[np.float64]:
    try:
        return np.array([number(word.strip()) for word in text.strip("() ").split(",")])
    except ValueError as error:
        raise DamagedError(f"'{text[:40]}' is no vector of numbers") from error


def _geometry(fields: dict[str, str], domain: list[int], sizes: tuple[int, ...]) -> tuple[NDArray[np.float64], Place, list[str]]:
    """4x4 to LPS in mm, what it is worth, and notes."""
    shape = tuple([sizes[n] for n in reversed(domain)])
    shape = (1,) * (3 - len(shape)) + shape
    directions = _directions(fields, len(sizes))
    spacings = _spacings(fields, domain, len(sizes))
    space = fields.get("space", "").lower()
    if space and space not in _SPACES and space not in _OTHER_SPACES:
        raise DamagedError(f"its space '{space}' is none of a volume")
    if directions is None:
        factors, unit_notes = _factors(fields.get("units"), "units", len(sizes))
        steps = np.array([*(np.where(np.isfinite(spacings), spacings, 1.0) * [factors[n] for n in domain]), 1.0, 1.0])[:3]
        return check_geometry(centred(steps, shape), "its header"), Place.UNSAID, unit_notes
    vectors = [directions[n] for n in domain]
    world = 3 if space else int(numbers(fields, "spacedimension", 1, whole=True)[0]) if "spacedimension" in fields else 0
    if world not in (2, 3) or any(vector is None or len(vector) != world for vector in vectors):
        raise DamagedError(f"its space directions do not fit its space ('{space or fields.get('spacedimension', 'none')}')")
    factors, notes = _factors(fields.get("spaceunits"), "space units", world)
    scale = np.array([*factors, 1.0])[:3] * np.array(_SPACES.get(space, (1, 1, 1)))
    columns = [np.array([*vector, 0.0])[:3] * scale for vector in vectors if vector is not None]
    lengths = np.array([np.linalg.norm(vector) for vector in vectors if vector is not None])
    given = np.isfinite(spacings)
    if given.any() and not np.allclose(spacings[given], lengths[given], rtol=1e-3):
        raise DamagedError("its spacings and its space directions contradict each other")
    matrix = np.eye(4)
    matrix[:3, :3] = _three(columns).T
    place = Place.PATIENT if space in _SPACES else Place.UNSAID
    if "spaceorigin" in fields:
        origin = _vector(fields["spaceorigin"])
        if len(origin) != world:
            raise DamagedError(f"its space origin '{fields['spaceorigin'][:40]}' does not fit its space")
        matrix[:3, 3] = np.array([*origin, 0.0])[:3] * scale
    else:
        place = Place.UNSAID
        matrix[:3, 3] = -matrix[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    if world == 2:
        place = Place.UNSAID  # a slice that does not say at which height it lies
    return check_geometry(matrix, "its header"), place, notes


def _three(columns: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Three steps as rows; of a single slice the third stands upright on it, 1 mm long."""
    if len(columns) == 1:
        raise DamagedError("it has one dimension")
    if len(columns) == 2:
        normal = np.cross(columns[0], columns[1])
        if not np.linalg.norm(normal) > 0:
            raise DamagedError("its header lays its axes on each other")
        columns = [*columns, normal / np.linalg.norm(normal)]
    return np.array(columns)


def _spacings(fields: dict[str, str], domain: list[int], dimension: int) -> NDArray[np.float64]:
    """Along the axes in `domain`; NaN where there is none."""
    if "spacings" not in fields:
        return np.full(len(domain), np.nan)
    try:
        spacings = np.array([np.nan if word.lower() == "nan" else number(word) for word in fields["spacings"].split()])
    except ValueError as error:
        raise DamagedError(f"its spacings '{fields['spacings'][:60]}' are no numbers") from error
    if len(spacings) != dimension:
        raise DamagedError(f"its header has {len(spacings)} spacings for {dimension} dimensions")
    of_domain = spacings[domain]
    if (of_domain <= 0).any():
        raise DamagedError(f"its spacings '{fields['spacings'][:60]}' are no distances")
    return of_domain


def _factors(text: str | None, name: str, count: int) -> tuple[list[float], list[str]]:
    """Millimetres of one unit along each axis, and a note where that is not one."""
    if text is None:
        return [1.0] * count, []
    units = [unit.lower() for unit in re.findall(r'"([^"]*)"', text)]
    units += [""] * (count - len(units)) if name == "units" else []
    if len(units) != count or re.sub(r'"[^"]*"|\s', "", text):
        raise DamagedError(f"its {name} '{text[:60]}' are not one for each axis")
    if unknown := [unit for unit in units if unit not in _MILLIMETRES]:
        raise DamagedError(f"its {name} '{unknown[0]}' are no unit of length that is known")
    factors = [_MILLIMETRES[unit] for unit in units]
    strange = next((unit for unit, factor in zip(units, factors, strict=True) if factor != 1), None)
    return factors, [f"its lengths are in {strange} and were converted to mm"] if strange else []
