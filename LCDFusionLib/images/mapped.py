"""Volumes in files, a slice at a time."""

from __future__ import annotations

import mmap
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def slices_of(array: NDArray) -> Iterator[NDArray]:
    """The slices (J, I, ...) of an array (K, J, I, ...), one after another.

    Where the array is a memory map that cannot be written, each slice is let go of before the next: pages of a file that were read once
    count as the process's memory, so that reading a volume would end with all of it there. They are read anew when they are needed.
    """
    pages = getattr(array, "_mmap", None) if isinstance(array, np.memmap) and array.mode == "r" else None
    for slice_ in array:
        yield slice_
        if isinstance(pages, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # Windows knows no such advice
            pages.madvise(mmap.MADV_DONTNEED)
