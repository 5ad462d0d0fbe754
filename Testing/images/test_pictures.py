"""PNG: what is transparent, and what of its pixels is there (PNG specification, third edition; RFC 1950)."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume


@pytest.mark.parametrize("mode", ["RGB", "P"])
def test_a_colour_that_stands_for_nothing_is_transparent_too(tmp_path, mode):
    """PNG's tRNS chunk, of a colour that the picture has and of one that it has not."""
    rgb = np.full((5, 7, 3), (10, 200, 30), np.uint8)
    rgb[2, 3] = 255, 0, 0
    picture = Image.fromarray(rgb).convert(mode)
    used, unused = ((255, 0, 0), (1, 2, 3)) if mode == "RGB" else (picture.getpixel((3, 2)), 255)
    picture.save(tmp_path / "unused.png", transparency=unused)
    np.testing.assert_array_equal(read_volume(tmp_path / "unused.png").array[0], np.array(picture.convert("RGB")))
    picture.save(tmp_path / "used.png", transparency=used)
    with pytest.raises(InputError, match="transparent"):
        read_volume(tmp_path / "used.png")


@pytest.mark.parametrize("change", [lambda packed: packed + b"more", lambda packed: packed[:-4]], ids=["longer", "shorter"])
def test_pixels_of_a_png_are_one_whole_stream(tmp_path, change):
    """Chunks whose checksums are right, and a zlib stream (RFC 1950) that goes on, or has lost its own."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(range(8)) for _ in range(6))
    for name, packed in (("whole", zlib.compress(rows)), ("changed", change(zlib.compress(rows)))):
        header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 6, 8, 0, 0, 0, 0))
        (tmp_path / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", packed) + chunk(b"IEND", b""))
    assert read_volume(tmp_path / "whole.png").shape == (1, 6, 8)
    with pytest.raises(InputError, match="its pixels are not whole"):
        read_volume(tmp_path / "changed.png")
