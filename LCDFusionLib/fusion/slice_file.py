"""A stack of slices in a file, of which one slice at a time is in memory."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray


class SliceFile:
    """The slices of a .npy file (K, ...) in C order, read and written one by one.

    A memory map would do the same, but the pages that it has touched count as the process's memory, which so grows with the slices.

    Args:
        path: of a file that `numpy.save` or `SliceFile.create` wrote.
        writable: whether slices can be set.
    """

    def __init__(self, path: Path, *, writable: bool = False) -> None:
        layout = np.load(path, mmap_mode="r")
        self.shape, self.dtype = layout.shape, layout.dtype
        self._start, self._slice_bytes = int(layout.offset), layout[0].nbytes
        del layout
        self._file = path.open("r+b" if writable else "rb", buffering=0)

    @classmethod
    def create(cls, path: Path, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        """A file of zeros. Its room on the disk is taken at once, so that a full disk is found out here and not in the middle of the work.

        Raises:
            OSError: there is no room.
        """
        np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)  # as long as it has to be, and empty
        if hasattr(os, "posix_fallocate"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)

    def __getitem__(self, index: int | list[int]) -> NDArray:
        """Slice k, (...), or slices, (B, ...)."""
        stack = np.empty((len(index) if isinstance(index, list) else 1, *self.shape[1:]), self.dtype)
        for k, part in zip(index if isinstance(index, list) else [index], stack, strict=True):
            self._file.seek(self._start + k * self._slice_bytes)
            read, view = 0, part.data.cast("B")
            while read < self._slice_bytes:
                count = self._file.readinto(view[read:])
                if not count:
                    raise OSError(f"the file of slices ends in slice {k}")
                read += count
        return stack if isinstance(index, list) else stack[0]

    def __setitem__(self, index: list[int], stack: NDArray) -> None:
        for k, part in zip(index, stack, strict=True):
            self._file.seek(self._start + k * self._slice_bytes)
            rest = np.ascontiguousarray(part, dtype=self.dtype).data.cast("B")
            while rest:
                rest = rest[self._file.write(rest) :]
