"""Decoded Pixel Data (7FE0,0010), after a look at whether the header can be true of it."""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID, RLELossless

from LCDFusionLib.decoding import Decoder
from LCDFusionLib.errors import InputError

from . import elements
from .codestreams import begins_codestream, codestream_size
from .frames import Image, frame_count
from .limits import MOST_PIXELS
from .padding import is_padding
from .pydicom_versions import can_decode, syntax_by_bytes

PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_BITS = {"PixelData": (8, 16, 32), "FloatPixelData": (32,), "DoubleFloatPixelData": (64,)}
_ITEM, _DELIMITER = 0xE000, 0xE0DD


def stored_slices(images: Iterable[Image]) -> Generator[tuple[NDArray, NDArray[np.bool_] | None], None, None]:
    """Stored values of each image, shape (J, I), and where they are padding (`is_padding`), in the order given.

    A multi-frame file is decoded once for frames in a row.

    Compressed files are decoded in one process for all of them, the next file while the last one is used; it ends with this generator
    (`contextlib.closing`).

    Raises:
        InputError: damaged pixels, or pixels that the header cannot be true of.
    """
    images = list(images)
    files = groupby(images, key=lambda image: image.path)
    with closing(_decoded([path for path, _ in groupby(image.path for image in images)])) as decoded:
        for (_, of_file), values in zip(files, decoded, strict=True):
            for image in of_file:
                frame = values[image.frame - 1] if image.frame is not None and values.ndim == 3 else values
                yield _values_and_padding(frame, image)


def _values_and_padding(stored: NDArray, image: Image) -> tuple[NDArray, NDArray[np.bool_] | None]:
    header = image.header
    padding = is_padding(stored, header)
    spare = int(header.BitsAllocated) - int(header.BitsStored) if stored.dtype.kind in "iu" else 0
    if not spare:
        return stored, padding
    _check_spare_bits(stored if padding is None else stored[~padding], image)
    values = (stored << spare) >> spare  # of signed values this extends the sign too
    return values, is_padding(values, header) if padding is None else padding


def _check_spare_bits(stored: NDArray, image: Image) -> None:
    """Bits above Bits Stored (0028,0101) may be what is no part of the value: the sign, an overlay of old that the header places there, or
    the same in every pixel.

    Else a value is more than the header says that it can be. Programs cut it off (DCMTK, GDCM, pydicom), and 5000 in 12 bits becomes 904.
    """
    header = image.header
    bits = int(header.BitsStored)
    above = stored.view(f"u{stored.dtype.itemsize}") >> bits
    for group in range(0x6000, 0x6020, 2):
        position = header.get((group, 0x0102))  # Overlay Bit Position
        if position is not None and isinstance(position.value, int) and position.value >= bits:
            above = above & ~above.dtype.type(1 << (position.value - bits))
    if above.size == 0 or above.min() == above.max():
        return
    unknown = above != 0
    if stored.dtype.kind == "i":
        unknown &= (above != above.dtype.type((1 << (8 * stored.dtype.itemsize - bits)) - 1)) | ((stored >> (bits - 1)) & 1 == 0)
    if unknown.any():
        raise InputError(
            f"The DICOM file '{image.path}' holds values that need more bits than {elements.attribute('BitsStored')} {bits}, such as "
            f"{int(stored[unknown].max())}, of which programs cut a part off: export it again."
        )


def damaged(path: Path, error: object) -> InputError:
    """The sentence about a file that cannot be read."""
    reason = " ".join(elements.printable(error).split())  # decoders tell in several lines
    return InputError(f"The DICOM file '{path}' is damaged ({reason}): copy it again.")


def is_decodable(path: Path) -> bool:
    """Whether a decoder for the file's transfer syntax is installed; True where the file does not name one."""
    try:
        syntax = UID(elements.uid(pydicom.filereader.read_file_meta_info(path), "TransferSyntaxUID"))
    except Exception:  # no preamble, or damaged: `stored_values` says so
        return True
    return not syntax.is_transfer_syntax or not syntax.is_compressed or can_decode(syntax)


def stored_values(path: Path) -> NDArray:
    """The pixels of a gray image as decoded: (J, I), or (frames, J, I).

    Raises:
        InputError: more or fewer bytes than Rows, Columns, Bits Allocated and Number of Frames ask for; compressed images of another size;
            damaged or compressed files that cannot be decoded.
    """
    with closing(_decoded([path])) as decoded:
        return next(decoded)


@dataclass(frozen=True)
class _Checked:
    """A file whose header can be true of its pixels.

    Attributes:
        path: of it.
        shape: (frames, rows, columns).
        dataset: what it holds; None where its pixels are compressed, and left to a decoder.
    """

    path: Path
    shape: tuple[int, int, int]
    dataset: Dataset | None

    def values(self, decoder: Decoder | None) -> NDArray:
        """The pixels, of a compressed file from the decoder that was asked for them."""
        if self.dataset is None:
            assert decoder is not None
            _, (stored,) = decoder.answer()
        else:
            stored = _with_spare_bits(self.dataset, self.shape) if _has_spare_bits(self.dataset) else self.dataset.pixel_array
        if stored.shape not in (self.shape, self.shape[1:] if self.shape[0] == 1 else self.shape):
            raise _PixelError(f"its pixels have shape {stored.shape} and not {self.shape}")
        return stored


def _decoded(paths: list[Path]) -> Generator[NDArray, None, None]:
    """The pixels of each file; compressed ones by a process of their own, whose death is an error of the file."""
    decoder: Decoder | None = None
    waiting: _Checked | None = None
    try:
        for path in [*paths, None]:
            upcoming = _checked(path) if path is not None else None
            if upcoming is not None and upcoming.dataset is None:
                decoder = decoder or Decoder("dicom_pixels")
                decoder.ask(upcoming.path)
            if waiting is not None:
                try:
                    values = waiting.values(decoder)
                except InputError:
                    raise
                except Exception as error:  # truncated or foreign bytes make decoders fail in many ways
                    raise damaged(waiting.path, error) from error
                yield values
                del values
            waiting = upcoming
    finally:
        if decoder is not None:
            decoder.close()


def _checked(path: Path) -> _Checked:
    try:
        dataset = pydicom.dcmread(path, force=True)
        if "TransferSyntaxUID" not in dataset.file_meta:  # old files without preamble say it by their bytes alone
            dataset.file_meta.TransferSyntaxUID = syntax_by_bytes(dataset)
        syntax = UID(elements.uid(dataset.file_meta, "TransferSyntaxUID"))
        if syntax.is_transfer_syntax and syntax.is_compressed and not can_decode(syntax):
            raise InputError(
                f"The DICOM file '{path}' is compressed ({syntax.name}) and no decoder for that is installed: install python-gdcm (pip), "
                "or export the series uncompressed."
            )
        shape = _checked_shape(dataset)
        _check_end(dataset, path, syntax)
        return _Checked(path, shape, None if syntax.is_encapsulated else dataset)
    except elements.ElementError as error:
        raise damaged(path, error.reason) from error
    except InputError:
        raise
    except Exception as error:  # truncated or foreign bytes make the parser fail in many ways
        raise damaged(path, error) from error


def _has_spare_bits(dataset: Dataset) -> bool:
    is_native = dataset.file_meta.TransferSyntaxUID.is_little_endian and "PixelData" in dataset
    return is_native and dataset.BitsStored < dataset.BitsAllocated and int(dataset.get("SamplesPerPixel") or 1) == 1


def _with_spare_bits(dataset: Dataset, shape: tuple[int, int, int]) -> NDArray:
    """Native pixels as they stand in the file: pydicom 3 cuts bits above Bits Stored (0028,0101) off, and a padding value may have some."""
    dtype = np.dtype(f"<{'i' if dataset.PixelRepresentation else 'u'}{dataset.BitsAllocated // 8}")
    return np.frombuffer(dataset.PixelData, dtype, count=int(np.prod(shape))).reshape(shape if shape[0] > 1 else shape[1:])


class _PixelError(ValueError):
    """The header cannot be true of the pixels."""


def _checked_shape(dataset: Dataset) -> tuple[int, int, int]:
    """(frames, rows, columns), of which the pixels are; `_PixelError` where they cannot be."""
    rows, columns = (elements.whole(dataset, keyword, least=1, most=MOST_PIXELS) for keyword in ("Rows", "Columns"))
    if rows is None or columns is None:
        raise _PixelError("it lacks Rows (0028,0010) or Columns (0028,0011)")
    keyword = next((each for each in PIXEL_KEYWORDS if each in dataset), None)
    if keyword is None:
        raise _PixelError("it holds no pixels")
    bits = elements.whole(dataset, "BitsAllocated", least=1, most=64)
    if bits not in _BITS[keyword]:
        raise _PixelError(f"{elements.attribute('BitsAllocated')} {bits} is not one of {', '.join(map(str, _BITS[keyword]))}")
    if keyword == "PixelData":
        stored = elements.whole(dataset, "BitsStored", least=1, most=bits)
        highest = elements.whole(dataset, "HighBit", least=0, most=bits - 1)
        if stored is None or (highest is not None and highest != stored - 1):
            raise _PixelError(f"{elements.attribute('HighBit')} is {highest} with {elements.attribute('BitsStored')} {stored}")
        if elements.whole(dataset, "PixelRepresentation", least=0, most=1) is None:
            raise _PixelError(f"it lacks {elements.attribute('PixelRepresentation')}")
    frames, samples = frame_count(dataset), elements.whole(dataset, "SamplesPerPixel", least=1, most=4) or 1
    data = dataset[keyword].value
    if not isinstance(data, bytes):
        raise _PixelError("its pixels are no bytes")
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        _check_fragments(data, frames, rows, columns, is_rle=dataset.file_meta.TransferSyntaxUID == RLELossless)
    else:
        expected = frames * rows * columns * samples * bits // 8
        spare = len(data) - expected
        # One byte makes the length even. Some writers fill up with zeros, which all programs leave aside; a row or a column is no filling.
        is_filled = 0 < spare < min(rows, columns) * samples * bits // 8 and not any(data[expected:])
        if spare not in (0, 1) and not is_filled:
            raise _PixelError(
                f"it holds {len(data)} bytes of pixels, and {frames} frame(s) of {columns} x {rows} pixels of {bits} bits are {expected}"
            )
    return frames, rows, columns


def _check_end(dataset: Dataset, path: Path, syntax: UID) -> None:
    """Bytes that were put among the pixels push the last of them out behind, where a reader takes them for nothing or for another element.

    What may follow: private elements, whose creator is named (PS3.5 7.8.1), digital signatures and trailing padding (groups FFFA and FFFC).
    """
    keyword = next(each for each in PIXEL_KEYWORDS if each in dataset)
    pixels = dataset[keyword]
    start = _position(pixels)
    if start is None or syntax.is_encapsulated or syntax.is_deflated:
        return
    tags = dataset.keys()
    behind = [tag for tag in tags if (_position(dataset.get_item(tag)) or 0) > start]
    for tag in behind:
        known = tag.group in (0xFFFA, 0xFFFC) or (tag.is_private and (tag.is_private_creator or tag.private_creator in dataset))
        if not known or tag.group < 0x7FE0:
            raise _PixelError(f"({tag.group:04X},{tag.element:04X}), which does not belong there, lies behind its pixels")
    rest = path.stat().st_size - start - len(pixels.value)
    if not behind and rest > 0:
        raise _PixelError(f"{rest} bytes that belong to nothing lie behind its pixels")


def _position(element: object) -> int | None:
    """Where the value of an element begins in its file."""
    position = getattr(element, "value_tell", None) or getattr(element, "file_tell", None)
    return position if isinstance(position, int) else None


def _check_fragments(data: bytes, frames: int, rows: int, columns: int, *, is_rle: bool) -> None:
    """Encapsulated pixels (PS3.5 A.4): as many frames as the header says, each of its size."""
    starts = [fragment for fragment in _fragments(data) if is_rle or begins_codestream(fragment)]
    if starts and len(starts) != frames:
        raise _PixelError(f"it holds {len(starts)} compressed images, and Number of Frames (0028,0008) says {frames}")
    for fragment in starts:
        size = codestream_size(fragment)
        if size is not None and size != (rows, columns):
            raise _PixelError(
                f"its compressed pixels are {size[1]} x {size[0]}, and Columns and Rows (0028,0011), (0028,0010) say {columns} x {rows}"
            )


def _fragments(data: bytes) -> Iterator[memoryview]:
    """The items of encapsulated Pixel Data after the Basic Offset Table."""
    view, place, is_table = memoryview(data), 0, True
    while place + 8 <= len(view):
        group, element, length = struct.unpack_from("<HHI", view, place)
        if (group, element) == (0xFFFE, _DELIMITER):
            return
        if (group, element) != (0xFFFE, _ITEM) or place + 8 + length > len(view):
            raise _PixelError("its compressed pixels are not divided into items")
        if not is_table:
            yield view[place + 8 : place + 8 + length]
        is_table, place = False, place + 8 + length
    if place != len(view):
        raise _PixelError("its compressed pixels are not divided into items")
