"""What was lost of an image by compression: once lossy, an image and all that is made of it stay so (PS3.3 C.7.6.1.1.5)."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import JPEG2000, JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLSNearLossless

from . import elements
from .instance import decimal_strings

# Lossy Image Compression Method (0028,2114) of transfer syntaxes that lose something, whatever the header says.
_METHODS = {JPEGBaseline8Bit: "ISO_10918_1", JPEGExtended12Bit: "ISO_10918_1", JPEGLSNearLossless: "ISO_14495_1"}
_LOSSY = "01"


def set_lossy_history(dataset: Dataset, sources: Iterable[Dataset]) -> None:
    """Lossy Image Compression (0028,2110) with ratios and methods of every compression that a source went through; 00 where none did."""
    steps = list(dict.fromkeys(step for header in sources for step in _steps(header)))
    dataset.LossyImageCompression = _LOSSY if steps else "00"
    if ratios := [ratio for ratio, _ in steps if ratio]:
        dataset.LossyImageCompressionRatio = ratios
    if methods := [method for _, method in steps if method]:
        dataset.LossyImageCompressionMethod = methods


def _steps(header: Dataset) -> list[tuple[str, str]]:
    """(ratio, method) of each compression, "" for what is not told."""
    ratios, methods = (elements.terms(header, f"LossyImageCompression{what}") for what in ("Ratio", "Method"))
    if elements.text(header, "LossyImageCompression") == _LOSSY:
        count = max(len(ratios), len(methods), 1)
        return list(zip((*ratios, *[""] * (count - len(ratios))), (*methods, *[""] * (count - len(methods))), strict=True))
    syntax = getattr(header, "file_meta", {}).get("TransferSyntaxUID")
    if syntax in _METHODS or (syntax == JPEG2000 and ratios):
        return [(_ratio(header), _METHODS.get(syntax, "ISO_15444_1"))]
    return []


def _ratio(header: Dataset) -> str:
    """Of the bytes that the pixels would take to those of the file."""
    rows, columns, bits = (elements.number(header, keyword) or 0 for keyword in ("Rows", "Columns", "BitsAllocated"))
    file = os.stat(header.filename)
    frames = _frames_in(header.filename, file.st_mtime_ns)
    return decimal_strings(round(rows * columns * bits / 8 * frames / file.st_size, 2))[0]


@functools.lru_cache(maxsize=4)
def _frames_in(file: str | os.PathLike[str], written_ns: int) -> float:
    """Number of Frames (0028,0008), which the header of one frame does not hold."""
    return (
        elements.number(pydicom.dcmread(file, specific_tags=["NumberOfFrames"], stop_before_pixels=True, force=True), "NumberOfFrames") or 1
    )
