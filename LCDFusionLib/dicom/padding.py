"""What a scanner did not measure: Pixel Padding Value (0028,0120), to Pixel Padding Range Limit (0028,0121)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Unit

from . import elements

_UNMEASURED_HU = -2000.0  # below air, and black in every window that shows some
_SAME = 0.25  # of a step of the stored values: readers round


def is_padding(stored: NDArray, header: Dataset) -> NDArray[np.bool_] | None:
    """Where nothing was measured; None where all was.

    Args:
        stored: values of one image as they stand in the file, bits above Bits Stored (0028,0101) among them.
        header: of the image.
    """
    if stored.dtype.kind == "f":
        where = _is_float_padding(stored, header)
    elif (ends := _ends(header, stored.dtype)) is None:
        return None
    else:
        where = (stored >= ends[0]) & (stored <= ends[1])
    return where if where.any() else None


def _is_float_padding(stored: NDArray, header: Dataset) -> NDArray[np.bool_]:
    """By Float or Double Float Pixel Padding Value (0028,0122), (0028,0123), to their Range Limit; it may be no number at all."""
    kind = "DoubleFloat" if stored.dtype.itemsize == 8 else "Float"
    first = header.get(f"{kind}PixelPaddingValue")
    if not isinstance(first, float):
        return np.zeros(stored.shape, dtype=bool)
    last = header.get(f"{kind}PixelPaddingRangeLimit")
    if not isinstance(last, float) or np.isnan(first):
        return np.isnan(stored) if np.isnan(first) else stored == stored.dtype.type(first)
    low, high = sorted((stored.dtype.type(first), stored.dtype.type(last)))
    return (stored >= low) & (stored <= high)


def fill_padding(array: NDArray, padding: NDArray[np.bool_], unit: Unit, name: str) -> None:
    """Puts there what is black wherever anything is, whatever a viewer knows of padding.

    Args:
        array: real values (K, J, I); changed.
        padding: (K, J, I).
        unit: of the values.
        name: of the series, for the sentence.

    Raises:
        InputError: all is padding.
    """
    if padding.all():
        raise InputError(f"Every voxel of the series '{name}' has its Pixel Padding Value (0028,0120), so nothing was measured.")
    array[padding] = _UNMEASURED_HU if unit is Unit.HU else array[~padding].min()


def may_hold_padding(files: Sequence[Path]) -> bool:
    """Whether one of the files names a padding value; reads little of each."""
    tags = ["PixelPaddingValue"]
    return any(tags[0] in pydicom.dcmread(file, stop_before_pixels=True, specific_tags=tags) for file in files)


def real_padding(array: NDArray, headers: Sequence[Dataset]) -> NDArray[np.bool_] | None:
    """Where values that another reader has rescaled are those of padding, (K, J, I); None where none is.

    Readers that do not know Pixel Padding Value, Slicer's among them, rescale it like a measured one.

    Args:
        array: values after Rescale Slope and Intercept, (K, J, I).
        headers: of its slices, in their order; or one for all.
    """
    where = np.zeros(array.shape, dtype=bool)
    for k, header in enumerate(headers):
        slices = slice(None) if len(headers) == 1 else k
        for low, high in _real_ends(header):
            where[slices] |= (array[slices] >= low) & (array[slices] <= high)
    return where if where.any() else None


def same_padding(headers: Sequence[Dataset]) -> bool:
    """Whether padding has the same real values in all slices."""
    return len({tuple(_real_ends(header)) for header in headers}) == 1


def _real_ends(header: Dataset) -> list[tuple[float, float]]:
    """The ranges of real values that padding has; a reader may have cut what is above Bits Stored off."""
    bits, sign = (elements.whole(header, keyword, least=0, most=64) for keyword in ("BitsAllocated", "PixelRepresentation"))
    if bits not in (8, 16, 32) or (ends := _ends(header, np.dtype(f"{'i' if sign else 'u'}{bits // 8}"))) is None:
        return []
    slope, intercept = (elements.number(header, f"Rescale{what}") for what in ("Slope", "Intercept"))
    if slope is None or intercept is None:
        slope, intercept = 1.0, 0.0
    spare = bits - (elements.whole(header, "BitsStored", least=1, most=bits) or bits)
    found = []
    for first, last in dict.fromkeys((ends, tuple((end << spare) >> spare for end in ends))):
        one, other = sorted((float(first) * slope + intercept, float(last) * slope + intercept))
        found.append((one - _SAME * abs(slope), other + _SAME * abs(slope)))
    return found


def _ends(header: Dataset, dtype: np.dtype) -> tuple[np.integer, np.integer] | None:
    """Lowest and highest padding value, as the pixels have them: both elements may be written with or without sign."""
    ends = [elements.whole(header, f"PixelPadding{what}", least=-(1 << 31), most=(1 << 32) - 1) for what in ("Value", "RangeLimit")]
    if ends[0] is None:
        return None
    first, last = sorted(np.array([ends[0] if end is None else end for end in ends], dtype=np.int64).astype(dtype))
    return first, last
