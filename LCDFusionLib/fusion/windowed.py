"""The slices that the network gets, each made when it is asked for: so the one on show need not wait for the volume."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.images.itk import sitk
from LCDFusionLib.images.resample import SlicesOnGrid
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.images.window import Window, windowed


class Slices(Protocol):
    """A stack (K, J, I), in memory or not, that gives slices by their indices."""

    def __getitem__(self, index: list[int], /) -> NDArray:
        """The slices, (B, J, I)."""


class WindowedAnatomy:
    """Slices of an anatomy, float32 in [0, 1]; black where there is padding.

    Args:
        voxels: (K, J, I).
        window: of the anatomy.
        padding: (K, J, I), True where nothing was measured; None: nowhere.
    """

    def __init__(self, voxels: Slices, window: Window, padding: Slices | None = None) -> None:
        self._voxels, self._window, self._padding = voxels, window, padding

    def __getitem__(self, indices: list[int]) -> NDArray[np.float32]:
        return windowed(self._voxels[indices], self._window, self._padding[indices] if self._padding is not None else None)


class WindowedFunction:
    """Slices of a function on the anatomy's grid, float32 in [0, 1]; of a colour volume its luma.

    Args:
        function: on a grid of its own.
        window: of the function.
        anatomy: whose grid it is.
        transform: through which the function is read, from the anatomy's points to its own.
    """

    def __init__(self, function: Volume, window: Window, anatomy: Volume, transform: sitk.Transform | None = None) -> None:
        self._window = window
        self._on_grid = SlicesOnGrid(function, anatomy, transform)
        self._padding = function.padding if self._on_grid.is_same else None

    def __getitem__(self, indices: list[int]) -> NDArray[np.float32]:
        return windowed(self.unwindowed(indices), self._window, self._padding[indices] if self._padding is not None else None)

    def unwindowed(self, indices: list[int]) -> NDArray:
        """In the function's unit; of a colour volume its colours, uint8 (B, J, I, 3)."""
        return np.stack([self._on_grid[k] for k in indices])
