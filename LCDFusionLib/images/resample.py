"""One volume onto the grid of another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import DTypeLike, NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.deformation import Deformation
from LCDFusionLib.images.itk import sitk
from LCDFusionLib.images.volume import Volume

_VOXELS_AT_A_TIME = 2**22
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
    if moving.same_grid(reference) and deformation is None:
        on_grid = moving.with_array(moving.array, ijk_to_lps=reference.ijk_to_lps, frame_of_reference=reference.frame_of_reference)
        return Resampled(on_grid, np.ones(reference.shape, dtype=bool), 1.0)
    covered = _covered(moving, reference) if deformation is None else _covered_through(moving, reference, deformation)
    overlap = float(covered.mean())
    if overlap == 0:
        apart = float(np.linalg.norm(_centre(moving) - _centre(reference)))
        raise InputError(
            f"The volumes '{reference.name}' and '{moving.name}' do not overlap in space (their centres are {apart:.0f} mm apart): "
            "choose two series of the same patient and study, or register them first."
        )
    edge = [(1, 1)] * 3 + [(0, 0)] * moving.is_color  # beyond the outermost centres the edge goes on by one voxel
    padded = np.pad(moving.array.astype(np.result_type(moving.array.dtype, np.float32), copy=False), edge, mode="edge")
    array = _read(padded, moving, reference, deformation, sitk.sitkLinear, first=-1, dtype=np.uint8 if moving.is_color else padded.dtype)
    if overlap < 1:
        for slice_, is_covered in zip(array, covered, strict=True):
            slice_[~is_covered] = 0
    on_grid = moving.with_array(array, ijk_to_lps=reference.ijk_to_lps, frame_of_reference=reference.frame_of_reference, padding=None)
    return Resampled(on_grid, covered, overlap)


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
    return float(_covered(of, on).mean())


def _covered(moving: Volume, reference: Volume) -> NDArray[np.bool_]:
    """(K, J, I) of the reference: voxel centre inside the voxel faces of the moving volume."""
    matrix = np.linalg.inv(moving.ijk_to_lps) @ reference.ijk_to_lps
    slices, rows, columns = reference.shape
    j, i = np.ogrid[:rows, :columns]
    covered = np.ones(reference.shape, dtype=bool)
    for (di, dj, dk, start), size in zip(matrix[:3], moving.shape[::-1], strict=True):
        in_slice = di * i + dj * j + start
        lowest, highest = in_slice.min(), in_slice.max()
        for k in range(slices):
            if lowest + dk * k < -0.5 - _FACE_TOLERANCE or highest + dk * k > size - 0.5 + _FACE_TOLERANCE:  # else it is covered whole
                index = in_slice + dk * k
                covered[k] &= (index >= -0.5 - _FACE_TOLERANCE) & (index <= size - 0.5 + _FACE_TOLERANCE)
    return covered


def _covered_through(moving: Volume, reference: Volume, deformation: Deformation) -> NDArray[np.bool_]:
    ones = np.ones(moving.shape, np.uint8)
    return _read(ones, moving, reference, deformation, sitk.sitkNearestNeighbor, first=0, dtype=bool)


def _read(
    array: NDArray, moving: Volume, reference: Volume, deformation: Deformation | None, interpolator: int, *, first: int, dtype: DTypeLike
) -> NDArray:
    """Voxels on the reference's grid, of an array in the moving volume's place whose first voxel has the index `first` there.

    Some slices at a time: SimpleITK gives an image of its own, and the whole of it beside the array would be the most memory of a fusion.
    """
    image = sitk.GetImageFromArray(array, isVector=array.ndim == 4)
    image.SetSpacing(moving.spacing.tolist())
    image.SetDirection(moving.direction.ravel().tolist())
    image.SetOrigin((moving.ijk_to_lps @ [first, first, first, 1])[:3].tolist())

    resample = sitk.ResampleImageFilter()
    resample.SetInterpolator(interpolator)
    resample.SetOutputSpacing(reference.spacing.tolist())
    resample.SetOutputDirection(reference.direction.ravel().tolist())
    if deformation is not None:
        resample.SetTransform(deformation.transform)
    slices, rows, columns = reference.shape
    on_grid = np.empty((*reference.shape, *array.shape[3:]), dtype=dtype)
    count = max(1, _VOXELS_AT_A_TIME // (rows * columns))
    for start in range(0, slices, count):
        stop = min(start + count, slices)
        resample.SetSize((columns, rows, stop - start))
        resample.SetOutputOrigin((reference.ijk_to_lps @ [0, 0, start, 1])[:3].tolist())
        executed = resample.Execute(image)  # which the view does not keep
        part = sitk.GetArrayViewFromImage(executed)
        on_grid[start:stop] = np.rint(part) if on_grid.dtype == np.uint8 else part
    return on_grid


def _centre(volume: Volume) -> NDArray[np.float64]:
    k, j, i = volume.shape
    return (volume.ijk_to_lps @ [(i - 1) / 2, (j - 1) / 2, (k - 1) / 2, 1])[:3]
