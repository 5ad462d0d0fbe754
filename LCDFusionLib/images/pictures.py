"""PNG and JPEG: read as a volume of one slice, and PNG written.

Pillow decodes a PNG whose checksums do not agree, so they are checked before.
"""

from __future__ import annotations

import os
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError

from .damage import DamagedError
from .file_content import FileContent
from .volume import Place

_PNG = b"\x89PNG\r\n\x1a\n"
_PIECE = 1 << 20
_GRAY = {"1": "L", "L": "L", "I;16": None, "I": None, "I;16B": None, "LA": "LA"}


def read_picture(path: Path) -> FileContent:
    """Read one picture; a palette becomes its colours.

    Raises:
        DamagedError: it cannot be read whole, or has more pixels than a picture.
    """
    _check_png(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG", "JPEG")) as picture:
                mode = _GRAY.get(picture.mode, "RGBA" if "transparency" in picture.info or picture.mode == "RGBA" else "RGB")
                array = np.array(picture if mode in (None, picture.mode) else picture.convert(mode))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DamagedError(f"it is no whole PNG or JPEG ({error})") from error
    return FileContent(array[np.newaxis], np.eye(4), Place.PICTURE)


def write_picture(rgb: NDArray[np.uint8], path: str | os.PathLike[str]) -> None:
    """Write a picture, shape (height, width, 3) with the first row at the top; the file appears whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    try:
        with atomic_file(path) as beside:
            Image.fromarray(rgb).save(beside, format="PNG")
    except OSError as error:
        raise InputError(f"The picture '{path}' could not be written ({error.strerror}); choose another place or make room.") from None


def _check_png(path: Path) -> None:
    """Raise `DamagedError` where a chunk's CRC (PNG, 5.3) or the pixels' Adler-32 (RFC 1950) contradicts what stands there."""
    content = path.read_bytes()
    if not content.startswith(_PNG):
        return
    at, kind, pixels = len(_PNG), b"", zlib.decompressobj()
    while kind != b"IEND":
        if at + 12 > len(content):
            raise DamagedError("it ends before a PNG does")
        (length,) = struct.unpack_from(">I", content, at)
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        if content[at + 8 + length : at + 12 + length] != struct.pack(">I", zlib.crc32(kind + data)):
            raise DamagedError(f"the checksum of its chunk {kind.decode('ascii', 'replace')!r} is wrong")
        if kind == b"IDAT":
            _unpack(pixels, data)
        at += 12 + length
    if not pixels.eof or pixels.unused_data:
        raise DamagedError("its pixels are not whole")


def _unpack(pixels: zlib._Decompress, data: bytes) -> None:
    try:
        while data:
            pixels.decompress(data, _PIECE)
            data = pixels.unconsumed_tail
    except zlib.error as error:
        raise DamagedError(f"its pixels cannot be unpacked ({error})") from error
