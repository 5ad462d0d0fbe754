"""Rigid registration of a function volume onto an anatomy volume, by mutual information (SimpleITK).

A registration gives a 4x4 matrix and no voxels. The matrix goes in front of the moving volume's own (`move`), so that the
one resampling of a fusion (`resample_onto`) reads the original voxels: nothing is interpolated twice, and the original is never changed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Modality, Volume, geometry_matrix

MOST_DEGREES = 20.0
"""No patient on a scanner's table is turned by more from one scan to the next; a result beyond it is none."""

Progress = Callable[[float], None]
"""Called with the part that is done, 0 to 1; an exception that it raises ends the registration at once."""

_WORKING_SPACING = 3.0  # mm: finer than PET resolves, coarse enough for seconds
_BINS = 32
_SAMPLES = 60_000
_MARGIN = 36.0  # mm: what 20 mm and 10 degrees move the border of a body by
_LEAST_SAMPLED = 0.25
_START_SHIFT = 25.0  # mm to both sides along each axis: between two such starts no optimum of a body is lost
_AGREE_MM = 6.0  # a voxel of the coarse resolution, at the corners of the body: two starts found the same place
_LEAST_AGREEING = 3
_LEAST_OVERLAP = 0.2


@dataclass(frozen=True, eq=False)
class Registration:
    """Where the moving volume has to go.

    Attributes:
        matrix: 4x4, LPS mm: moves points of the moving volume's patient space into the fixed one's. The identity undoes it.
        mutual_information: of both volumes where they overlap after the registration, in nats (Mattes); more is better, and only
            comparable between registrations of the same two volumes.
        before: the same as the volumes lay before.
        agreeing_starts: how many of the independent starts ended at this place.
        starts: how many there were.
        overlap: part of the smaller volume that lies in the other one after the registration.
        shift_mm: how far the middle of the fixed volume was moved.
    """

    matrix: NDArray[np.float64]
    mutual_information: float
    before: float
    agreeing_starts: int
    starts: int
    overlap: float
    shift_mm: float

    @property
    def rotation_degrees(self) -> float:
        """Angle of the rotation about its own axis."""
        return rotation_degrees(self.matrix)

    @property
    def problem(self) -> str | None:
        """Why the two cannot be aligned, in words; None where they are."""
        if self.overlap < _LEAST_OVERLAP:
            return f"after it they share only {self.overlap:.0%} of the smaller volume"
        if self.agreeing_starts < _LEAST_AGREEING:
            return f"only {self.agreeing_starts} of {self.starts} independent starts ended at the same place"
        if self.rotation_degrees > MOST_DEGREES:
            return f"it would turn the patient by {self.rotation_degrees:.0f} degrees"
        return None

    @property
    def quality(self) -> str:
        """One line for the screen."""
        gain = "" if self.before <= 0 else f" ({self.mutual_information / self.before - 1:+.0%} against before)"
        return (
            f"mutual information {self.mutual_information:.3f}{gain}, {self.agreeing_starts} of {self.starts} starts agree, "
            f"moved by {self.shift_mm:.1f} mm, turned by {self.rotation_degrees:.1f} degrees"
        )

    def check(self, moving: Volume, fixed: Volume) -> None:
        """Raise `InputError` where the two cannot be aligned."""
        if self.problem:
            raise InputError(
                f"'{moving.name}' and '{fixed.name}' cannot be aligned with confidence: {self.problem}; choose another series, "
                "or align them by hand and give the transform."
            )


def move(moving: Volume, fixed: Volume, matrix: NDArray[np.float64]) -> Volume:
    """The same voxels of `moving` under another matrix, in the fixed volume's frame of reference; `matrix` as in `Registration`."""
    return replace(moving, ijk_to_lps=matrix @ moving.ijk_to_lps, frame_of_reference=fixed.frame_of_reference)


def register(moving: Volume, fixed: Volume, *, progress: Progress | None = None) -> Registration:
    """Find the rigid motion that brings `moving` (function) onto `fixed` (anatomy).

    Mattes mutual information (Mattes et al. 2003) on two resolutions. The search starts at the volumes' own places, with their middles and
    with their centres of mass on each other, and from there to both sides along each axis; the best end is refined. How many starts
    end at the same place is the measure of trust: see `Registration.problem`.

    Args:
        moving: gray; PET, SPECT, or anything.
        fixed: gray; CT or MR.
        progress: see `Progress`.

    Raises:
        InputError: a picture or a colour volume, or a volume too small to be registered.
    """
    for volume in (moving, fixed):
        if volume.is_color or not volume.in_patient_space:
            raise InputError(f"'{volume.name}' is a picture and cannot be registered: give a gray volume of a scanner.")
        if (np.array(volume.shape) < 4).any():
            raise InputError(f"'{volume.name}' has too few slices, rows or columns to be registered ({volume.shape}): give a whole volume.")
    target, source = _working_image(fixed), _working_image(moving)
    centre = _middle(target)
    region = _sampled_region(target, source)
    steps = _Steps(progress)
    starts = _starts(target, source, centre)
    coarse = [_optimise(target, source, region, start, shrink=2, iterations=60, steps=steps.part(0.7 / len(starts))) for start in starts]
    ranked = sorted(coarse, key=lambda result: result[1])
    fine = []
    for transform, _ in ranked[:2]:
        there = _sampled_region(target, source, _matrix(transform))
        fine.append(_optimise(target, source, there, transform, shrink=1, iterations=100, steps=steps.part(0.3 / 2)))
    best, value = min(fine, key=lambda result: result[1])
    region = _sampled_region(target, source, _matrix(best))
    fixed_to_moving = _matrix(best)
    corners = _corners(target)
    agreeing = sum(_distance(_matrix(transform), _matrix(ranked[0][0]), corners) <= _AGREE_MM for transform, _ in coarse)
    value = _metric(target, source, region, best) or 0.0
    before = _metric(target, source, region, sitk.Euler3DTransform())
    steps.done()
    return Registration(
        matrix=np.asarray(np.linalg.inv(fixed_to_moving), dtype=np.float64),
        mutual_information=-value,
        before=-(before or 0.0),
        agreeing_starts=agreeing,
        starts=len(starts),
        overlap=_overlap(target, source, best),
        shift_mm=float(np.linalg.norm(np.array(best.TransformPoint(centre.tolist())) - centre)),
    )


def write_transform(matrix: NDArray[np.float64], path: str | os.PathLike[str]) -> None:
    """Write a moving-to-fixed matrix (LPS mm) as ITK transform file, .tfm, which 3D Slicer and SimpleITK read.

    ITK's files hold the way back, from the fixed to the moving space.

    Raises:
        InputError: the file cannot be written.
    """
    back = np.linalg.inv(matrix)
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(back[:3, :3].ravel().tolist())
    transform.SetTranslation(back[:3, 3].tolist())
    part = Path(path).with_name(f".{Path(path).stem}.{os.getpid()}.tfm")
    try:
        sitk.WriteTransform(transform, str(part))
        part.replace(path)
    except (OSError, RuntimeError) as error:
        raise InputError(f"The transform '{path}' cannot be written: choose a folder with room and permission.") from error
    finally:
        part.unlink(missing_ok=True)


def read_transform(path: str | os.PathLike[str]) -> NDArray[np.float64]:
    """A moving-to-fixed matrix (LPS mm) from a linear ITK transform file, such as 3D Slicer saves (.tfm, .h5).

    Raises:
        InputError: no such file, no transform, not linear, or not rigid (it would change the size of the patient).
    """
    try:
        transform = sitk.ReadTransform(str(path))
    except RuntimeError as error:
        raise InputError(f"The transform '{path}' cannot be read: give a linear transform, saved as .tfm.") from error
    if transform.GetDimension() != 3 or not transform.IsLinear():
        raise InputError(f"The transform '{path}' is not linear: give a rigid one.")
    matrix: NDArray[np.float64] = np.asarray(np.linalg.inv(_matrix(transform)), dtype=np.float64)
    if np.abs(matrix[:3, :3] @ matrix[:3, :3].T - np.eye(3)).max() > 1e-3 or np.linalg.det(matrix[:3, :3]) < 0:
        raise InputError(f"The transform '{path}' stretches, shears or mirrors the patient: give a rigid one.")
    return matrix


def rotation_degrees(matrix: NDArray[np.float64]) -> float:
    """Angle of a rigid matrix's rotation about its own axis."""
    return float(np.degrees(np.arccos(np.clip((np.trace(matrix[:3, :3]) - 1) / 2, -1, 1))))


class _Steps:
    """Tells the progress of stages that take known parts of the whole, and carries out a cancel."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._done = progress, 0.0

    def part(self, weight: float) -> Callable[[float], None]:
        """For the next stage: called with the part of it that is done."""
        start = self._done
        self._done += weight

        def tell(part: float) -> None:
            if self._progress is not None:
                self._progress(min(1.0, start + weight * part))

        return tell

    def done(self) -> None:
        if self._progress is not None:
            self._progress(1.0)


def _optimise(
    fixed: sitk.Image,
    moving: sitk.Image,
    region: sitk.Image,
    start: sitk.Euler3DTransform,
    *,
    shrink: int,
    iterations: int,
    steps: Callable[[float], None],
) -> tuple[sitk.Euler3DTransform, float]:
    """Nearest optimum to a start, and minus its mutual information; infinity where nothing overlaps there."""
    method = _method(region, fixed.GetNumberOfPixels() / shrink**3)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=2.0 if shrink > 1 else 1.0,
        minStep=0.05 if shrink > 1 else 0.005,
        numberOfIterations=iterations,
        relaxationFactor=0.6,
        gradientMagnitudeTolerance=1e-6,
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([shrink])
    method.SetSmoothingSigmasPerLevel([_WORKING_SPACING * shrink / 2])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    transform = sitk.Euler3DTransform(start)
    method.SetInitialTransform(transform, inPlace=True)
    stopped: list[BaseException] = []

    def tell() -> None:
        try:
            steps(method.GetOptimizerIteration() / iterations)
        except BaseException as error:
            stopped.append(error)
            method.StopRegistration()

    method.AddCommand(sitk.sitkIterationEvent, tell)
    try:
        method.Execute(fixed, moving)
        value = method.GetMetricValue()
    except RuntimeError:  # all samples map outside the moving image
        value = np.inf
    if stopped:
        raise stopped[0]
    return transform, value


def _method(region: sitk.Image, voxels: float) -> sitk.ImageRegistrationMethod:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(numberOfHistogramBins=_BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(min(1.0, _SAMPLES / voxels), 42)
    method.SetMetricFixedMask(region)
    method.SetInterpolator(sitk.sitkLinear)
    return method


def _metric(fixed: sitk.Image, moving: sitk.Image, region: sitk.Image, transform: sitk.Transform) -> float | None:
    method = _method(region, fixed.GetNumberOfPixels())
    method.SetInitialTransform(transform)
    try:
        return float(method.MetricEvaluate(fixed, moving))
    except RuntimeError:
        return None


def _sampled_region(fixed: sitk.Image, moving: sitk.Image, fixed_to_moving: NDArray | None = None) -> sitk.Image:
    """Voxels of the fixed image that stay inside the moving one while it is moved by `_MARGIN`.

    Samples that leave the moving image on the way would make the metric grow or shrink with the overlap alone, and its gradient knows
    nothing of that. Where the two share too little for the whole margin, a part of it has to do.
    """
    k, j, i = np.indices(fixed.GetSize()[::-1], dtype=np.float32)
    to_index = np.linalg.inv(_grid(moving)) @ (np.eye(4) if fixed_to_moving is None else fixed_to_moving) @ _grid(fixed)
    points = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ to_index.T
    size, spacing = np.array(moving.GetSize()), np.array(moving.GetSpacing())
    to_border = (np.minimum(points[..., :3], size - 1 - points[..., :3]) * spacing).min(axis=-1)
    margin, inside = _MARGIN, int((to_border >= 0).sum())
    while margin > 1 and (to_border >= margin).sum() < _LEAST_SAMPLED * inside:
        margin *= 0.8
    region = (to_border >= margin) if inside else np.ones_like(to_border, dtype=bool)
    mask = sitk.GetImageFromArray(region.astype(np.uint8))
    mask.CopyInformation(fixed)
    return mask


def _grid(image: sitk.Image) -> NDArray[np.float64]:
    direction = np.array(image.GetDirection()).reshape(3, 3)
    return geometry_matrix(np.array(image.GetSpacing()), direction, np.array(image.GetOrigin()))


def _starts(fixed: sitk.Image, moving: sitk.Image, centre: NDArray) -> list[sitk.Euler3DTransform]:
    middles = _middle(moving) - centre
    masses = _centre_of_mass(moving) - _centre_of_mass(fixed)
    bases: list[NDArray] = []
    for base in (np.zeros(3), middles, masses):
        if all(np.linalg.norm(base - other) > _START_SHIFT / 2 for other in bases):
            bases.append(base)
    shifts = [np.zeros(3), *(sign * _START_SHIFT * axis for axis in np.eye(3) for sign in (1, -1))]
    starts = []
    for base in bases:
        for shift in shifts if base is bases[0] or len(bases) == 1 else shifts[:1]:
            transform = sitk.Euler3DTransform()
            transform.SetCenter(centre.tolist())
            transform.SetTranslation((base + shift).tolist())
            starts.append(transform)
    return starts


def _working_image(volume: Volume) -> sitk.Image:
    """The volume on an even grid of `_WORKING_SPACING` along its own axes, its values compressed so that tissue fills the histogram."""
    image = sitk.GetImageFromArray(_compressed(volume))
    image.SetSpacing(volume.spacing.tolist())
    image.SetDirection(volume.direction.ravel().tolist())
    image.SetOrigin(volume.origin.tolist())
    spacing = np.array(image.GetSpacing())
    factor = np.maximum(1.0, _WORKING_SPACING / spacing)
    smooth = sitk.DiscreteGaussian(image, variance=((0.4 * spacing * np.sqrt(factor**2 - 1)) ** 2).tolist(), useImageSpacing=True)
    size = np.maximum(4, np.ceil(np.array(image.GetSize()) / factor)).astype(int)
    grid = sitk.Image(size.tolist(), sitk.sitkFloat32)
    grid.SetSpacing((spacing * (np.array(image.GetSize()) - 1) / (size - 1)).tolist())
    grid.SetDirection(image.GetDirection())
    grid.SetOrigin(image.GetOrigin())
    return sitk.Resample(smooth, grid, sitk.Transform(), sitk.sitkLinear, 0.0, sitk.sitkFloat32)


def _compressed(volume: Volume) -> NDArray[np.float32]:
    array = volume.array.astype(np.float32)
    if volume.modality is Modality.CT:
        return np.clip(array, -1000, 400)
    top = float(np.percentile(array[:: max(1, len(array) // 40)], 99.9))
    array = np.clip(array, 0, top if top > 0 else None)
    return np.sqrt(array) if volume.modality.is_function else array  # a lesion of SUV 20 must not push all tissue into one bin


def _middle(image: sitk.Image) -> NDArray[np.float64]:
    return np.array(image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()]))


def _centre_of_mass(image: sitk.Image) -> NDArray[np.float64]:
    weights = sitk.GetArrayViewFromImage(image).astype(np.float64)
    weights -= weights.min()
    total = weights.sum()
    if total <= 0:
        return _middle(image)
    index = [
        float((weights.sum(axis=tuple(a for a in range(3) if a != axis)) * np.arange(weights.shape[axis])).sum() / total)
        for axis in (2, 1, 0)
    ]
    return np.array(image.TransformContinuousIndexToPhysicalPoint(index))


def _corners(image: sitk.Image) -> NDArray[np.float64]:
    """Eight points halfway between the middle and the corners, (8, 4): where the body is."""
    size = np.array(image.GetSize()) - 1
    points = [
        image.TransformContinuousIndexToPhysicalPoint((size * [x, y, z]).tolist())
        for x in (0.25, 0.75)
        for y in (0.25, 0.75)
        for z in (0.25, 0.75)
    ]
    return np.hstack([np.array(points), np.ones((8, 1))])


def _distance(one: NDArray, other: NDArray, points: NDArray) -> float:
    return float(np.linalg.norm((points @ (one - other).T)[:, :3], axis=1).max())


def _overlap(fixed: sitk.Image, moving: sitk.Image, transform: sitk.Transform) -> float:
    """Part of the smaller volume that lies inside the other."""
    inside = sitk.Image(moving.GetSize(), sitk.sitkUInt8) + 1
    inside.CopyInformation(moving)
    shared = sitk.GetArrayViewFromImage(sitk.Resample(inside, fixed, transform, sitk.sitkNearestNeighbor, 0)).sum()
    voxel = float(np.prod(fixed.GetSpacing()))
    sizes = [float(np.prod(image.GetSpacing()) * image.GetNumberOfPixels()) for image in (fixed, moving)]
    return min(1.0, float(shared) * voxel / min(sizes))


def _matrix(transform: sitk.Transform) -> NDArray[np.float64]:
    """4x4 of a linear transform, by what it does to four points."""
    matrix = np.eye(4)
    matrix[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    for axis, unit in enumerate(np.eye(3)):
        matrix[:3, axis] = np.array(transform.TransformPoint(unit.tolist())) - matrix[:3, 3]
    return matrix
