"""Where a registration may begin: all shifts of the moving image in all 48 turned and mirrored orders of its axes, on coarse grids.

The joint histogram of two images for every shift at once is a set of correlations of their histogram bins' masks, and those are products
in Fourier space. Normalised mutual information (Studholme et al. 1999) does not grow with the overlap alone, so that shifts compare.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.images.itk import sitk
from LCDFusionLib.images.mutual_information import grid_of

_BINS = 6
_FINEST, _COARSEST = 8.0, 32.0  # mm between voxels
_VOXELS_ACROSS = 16  # of the smaller image
_MOST_VOXELS = 100_000  # of all shifts of an order: seconds for all 48
_LEAST_OVERLAP = 0.4  # of the smaller image: with less, a wrong place can look good by chance


@dataclass(frozen=True, eq=False)
class Placement:
    """The best shift of the moving image in one order of its axes.

    Attributes:
        matrix: 4x4, LPS mm, moves the moving image's points there; of determinant -1 where it mirrors.
        turned: degrees of its rotation (0, 90, 120 or 180), or of that before the mirror.
        mirrored: whether left and right hands change.
        score: normalised mutual information there, minus the 1 of images that know nothing of each other.
    """

    matrix: NDArray[np.float64]
    turned: int
    mirrored: bool
    score: float

    @property
    def is_upright(self) -> bool:
        """Whether the axes lie as the file says."""
        return not self.mirrored and self.turned == 0


def likely_places(fixed: sitk.Image, moving: sitk.Image, tell: Callable[[float], None]) -> list[Placement]:
    """The best place in each order of the moving image's axes, the upright one first, then the others from the best on.

    Args:
        fixed: working image.
        moving: likewise.
        tell: called with the part that is done; what it raises ends the search.
    """
    axes = np.array(moving.GetDirection()).reshape(3, 3)
    spacing = _spacing(fixed, moving)
    target, source = _Grid(fixed, axes, spacing), _Grid(moving, axes, spacing)
    places = []
    for done, (order, spectra, shape) in enumerate(_orders(target, source)):
        places.append(_best_place(target, source, order, spectra, shape))
        tell((done + 1) / 48)
    upright = next(place for place in places if place.is_upright)
    return [upright, *sorted((place for place in places if place is not upright), key=lambda place: -place.score)]


class _Grid:
    """An image on even voxels along given axes; arrays are (x, y, z) along them."""

    def __init__(self, image: sitk.Image, axes: NDArray, spacing: float) -> None:
        size = np.array(image.GetSize())
        corners = np.array([[*corner, 1.0] for corner in itertools.product(*((-0.5, n - 0.5) for n in size))]) @ grid_of(image).T
        along = corners[:, :3] @ axes
        low, high = along.min(axis=0), along.max(axis=0)
        count = np.maximum(1, np.rint((high - low) / spacing)).astype(int)
        self.axes, self.spacing = axes, spacing
        self.first = (low + high) / 2 - (count - 1) / 2 * spacing  # coordinates along the axes of voxel (0, 0, 0)
        grid = sitk.Image(count.tolist(), sitk.sitkFloat32)
        grid.SetSpacing([spacing] * 3)
        grid.SetOrigin((axes @ self.first).tolist())
        grid.SetDirection(axes.ravel().tolist())
        smooth = sitk.SmoothingRecursiveGaussian(image, [0.4 * spacing] * 3)
        values = sitk.GetArrayFromImage(sitk.Resample(smooth, grid, sitk.Transform(), sitk.sitkLinear, 0.0)).T
        ones = sitk.Image(image.GetSize(), sitk.sitkUInt8) + 1
        ones.CopyInformation(image)
        inside = sitk.GetArrayFromImage(sitk.Resample(ones, grid, sitk.Transform(), sitk.sitkNearestNeighbor, 0)).T > 0
        low_value, high_value = (float(values[inside].min()), float(values[inside].max())) if inside.any() else (0.0, 0.0)
        bins = np.clip((values - low_value) / max(high_value - low_value, 1e-9) * _BINS, 0, _BINS - 1).astype(int)
        self.masks = np.stack([((bins == each) & inside).astype(np.float32) for each in range(_BINS)])
        self.voxels = int(inside.sum())


def _spacing(fixed: sitk.Image, moving: sitk.Image) -> float:
    extents = [np.array(image.GetSize()) * image.GetSpacing() for image in (fixed, moving)]
    spacing = float(np.clip(min(np.prod(extent) for extent in extents) ** (1 / 3) / _VOXELS_ACROSS, _FINEST, _COARSEST))
    shifts = float(np.prod(extents[0] + extents[1])) / _MOST_VOXELS
    return max(spacing, min(_COARSEST, shifts ** (1 / 3)))


def _orders(target: _Grid, source: _Grid) -> Iterator[tuple[NDArray, NDArray, tuple[int, ...]]]:
    """(signed permutation of the axes, spectra of the target's masks, size of the transform), 48 of them."""
    for axes in itertools.permutations(range(3)):
        lengths = (source.masks.shape[1 + axis] for axis in axes)
        shape = tuple(_fast_length(n + m) for n, m in zip(target.masks.shape[1:], lengths, strict=True))
        spectra = np.conj(np.fft.rfftn(target.masks, shape, axes=(1, 2, 3)))
        for signs in itertools.product((1, -1), repeat=3):
            order = np.zeros((3, 3))
            order[range(3), axes] = signs
            yield order, spectra, shape


def _best_place(target: _Grid, source: _Grid, order: NDArray, target_spectra: NDArray, shape: tuple[int, ...]) -> Placement:
    axes = np.abs(order).argmax(axis=1)
    signs = order[range(3), axes]
    turned = source.masks.transpose(0, *(1 + axes))[tuple(slice(None, None, int(sign)) for sign in (1, *signs))]
    spectra = np.fft.rfftn(turned, shape, axes=(1, 2, 3))
    joint = np.empty((_BINS, _BINS, *shape), np.float32)
    for one, other in np.ndindex(_BINS, _BINS):
        joint[one, other] = np.fft.irfftn(target_spectra[one] * spectra[other], shape, axes=(0, 1, 2))
    np.maximum(joint, 0, out=joint)
    shared = joint.sum(axis=(0, 1))
    enough = shared >= _LEAST_OVERLAP * min(target.voxels, source.voxels)
    joint /= np.maximum(shared, 1)
    both = _entropy(joint, (0, 1))
    score = np.where(enough, (_entropy(joint.sum(1), (0,)) + _entropy(joint.sum(0), (0,))) / np.maximum(both, 1e-6) - 1, 0)
    best = np.unravel_index(int(score.argmax()), shape)
    # Voxel v of the target lies on voxel v + shift of the turned source; shifts below 0 stand at the end.
    shift = [int(at) - (n if at >= m else 0) for at, n, m in zip(best, shape, turned.shape[1:], strict=True)]
    to_source, offset = order.T, np.zeros(3)
    for axis, sign, by, length in zip(axes, signs, shift, turned.shape[1:], strict=True):
        offset[axis] = by if sign > 0 else length - 1 - by
    fixed_to_moving = np.eye(4)
    rotation = target.axes @ to_source @ target.axes.T
    fixed_to_moving[:3, :3] = rotation
    fixed_to_moving[:3, 3] = target.axes @ (source.first + source.spacing * offset - to_source @ target.first)
    mirrored = bool(np.linalg.det(order) < 0)
    proper = -order if mirrored else order
    degrees = round(float(np.degrees(np.arccos(np.clip((np.trace(proper) - 1) / 2, -1, 1)))))
    return Placement(np.asarray(np.linalg.inv(fixed_to_moving), dtype=np.float64), degrees, mirrored, float(score[best]))


def _entropy(parts: NDArray, axes: tuple[int, ...]) -> NDArray:
    return -(parts * np.log(parts + 1e-12)).sum(axis=axes)


def _fast_length(n: int) -> int:
    """The next length of a fast Fourier transform: of no prime factor above 5."""
    while True:
        rest = n
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return n
        n += 1
