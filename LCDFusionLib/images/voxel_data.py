"""The voxels of a file, raw or packed: unpacked to the end with their checksum, and of exactly the length that the header promises.

The readers that stand under most programs are lenient here: they fill what is missing with zeros or with what was in memory, cut off what
is too much, and leave a checksum unread. Each gives a wrong picture without a word.
"""

from __future__ import annotations

import bz2
import gzip
import io
import zlib
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError

from .damage import DamagedError
from .text_header import number


class _Stream(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


Packing = Literal["raw", "gzip", "zlib", "bzip2"]

MOST_TIMES = 100
"""Times its packed size that a volume may have beyond `_FREE`: images of scanners shrink to a third, deflate can do a thousandth."""

_FREE = 64 << 20
_CHUNK = 1 << 20


def read_exactly(file: BinaryIO, size: int, packing: Packing) -> bytearray:
    """All that is left of a file, unpacked.

    Args:
        file: at the first byte of the voxels.
        size: bytes that they must have.
        packing: how they are packed.

    Raises:
        DamagedError: more or fewer bytes than `size`, a wrong checksum, something behind the packed part.
        InputError: it would unpack to far more than images do.
    """
    start = file.tell()
    there = file.seek(0, io.SEEK_END) - start
    file.seek(start)
    if packing == "raw":
        if there != size:
            raise DamagedError(f"its header promises {size} bytes of voxels, it has {there}")
        content = bytearray(size)
        if file.readinto(content) != size:  # type: ignore[attr-defined]
            raise DamagedError("it became shorter while it was read")
        return content
    check_ratio(there, size, getattr(file, "name", ""))
    content = bytearray()
    try:
        if packing == "gzip":
            with gzip.GzipFile(fileobj=file) as unpacked:
                _fill(content, unpacked, size)
        else:
            _unpack_one(content, file, zlib.decompressobj() if packing == "zlib" else bz2.BZ2Decompressor(), size)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        if isinstance(error, DamagedError):
            raise
        raise DamagedError(f"its packed voxels are damaged or cut short ({error})") from error
    if len(content) != size:
        raise DamagedError(f"its header promises {size} bytes of voxels, they unpack to {len(content)}")
    return content


def check_ratio(packed: int, unpacked: int, name: str | Path) -> None:
    """Raise `InputError` where `packed` bytes are to become so many that no image does."""
    if unpacked > _FREE and unpacked > MOST_TIMES * packed:
        raise InputError(
            f"The file '{name}' would unpack to {unpacked / 2**20:.0f} MiB, more than {MOST_TIMES} times its size, as no scan does: "
            "if it is one, save it without compression."
        )


def voxel_array(content: bytearray, dtype: np.dtype, shape: tuple[int, ...], offset: int = 0) -> NDArray:
    """The bytes from `offset` on as an array (the first axis the slowest) in this machine's byte order."""
    array = np.frombuffer(content, dtype, offset=offset).reshape(shape)
    return array if dtype.isnative else array.byteswap().view(dtype.newbyteorder("="))


def text_array(content: bytes, dtype: np.dtype, count: int) -> NDArray:
    """Voxels that are written as words, in one row; `DamagedError` for another number of them, or what is none."""
    words = content.split()
    if len(words) != count:
        raise DamagedError(f"its header promises {count} voxels, it has {len(words)}")
    try:
        return np.array([number(word.decode("ascii")) for word in words]).astype(dtype.newbyteorder("="))
    except (ValueError, UnicodeDecodeError) as error:
        raise DamagedError(f"one of its voxels is no number ({error})") from error


def _fill(content: bytearray, unpacked: gzip.GzipFile, size: int) -> None:
    """Read to the end, which is where the checksum is; stop soon after what is too much."""
    while chunk := unpacked.read(_CHUNK):
        content += chunk
        _check_length(content, size)


def _unpack_one(content: bytearray, file: BinaryIO, stream: _Stream, size: int) -> None:
    """One stream of zlib (MetaImage) or bzip2 (NRRD), which Python's own file objects would let anything follow."""
    while not stream.eof and (chunk := file.read(_CHUNK)):
        while True:  # in steps, so that little is held of what is too much
            piece = stream.decompress(chunk, _CHUNK)
            content += piece
            _check_length(content, size)
            chunk = getattr(stream, "unconsumed_tail", b"")  # zlib hands back what it has not used; bzip2 keeps it
            if stream.eof or len(piece) < _CHUNK:
                break
    if not stream.eof:
        raise EOFError("the stream does not end")
    if stream.unused_data or file.read(1):
        raise DamagedError("something lies behind its packed voxels")


def _check_length(content: bytearray, size: int) -> None:
    if len(content) > size:
        raise DamagedError(f"its header promises {size} bytes of voxels, they unpack to more")
