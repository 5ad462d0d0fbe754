"""Rigid registration of a function volume onto an anatomy volume, by mutual information (SimpleITK).

A registration gives a 4x4 matrix and no voxels. The matrix goes in front of the moving volume's own (`move`), so that the
one resampling of a fusion (`resample_onto`) reads the original voxels: nothing is interpolated twice, and the original is never changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.mutual_information import (
    WORKING_SPACING,
    Progress,
    Steps,
    execute,
    matrix_of,
    mutual_information,
    registration_method,
    sampled_region,
    working_image,
)
from LCDFusionLib.images.volume import Place, Volume

MOST_DEGREES = 20.0
"""No patient on a scanner's table is turned by more from one scan to the next; a result beyond it is none."""

_MARGIN = 36.0  # mm: what 20 mm and 10 degrees move the border of a body by
_FINE_MARGIN = 9.0  # mm: what is left after the coarse resolution
_FINE_ROUNDS = 2  # the region follows the volume to its new place, so that the result does not remember where it came from
_START_SHIFT = 25.0  # mm to both sides along each axis: between two such starts no optimum of a body is lost
_AGREE_MM = 6.0  # a voxel of the coarse resolution, at the corners of the body: two starts found the same place
_LEAST_AGREEING = 3
_LEAST_OVERLAP = 0.2
_MOST_REFINED = 40.0  # mm: sound pairs stay below 25 (docs/registration.md), those with nothing to hold on to run beyond 90


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
        refined_mm: how far the fine search went from where the coarse one had ended, at the corners of the body.
    """

    matrix: NDArray[np.float64]
    mutual_information: float
    before: float
    agreeing_starts: int
    starts: int
    overlap: float
    shift_mm: float
    refined_mm: float = 0.0

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
        if self.refined_mm > _MOST_REFINED:
            return f"the fine search ran {self.refined_mm:.0f} mm away from where the coarse one had ended"
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
        if volume.is_color or volume.place is Place.PICTURE:
            raise InputError(f"'{volume.name}' is a picture and cannot be registered: give a gray volume of a scanner.")
        if (np.array(volume.shape) < 4).any():
            raise InputError(f"'{volume.name}' has too few slices, rows or columns to be registered ({volume.shape}): give a whole volume.")
    target, source = working_image(fixed), working_image(moving)
    centre = _middle(target)
    region = sampled_region(target, source, margin=_MARGIN)
    steps = Steps(progress)
    starts = _starts(target, source, centre)
    coarse = [_optimise(target, source, region, start, shrink=2, iterations=60, steps=steps.part(0.6 / len(starts))) for start in starts]
    ranked = sorted(coarse, key=lambda result: result[1])
    fine = []
    for coarse_end, value in ranked[:2]:
        transform = coarse_end
        for _ in range(_FINE_ROUNDS):
            region = sampled_region(target, source, matrix_of(transform), margin=_FINE_MARGIN)
            part = steps.part(0.4 / 2 / _FINE_ROUNDS)
            transform, value = _optimise(target, source, region, transform, shrink=1, iterations=100, steps=part)
        fine.append((transform, value, coarse_end))
    best, _, coarse_end = min(fine, key=lambda result: result[1])
    region = sampled_region(target, source, matrix_of(best), margin=_FINE_MARGIN)
    fixed_to_moving = matrix_of(best)
    corners = _corners(target)
    agreeing = sum(_distance(matrix_of(transform), matrix_of(ranked[0][0]), corners) <= _AGREE_MM for transform, _ in coarse)
    steps.done()
    return Registration(
        matrix=np.asarray(np.linalg.inv(fixed_to_moving), dtype=np.float64),
        mutual_information=mutual_information(target, source, region, best),
        before=mutual_information(target, source, region, sitk.Euler3DTransform()),
        agreeing_starts=agreeing,
        starts=len(starts),
        overlap=_overlap(target, source, best),
        refined_mm=_distance(fixed_to_moving, matrix_of(coarse_end), corners),
        shift_mm=float(np.linalg.norm(np.array(best.TransformPoint(centre.tolist())) - centre)),
    )


def rotation_degrees(matrix: NDArray[np.float64]) -> float:
    """Angle of a rigid matrix's rotation about its own axis."""
    return float(np.degrees(np.arccos(np.clip((np.trace(matrix[:3, :3]) - 1) / 2, -1, 1))))


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
    method = registration_method(region, fixed.GetNumberOfPixels() / shrink**3)
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=2.0 if shrink > 1 else 1.0,
        minStep=0.05 if shrink > 1 else 0.005,
        numberOfIterations=iterations,
        relaxationFactor=0.6,
        gradientMagnitudeTolerance=1e-6,
    )
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([shrink])
    method.SetSmoothingSigmasPerLevel([WORKING_SPACING * shrink / 2])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    transform = sitk.Euler3DTransform(start)
    method.SetInitialTransform(transform, inPlace=True)
    value = execute(method, fixed, moving, lambda: steps(method.GetOptimizerIteration() / iterations))
    return transform, value


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
    shared = sitk.GetArrayFromImage(sitk.Resample(inside, fixed, transform, sitk.sitkNearestNeighbor, 0)).sum()
    voxel = float(np.prod(fixed.GetSpacing()))
    sizes = [float(np.prod(image.GetSpacing()) * image.GetNumberOfPixels()) for image in (fixed, moving)]
    return min(1.0, float(shared) * voxel / min(sizes))
