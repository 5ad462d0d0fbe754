"""What a compressed image says of its own size, read without decoding it: JPEG, JPEG-LS, JPEG 2000.

A decoder believes its codestream and not the DICOM header, so the two are compared before one is called.
"""

from __future__ import annotations

import struct

_JPEG_START, _JPEG_2000_START = b"\xff\xd8\xff", b"\xff\x4f\xff\x51"
# Start of Frame of every JPEG process (ITU-T T.81 table B.1), and of JPEG-LS (T.87): they hold the size.
_FRAME_MARKERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def begins_codestream(data: memoryview) -> bool:
    """True for the first fragment of a JPEG, JPEG-LS or JPEG 2000 image; an image may go on in further fragments."""
    return bytes(data[:3]) == _JPEG_START or bytes(data[:4]) == _JPEG_2000_START


def codestream_size(data: memoryview) -> tuple[int, int] | None:
    """(rows, columns) of an image; None where it is of another kind, or its header is cut or damaged."""
    try:
        if bytes(data[:4]) == _JPEG_2000_START:  # SIZ, ITU-T T.800 A.5.1
            width, height, left, top = struct.unpack_from(">IIII", data, 8)
            return height - top, width - left
        if bytes(data[:3]) == _JPEG_START:
            return _jpeg_size(data)
    except struct.error:
        pass
    return None


def _jpeg_size(data: memoryview) -> tuple[int, int] | None:
    place = 2
    while data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # a filling byte
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        if marker in _FRAME_MARKERS:
            rows, columns = struct.unpack_from(">HH", data, place + 5)
            return rows, columns
        place += 2 + length
        if place >= len(data):
            break
    return None
