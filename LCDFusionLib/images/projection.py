"""Maximum intensity projections of a function volume that turn about the patient's long axis."""

from __future__ import annotations

import weakref

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.images.window import Window

_MOST_VOXELS = 3_000_000  # of the resampled cube: a projection then takes some 30 ms


def projection_picture(volume: Volume, window: Window, angle: float) -> tuple[NDArray[np.uint8], str]:
    """A projection as it is read, dark on white, and the side of the patient at its left edge ("R", "A"...).

    Args:
        volume: function volume with values.
        window: its range, white to black.
        angle: as of `TurningProjection.picture`.

    Raises:
        InputError: as `TurningProjection`.
    """
    seen = TurningProjection(volume)
    dark = np.clip((seen.picture(angle) - window.lower) / window.width, 0, 1)
    across = seen.axes(angle)[0]
    axis = int(np.abs(across).argmax())
    return np.asarray(np.rint(255 * (1 - dark)), np.uint8), ("RA" if across[axis] > 0 else "LP")[axis]


_remembered: list[tuple[weakref.ref[NDArray], bytes, TurningProjection]] = []


def turning_projection(volume: Volume) -> TurningProjection:
    """The projection of a volume; that of the voxels and the place asked for last is remembered, so that it can be made in a thread.

    Raises:
        InputError: as `TurningProjection`.
    """
    place = volume.ijk_to_lps.tobytes()
    for array, at, seen in _remembered:
        if array() is volume.array and at == place:
            return seen
    seen = TurningProjection(volume)
    _remembered[:] = [(weakref.ref(volume.array, lambda _: _remembered.clear()), place, seen)]
    return seen


class TurningProjection:
    """A volume seen from all round.

    Projections share one frame: columns run from the viewer's left to the right, rows from head to feet, pixels are square. At 0 degrees
    the patient is seen from the front (patient's right on the left); the patient then turns to its left about the axis through the
    middle of the volume.

    Attributes:
        spacing_mm: of a pixel.
        centre: LPS mm of the picture's middle, which is that of the volume.

    Example:
        >>> seen = TurningProjection(pet)
        >>> picture = seen.picture(30)
        >>> seen.point(30, column=40, row=25)  # where the hottest voxel behind this pixel lies
        (12.0, -40.5, 310.2)
    """

    def __init__(self, volume: Volume) -> None:
        """Resamples the volume once.

        Args:
            volume: function volume, (K, J, I).

        Raises:
            InputError: a colour volume, whose brightness is no intensity.
        """
        if volume.is_color:
            raise InputError(f"'{volume.name}' is a colour image; a maximum intensity projection needs a PET or SPECT volume with values.")
        k, j, i = volume.shape
        corners = (
            np.array([[x, y, z, 1.0] for x in (-0.5, i - 0.5) for y in (-0.5, j - 0.5) for z in (-0.5, k - 0.5)]) @ volume.ijk_to_lps.T
        )
        low, high = corners[:, :3].min(axis=0), corners[:, :3].max(axis=0)
        self.centre = (low + high) / 2
        width, height = float(np.hypot(*(high - low)[:2])), float((high - low)[2])  # wide enough for every angle
        self.spacing_mm = max(float(volume.spacing.min()), (width * width * height / _MOST_VOXELS) ** (1 / 3))
        self._columns, self._rows = max(1, round(width / self.spacing_mm)), max(1, round(height / self.spacing_mm))
        self._cube = self._resampled(volume)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a picture."""
        return self._rows, self._columns

    def picture(self, angle: float) -> NDArray[np.float32]:
        """The projection at an angle in degrees: (rows, columns), in the volume's unit."""
        places, size = self._places(angle), self._columns
        picture = np.empty((self._rows, size), np.float32)
        for row, layer in zip(picture, self._cube, strict=True):  # a layer at a time stays in the processor's cache
            layer.take(places).reshape(size, size).max(axis=0, out=row)
        return picture

    def point(self, angle: float, *, column: float, row: float) -> tuple[float, float, float] | None:
        """LPS mm of the hottest voxel behind a pixel of the picture at this angle; None outside the picture."""
        column, row = round(column), round(row)
        if not (0 <= column < self._columns and 0 <= row < self._rows):
            return None
        depth = int(self._turned(angle, row)[:, column].argmax())
        middle = (self._columns - 1) / 2
        across, along = self.axes(angle)
        place = self.centre + self.spacing_mm * ((column - middle) * across + (depth - middle) * along)
        place[2] -= self.spacing_mm * (row - (self._rows - 1) / 2)
        x, y, z = place.tolist()
        return x, y, z

    def _turned(self, angle: float, row: int) -> NDArray[np.float32]:
        """One row of the picture with what lies behind it: (depth from near to far, columns)."""
        return self._cube[row].take(self._places(angle)).reshape(self._columns, self._columns)

    def _places(self, angle: float) -> NDArray[np.intp]:
        """Where in a layer of the cube lies what is seen at an angle, (depth * columns); outside is its last element, which is 0."""
        middle = (self._columns - 1) / 2
        depth, column = np.mgrid[: self._columns, : self._columns] - middle
        across, along = self.axes(angle)
        x = np.rint(column * across[0] + depth * along[0] + middle).astype(np.intp)
        y = np.rint(column * across[1] + depth * along[1] + middle).astype(np.intp)
        outside = (x < 0) | (x >= self._columns) | (y < 0) | (y >= self._columns)
        return np.where(outside, self._columns**2, y * self._columns + x).ravel()

    @staticmethod
    def axes(angle: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """LPS directions of the picture's columns (to the right) and of depth (away from the viewer)."""
        turn = np.deg2rad(angle)
        return np.array([np.cos(turn), np.sin(turn), 0.0]), np.array([-np.sin(turn), np.cos(turn), 0.0])

    def _resampled(self, volume: Volume) -> NDArray[np.float32]:
        """The volume in a box round its middle, square in x and y, by its nearest voxels, so that a small hot lesion does not fade between
        two grids: (z from head to feet, y * x and a zero)."""
        size, spacing = np.array([self._columns, self._columns, self._rows]), self.spacing_mm * np.array([1, 1, -1])
        to_lps = np.diag([*spacing, 1.0])
        to_lps[:3, 3] = self.centre - spacing * (size - 1) / 2
        to_ijk = np.linalg.inv(volume.ijk_to_lps) @ to_lps
        cube = np.zeros((self._rows, self._columns**2 + 1), np.float32)
        voxels, (k, j, i), steps = volume.array.reshape(-1), volume.shape, np.arange(self._columns)
        strides = 1, i, i * j
        in_layer = [np.add.outer(row[1] * steps, row[0] * steps) + row[3] + 0.5 for row in to_ijk[:3]]
        for z, layer in enumerate(cube):  # a layer at a time stays in the processor's cache
            place, inside = np.zeros_like(in_layer[0], np.intp), np.ones_like(in_layer[0], bool)
            for axis, count in enumerate((i, j, k)):
                index = np.floor(in_layer[axis] + z * to_ijk[axis, 2]).astype(np.int32)
                inside &= index.view(np.uint32) < count  # a negative one is a large one
                place += np.multiply(index, strides[axis], dtype=np.intp)
            layer[:-1] = np.where(inside, voxels.take(place, mode="clip"), 0).ravel()
        return cube
