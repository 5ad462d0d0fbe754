"""The canvas: a regular grid of patient space on which tissues are painted one over another, with soft edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .noise import NoiseField


class Tissue(NamedTuple):
    """What one tissue looks like: anatomy in HU (CT) or arbitrary units (MR), function in SUVbw."""

    anatomy: float
    function: float


class Shape(Protocol):
    """A solid with a known bounding box."""

    def bounds(self) -> tuple[NDArray, NDArray]:
        """Lowest and highest corner (x, y, z) in mm."""

    def distance(self, x: NDArray, y: NDArray, z: NDArray) -> NDArray:
        """Signed distance in mm, negative inside (close to the surface; further away an estimate)."""


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid.

    Attributes:
        centre: (x, y, z) in mm.
        radii: half axes in mm.
        axis: direction of the first half axis; the second stays as horizontal as it can.
    """

    centre: Sequence[float]
    radii: Sequence[float]
    axis: Sequence[float] = (1.0, 0.0, 0.0)

    def grown(self, by: float) -> Ellipsoid:
        """The same with half axes longer by `by` mm."""
        return replace(self, radii=[radius + by for radius in self.radii])

    def bounds(self) -> tuple[NDArray, NDArray]:
        """Lowest and highest corner (x, y, z) in mm."""
        reach = np.sqrt(((self._axes() * np.asarray(self.radii)[:, None]) ** 2).sum(axis=0))
        return np.asarray(self.centre) - reach, np.asarray(self.centre) + reach

    def distance(self, x: NDArray, y: NDArray, z: NDArray) -> NDArray:
        """Signed distance in mm, negative inside."""
        offset = x - self.centre[0], y - self.centre[1], z - self.centre[2]
        first: NDArray = np.float32(0.0)
        second: NDArray = np.float32(0.0)
        for axis, radius in zip(self._axes().astype(np.float32), self.radii, strict=True):
            along = axis[0] * offset[0] + axis[1] * offset[1] + axis[2] * offset[2]
            first = first + (along / radius) ** 2
            second = second + (along / radius**2) ** 2
        norm = np.sqrt(first)
        return norm * (norm - 1.0) / np.sqrt(second + 1e-12)

    def _axes(self) -> NDArray:
        """3x3, rows are the unit half axes."""
        first = np.asarray(self.axis, dtype=np.float64)
        first = first / np.linalg.norm(first)
        up = (0.0, 0.0, 1.0) if abs(first[2]) < 0.9 else (0.0, -1.0, 0.0)
        second = np.cross(up, first)
        second = second / np.linalg.norm(second)
        return np.stack([first, second, np.cross(first, second)])


@dataclass(frozen=True, eq=False)
class Tube:
    """A chain of round cones: a vessel, an airway, a horn of a ventricle.

    Attributes:
        points: (N, 3) in mm, N >= 2.
        radii: one radius or N, in mm.
    """

    points: ArrayLike
    radii: ArrayLike

    @classmethod
    def through(cls, *points_and_radii: tuple[float, float, float, float], steps: int = 6) -> Tube:
        """A smooth (Catmull-Rom) tube through points (x, y, z, radius)."""
        knots = np.asarray(points_and_radii, dtype=np.float64)
        padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
        t = np.linspace(0.0, 1.0, steps, endpoint=False)[:, None]
        pieces = []
        for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
            pieces.append(0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3))
        line = np.concatenate([*pieces, knots[-1:]])
        return cls(line[:, :3], line[:, 3])

    def grown(self, by: float) -> Tube:
        """The same with a radius larger by `by` mm."""
        return replace(self, radii=np.asarray(self.radii) + by)

    def bounds(self) -> tuple[NDArray, NDArray]:
        """Lowest and highest corner (x, y, z) in mm."""
        points, radius = np.asarray(self.points), np.max(self.radii)
        return points.min(axis=0) - radius, points.max(axis=0) + radius

    def distance(self, x: NDArray, y: NDArray, z: NDArray) -> NDArray:
        """Signed distance in mm, negative inside."""
        points = np.asarray(self.points, dtype=np.float32)
        radii = np.broadcast_to(np.asarray(self.radii, dtype=np.float32), (len(points),))
        nearest: NDArray = np.float32(np.inf)
        for start, end, r0, r1 in zip(points, points[1:], radii, radii[1:], strict=False):
            step = end - start
            px, py, pz = x - start[0], y - start[1], z - start[2]
            t = np.clip((px * step[0] + py * step[1] + pz * step[2]) / max(float(step @ step), 1e-6), 0.0, 1.0)
            gap = np.sqrt((px - t * step[0]) ** 2 + (py - t * step[1]) ** 2 + (pz - t * step[2]) ** 2)
            nearest = np.minimum(nearest, gap - (r0 + t * (r1 - r0)))
        return nearest


class Canvas:
    """A grid of voxels aligned with the patient's axes.

    Args:
        x, y, z: positions of the voxels along each axis, mm.
        quantity: which field of `Tissue` is painted, "anatomy" or "function".
        edge: width in mm over which an edge goes from nothing to all, about a voxel.
        background: what the empty canvas holds.

    Attributes:
        values: float32 (K, J, I).
        wobble: float32 (K, J, I), a slow random field of standard deviation about 1 that `fill` displaces surfaces with.
    """

    def __init__(self, x: ArrayLike, y: ArrayLike, z: ArrayLike, *, quantity: str, edge: float, background: float, seed: int) -> None:
        if quantity not in Tissue._fields:
            raise ValueError(f"quantity is one of {Tissue._fields}, not {quantity!r}")
        self.x = np.asarray(x, dtype=np.float32).reshape(1, 1, -1)
        self.y = np.asarray(y, dtype=np.float32).reshape(1, -1, 1)
        self.z = np.asarray(z, dtype=np.float32).reshape(-1, 1, 1)
        self.quantity, self.edge = quantity, edge
        self.values = np.full((self.z.size, self.y.size, self.x.size), background, dtype=np.float32)
        self.wobble = self.noise(seed, 0, spacing=24.0)

    def noise(self, *seed: int, spacing: float) -> NDArray[np.float32]:
        """A `NoiseField` on this grid."""
        return NoiseField(*seed, spacing=spacing).at(self.x, self.y, self.z)

    def region(self, low: ArrayLike, high: ArrayLike) -> tuple[slice, slice, slice] | None:
        """Indices (K, J, I) of the voxels between two corners (x, y, z) in mm; None where there are none."""
        spans = []
        for positions, start, end in zip((self.z, self.y, self.x), np.asarray(low)[::-1], np.asarray(high)[::-1], strict=True):
            first, last = np.searchsorted(positions.ravel(), (start - self.edge, end + self.edge))
            if first == last:
                return None
            spans.append(slice(int(first), int(last)))
        return spans[0], spans[1], spans[2]

    def part(self, region: tuple[slice, slice, slice]) -> Canvas:
        """A part of the canvas; paint on it is paint on the whole."""
        k, j, i = region
        part = object.__new__(Canvas)
        part.quantity, part.edge = self.quantity, self.edge
        part.x, part.y, part.z = self.x[:, :, i], self.y[:, j], self.z[k]
        part.values, part.wobble = self.values[region], self.wobble[region]
        return part

    def coverage(self, distance: NDArray) -> NDArray[np.float32]:
        """Which part of a voxel lies inside a surface, from the signed distance of its centre in mm."""
        return np.clip(0.5 - distance / self.edge, 0.0, 1.0).astype(np.float32)

    def level(self, tissue: Tissue) -> float:
        """The value of a tissue in the quantity that is painted."""
        return float(getattr(tissue, self.quantity))

    def paint(self, distance: NDArray, tissue: Tissue, *, texture: NDArray | float = 0.0, opacity: float = 1.0) -> None:
        """Paints what lies inside a surface.

        Args:
            distance: signed distance in mm, negative inside, broadcastable to (K, J, I).
            tissue: what to paint.
            texture: variation of the anatomy within the tissue, added to its value; function is painted without.
            opacity: 1 hides what was there.
        """
        self.cover(self.coverage(distance) * np.float32(opacity), tissue, texture=texture)

    def cover(self, coverage: NDArray, tissue: Tissue, *, texture: NDArray | float = 0.0) -> None:
        """Paints a tissue where `coverage` (0 to 1) says."""
        variation = texture if self.quantity == "anatomy" else 0.0
        self.values += coverage * (self.level(tissue) + variation - self.values)

    def fill(self, shape: Shape, tissue: Tissue, *, wobble: float = 0.0, opacity: float = 1.0) -> None:
        """Paints a solid whose surface is displaced at random by about `wobble` mm."""
        low, high = shape.bounds()
        region = self.region(low - 3 * wobble, high + 3 * wobble)
        if region is not None:
            part = self.part(region)
            distance = shape.distance(part.x, part.y, part.z)
            part.paint(distance + np.float32(wobble) * part.wobble if wobble else distance, tissue, opacity=opacity)


def smooth_min(first: NDArray, second: NDArray, blend: float) -> NDArray:
    """Union of two signed distances with a fillet of about `blend` mm."""
    overlap = np.maximum(blend - np.abs(first - second), 0.0) / blend
    return np.minimum(first, second) - overlap**2 * (blend / 4.0)


def smooth_max(first: NDArray, second: NDArray, blend: float) -> NDArray:
    """Intersection of two signed distances with a fillet of about `blend` mm."""
    return -smooth_min(-first, -second, blend)


def profile(positions: NDArray, *nodes: tuple[float, float]) -> NDArray[np.float32]:
    """A measure that changes along an axis, linear between (position, value) nodes."""
    at, values = zip(*nodes, strict=True)
    return np.interp(positions, at, values).astype(np.float32)
