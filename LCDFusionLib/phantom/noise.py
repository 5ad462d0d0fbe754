"""Smooth random fields of patient space: what keeps drawn organs from looking drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LATTICE = 48  # knots along each axis, then the field repeats


class NoiseField:
    """White noise on a lattice of patient space, interpolated by cubic B-splines.

    A field is a function of millimetres, not of a voxel grid, so that every grid that looks at the same patient sees the same folds.

    Args:
        seed: what to seed the field with; the same numbers give the same field.
        spacing: distance of the knots in mm; details are about two to three times as large.
        band_pass: takes the coarse part out, so that what remains has about one wavelength (three knots), as cortical folds have.
    """

    def __init__(self, *seed: int, spacing: float, band_pass: bool = False) -> None:
        knots = np.random.default_rng(seed).standard_normal((LATTICE,) * 3)
        if band_pass:
            coarse = knots
            for axis in range(3):
                coarse = (np.roll(coarse, 1, axis) + coarse + np.roll(coarse, -1, axis)) / 3.0
            knots = knots - coarse
        self.spacing = spacing
        self.knots = (knots / 0.33).astype(np.float32)  # 0.33: what interpolation leaves of the standard deviation

    def at(self, x: NDArray, y: NDArray, z: NDArray, *, derivative: int | None = None) -> NDArray[np.float32]:
        """Values on the grid spanned by three axes.

        Args:
            x, y, z: positions along each axis in mm, any shape; read flat.
            derivative: 0, 1 or 2 for the derivative along x, y or z in 1/mm; None for the field.

        Returns:
            float32 (K, J, I), mean about 0, standard deviation about 1.
        """
        values: NDArray = self.knots  # (z, y, x)
        for axis, positions in enumerate((x, y, z)):  # each step contracts the last axis and puts the new one in front: x z y, y x z, z y x
            weights = self._weights(np.ravel(positions), derivative == axis)
            values = np.tensordot(weights, values, axes=(1, 2))
        return np.ascontiguousarray(values)

    def _weights(self, positions: NDArray, derivative: bool) -> NDArray[np.float32]:
        """(N, LATTICE) B-spline weights of the knots at N positions."""
        knot, t = np.divmod(positions.astype(np.float64) / self.spacing, 1.0)
        if derivative:
            pieces = [-0.5 * (1 - t) ** 2, 1.5 * t**2 - 2 * t, -1.5 * t**2 + t + 0.5, 0.5 * t**2]
            pieces = [piece / self.spacing for piece in pieces]
        else:
            pieces = [(1 - t) ** 3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6, t**3 / 6]
        weights = np.zeros((positions.size, LATTICE), dtype=np.float32)
        rows = np.arange(positions.size)
        for offset, piece in enumerate(pieces):
            weights[rows, (knot.astype(np.int64) + offset - 1) % LATTICE] += piece.astype(np.float32)
        return weights
