"""One volume onto the grid of another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.deformation import Deformation
from LCDFusionLib.images.itk import sitk
from LCDFusionLib.images.volume import Volume

_FACE_TOLERANCE = 1e-6  # of a voxel: a centre that lies on the outer face is inside, whatever rounding makes of it


@dataclass(frozen=True, eq=False)
class Resampled:
    """A volume on another volume's grid.

    Attributes:
        volume: the voxels on the reference's grid; zero, which is no uptake, where the moving volume was not measured.
        covered: (K, J, I), True inside the moving volume's field of view.
        overlap: the part of the reference's voxels that is covered, 0 < overlap <= 1.
    """

    volume: Volume
    covered: NDArray[np.bool_]
    overlap: float


def resample_onto(moving: Volume, reference: Volume, deformation: Deformation | None = None) -> Resampled:
    """Bring `moving` (function) onto the grid of `reference` (anatomy), linearly, in patient space.

    The field of view reaches to the faces of the outermost voxels, not to their centres: a PET slice stands for its whole thickness, and
    a volume of one slice has the field of view of that slice. Between the outermost centres and faces the edge value holds. Any index
    frame is right, oblique, left-handed or sheared (tilted gantry). Equal grids give the same voxels back, without interpolation.

    Both volumes must lie in one patient space; nothing here looks at their frames of reference.

    Args:
        moving: function.
        reference: anatomy.
        deformation: of the moving volume, through which it is read.

    Returns:
        Voxels of the moving volume's own type on equal grids; else floating point. A colour volume stays uint8 RGB, each channel resampled
        by itself.

    Raises:
        InputError: the volumes do not overlap in space.
    """
    onto = SlicesOnGrid(moving, reference, None if deformation is None else deformation.transform)
    place = {"ijk_to_lps": reference.ijk_to_lps, "frame_of_reference": reference.frame_of_reference}
    if onto.is_same:
        return Resampled(moving.with_array(moving.array, **place), np.ones(reference.shape, dtype=bool), 1.0)
    covered = np.stack([onto.covered(k) for k in range(reference.shape[0])])
    overlap = _checked_overlap(int(covered.sum()), moving, reference)
    array = np.empty((*reference.shape, *moving.array.shape[3:]), dtype=onto.dtype)
    for k, slice_ in enumerate(array):
        slice_[:] = onto[k]
    return Resampled(moving.with_array(array, padding=None, **place), covered, overlap)


def overlap_of(moving: Volume, reference: Volume, deformation: Deformation | None = None) -> float:
    """`Resampled.overlap`, before anything is resampled.

    Raises:
        InputError: the volumes do not overlap in space.
    """
    if deformation is None:
        return _checked_overlap(round(covered_part(moving, reference) * math.prod(reference.shape)), moving, reference)
    onto = SlicesOnGrid(moving, reference, deformation.transform)
    return _checked_overlap(sum(int(onto.covered(k).sum()) for k in range(reference.shape[0])), moving, reference)


def covered_part(moving: Volume, reference: Volume) -> float:
    """`Resampled.overlap`, before anything is resampled; 0 where they do not overlap."""
    if moving.same_grid(reference):
        return 1.0
    return _covered_part(moving.ijk_to_lps.tobytes(), moving.shape, reference.ijk_to_lps.tobytes(), reference.shape)


@lru_cache(maxsize=16)
def _covered_part(moving: bytes, shape: tuple[int, ...], reference: bytes, onto: tuple[int, ...]) -> float:
    """Of two grids, which are all that it depends on: a person chooses many windows for one pair."""
    of, on = (
        Volume(np.broadcast_to(np.uint8(0), size), np.frombuffer(matrix).reshape(4, 4))
        for matrix, size in ((moving, shape), (reference, onto))
    )
    return sum(int(_covered(of, on, k).sum()) for k in range(onto[0])) / math.prod(onto)


def _checked_overlap(covered: int, moving: Volume, reference: Volume) -> float:
    if covered == 0:
        apart = float(np.linalg.norm(_centre(moving) - _centre(reference)))
        raise InputError(
            f"The volumes '{reference.name}' and '{moving.name}' do not overlap in space (their centres are {apart:.0f} mm apart): "
            "choose two series of the same patient and study, or register them first."
        )
    return covered / math.prod(reference.shape)


class SlicesOnGrid:
    """`resample_onto`, a slice at a time: of slice k the same bits, whichever others are asked for.

    Args:
        moving: function.
        reference: anatomy, of which only the grid is looked at.
        transform: through which the moving volume is read, from the reference's points to its own.

    Attributes:
        is_same: the grids are equal, and nothing is interpolated.
        dtype: of the slices.
    """

    def __init__(self, moving: Volume, reference: Volume, transform: sitk.Transform | None = None) -> None:
        self._moving, self._reference = moving, reference
        self._transform = transform
        self.is_same = transform is None and moving.same_grid(reference)
        self.dtype = moving.array.dtype
        if not self.is_same:
            self.dtype = np.result_type(moving.array.dtype, np.float32)
            edge = [(1, 1)] * 3 + [(0, 0)] * moving.is_color  # beyond the outermost centres the edge goes on by one voxel
            padded = np.pad(moving.array.astype(self.dtype, copy=False), edge, mode="edge")
            self.dtype = np.dtype(np.uint8) if moving.is_color else self.dtype
            self._image, self._filter = self._reading(padded, sitk.sitkLinear, first=-1)
            if transform is not None:
                self._field = self._reading(np.ones(moving.shape, np.uint8), sitk.sitkNearestNeighbor, first=0)

    def __getitem__(self, k: int) -> NDArray:
        """(J, I), or (J, I, 3) of a colour volume; zero, which is no uptake, where the moving volume was not measured."""
        if self.is_same:
            return self._moving.array[k]
        slice_ = self._read(self._image, self._filter, k)
        if self.dtype == np.uint8:
            slice_ = np.rint(slice_).astype(np.uint8)
        slice_[~self.covered(k)] = 0
        return slice_

    def covered(self, k: int) -> NDArray[np.bool_]:
        """(J, I), True inside the moving volume's field of view."""
        if self._transform is None:
            return _covered(self._moving, self._reference, k)
        return self._read(*self._field, k).astype(bool)

    def _reading(self, array: NDArray, interpolator: int, *, first: int) -> tuple[sitk.Image, sitk.ResampleImageFilter]:
        """An array in the moving volume's place, whose first voxel has the index `first` there, and what reads it."""
        moving, reference = self._moving, self._reference
        image = sitk.GetImageFromArray(array, isVector=array.ndim == 4)
        image.SetSpacing(moving.spacing.tolist())
        image.SetDirection(moving.direction.ravel().tolist())
        image.SetOrigin((moving.ijk_to_lps @ [first, first, first, 1])[:3].tolist())
        resample = sitk.ResampleImageFilter()
        resample.SetNumberOfThreads(1)  # a slice is too little to share
        resample.SetInterpolator(interpolator)
        resample.SetOutputSpacing(reference.spacing.tolist())
        resample.SetOutputDirection(reference.direction.ravel().tolist())
        resample.SetSize((*reference.shape[:0:-1], 1))
        if self._transform is not None:
            resample.SetTransform(self._transform)
        return image, resample

    def _read(self, image: sitk.Image, resample: sitk.ResampleImageFilter, k: int) -> NDArray:
        resample.SetOutputOrigin((self._reference.ijk_to_lps @ [0, 0, k, 1])[:3].tolist())
        return sitk.GetArrayFromImage(resample.Execute(image))[0]


def _covered(moving: Volume, reference: Volume, k: int) -> NDArray[np.bool_]:
    """(J, I) of the reference's slice k: voxel centre inside the voxel faces of the moving volume."""
    matrix = np.linalg.inv(moving.ijk_to_lps) @ reference.ijk_to_lps
    _, rows, columns = reference.shape
    covered = np.ones((rows, columns), dtype=bool)
    for (di, dj, dk, start), size in zip(matrix[:3], moving.shape[::-1], strict=True):
        lowest, highest = -0.5 - _FACE_TOLERANCE, size - 0.5 + _FACE_TOLERANCE
        corners = [di * i + dj * j + start + dk * k for i in (0, columns - 1) for j in (0, rows - 1)]
        if min(corners) < lowest or max(corners) > highest:  # else it is covered whole
            j, i = np.ogrid[:rows, :columns]
            index = di * i + dj * j + start + dk * k
            covered &= (index >= lowest) & (index <= highest)
    return covered


def _centre(volume: Volume) -> NDArray[np.float64]:
    k, j, i = volume.shape
    return (volume.ijk_to_lps @ [(i - 1) / 2, (j - 1) / 2, (k - 1) / 2, 1])[:3]
