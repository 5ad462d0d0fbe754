"""Deflated data sets (PS3.5 A.5), which pydicom unpacks whole to read a single element: how large one becomes is measured before."""

from __future__ import annotations

import zlib
from pathlib import Path

from pydicom import filereader
from pydicom.uid import DeflatedExplicitVRLittleEndian

_UID = DeflatedExplicitVRLittleEndian.encode()
_META_AT_MOST = 4096  # bytes in which a file names its transfer syntax
_FREE, _MOST_TIMES, _CHUNK = 64 << 20, 100, 1 << 20
# The same function that pydicom comes to the data set by, so that both see the same one.
_to_data_set = filereader._read_file_meta_info


def check_unpacked_size(path: Path) -> None:
    """Raise ValueError where a deflated file becomes a hundred times as large, and more than 64 MiB: no image does."""
    with path.open("rb") as file:
        if _UID not in file.read(_META_AT_MOST):
            return
        file.seek(0)
        filereader.read_preamble(file, force=True)
        _to_data_set(file)
        unpacking, size, most = zlib.decompressobj(-zlib.MAX_WBITS), 0, max(_FREE, _MOST_TIMES * path.stat().st_size)
        while packed := unpacking.unconsumed_tail or file.read(_CHUNK):
            size += len(unpacking.decompress(packed, _CHUNK))
            if size > most:
                raise ValueError(f"its deflated data set is more than {_MOST_TIMES} times its size")
            if unpacking.eof:
                return
