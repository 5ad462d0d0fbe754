"""Rigid registration of a function volume onto an anatomy volume, by mutual information (SimpleITK).

A registration gives a 4x4 matrix and no voxels. The matrix goes in front of the moving volume's own (`move`), so that the
one resampling of a fusion (`resample_onto`) reads the original voxels: nothing is interpolated twice, and the original is never changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.itk import sitk
from LCDFusionLib.images.mutual_information import (
    WORKING_SPACING,
    Measured,
    Progress,
    Steps,
    execute,
    grid_of,
    matrix_of,
    measured_voxels,
    mutual_information,
    registration_method,
    sampled_region,
    working_image,
)
from LCDFusionLib.images.registration_places import Placement, likely_places
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
_MEETS = 0.05  # nats: with less before, the two hardly met, and a gain in percent says nothing
_NEAR = 0.8  # of the best coarse score: an order of the axes below that never came out better after a search
_MOST_RIVALS = 2  # turned orders that are looked at, and as many mirrored ones
_CLEARLY = 1.02  # how much better a turned order has to be than the file's own; heads are nearly symmetric (docs/registration.md)
_LEAST_TURNED_OVERLAP = 0.5


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
        turned_degrees: by how much the axes of the moving file were turned against how it says that they lie: 90, 120 or 180; mostly 0.
        tilt_degrees: rotation beyond that.
        rival: how well the best other order of the axes fits, turned or mirrored, as a part of how well this one does.
        rival_is_mirrored: whether that other order mirrors the patient.
    """

    matrix: NDArray[np.float64]
    mutual_information: float
    before: float
    agreeing_starts: int
    starts: int
    overlap: float
    shift_mm: float
    refined_mm: float = 0.0
    turned_degrees: int = 0
    tilt_degrees: float = 0.0
    rival: float = 0.0
    rival_is_mirrored: bool = False

    @property
    def rotation_degrees(self) -> float:
        """Angle of the rotation about its own axis."""
        return rotation_degrees(self.matrix)

    @property
    def problem(self) -> str | None:
        """Why the two cannot be aligned, in words; None where they are."""
        reasons = []
        if self.overlap < _LEAST_OVERLAP:
            reasons.append(f"after it they share only {self.overlap:.0%} of the smaller volume")
        if self.agreeing_starts < _LEAST_AGREEING:
            reasons.append(f"only {self.agreeing_starts} of {self.starts} independent starts ended at the same place")
        if self.refined_mm > _MOST_REFINED:
            reasons.append(f"the fine search ran {self.refined_mm:.0f} mm away from where the coarse one had ended")
        if self.tilt_degrees > MOST_DEGREES:
            reasons.append(f"it would turn the patient by {self.rotation_degrees:.0f} degrees")
        if self.rival > (1 / _CLEARLY if self.turned_degrees else _CLEARLY):
            found = f"turned by {self.turned_degrees} degrees" if self.turned_degrees else "as the file says"
            other = "mirrored, which no motion can mend," if self.rival_is_mirrored else "in another order of its axes"
            reasons.append(f"{other} it fits {'better than' if self.rival > 1 else 'nearly as well as'} {found}")
        return ", and ".join(reasons) or None

    @property
    def quality(self) -> str:
        """One line for the screen, with what the user has to check although the two were aligned."""
        gain = "" if self.before < _MEETS else f" ({self.mutual_information / self.before - 1:+.0%} against before)"
        doubt = ""
        if self.turned_degrees:
            doubt = f", {self.turned_degrees} of them against what its file says: check left and right, front and back, head and feet"
        elif self.rival_is_mirrored and self.rival > 1 / _CLEARLY:
            doubt = "; mirrored it fits as well, so the images do not tell whether left and right are as the file says"
        return (
            f"mutual information {self.mutual_information:.3f}{gain}, {self.agreeing_starts} of {self.starts} starts agree, "
            f"moved by {self.shift_mm:.1f} mm, turned by {self.rotation_degrees:.1f} degrees{doubt}"
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
    with their centres of mass on each other, and at the best of all shifts (`likely_places`), there in the turned and mirrored orders of
    the axes too; from the best to both sides along each axis; the best two ends are refined. How many starts end where the result is,
    and how well the other orders fit, are the measures of trust: see `Registration.problem`.

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
    steps = Steps(progress)
    measured = measured_voxels(fixed, target), measured_voxels(moving, source)
    search = _Search(target, source, measured)
    places = likely_places(target, source, steps.part(0.25))
    upright, others = places[0], _rivals(places)
    starts = search.starts([np.eye(4), upright.matrix, *search.centred()])
    step = 0.2 / (len(starts) + len(others))
    first = max((search.coarse(start, steps.part(step)) for start in starts), key=lambda end: end.score)
    rivals = [(place, search.coarse(place.matrix, steps.part(step))) for place in others]
    # A file that is turned is mended; one that is mirrored cannot be, and is only compared.
    chosen, order = first, upright
    for place, end in rivals:
        if not place.mirrored and end.overlap >= _LEAST_TURNED_OVERLAP and end.score > _CLEARLY * chosen.score:
            chosen, order = end, place
    shifts = [sign * _START_SHIFT * axis for axis in np.eye(3) for sign in (1, -1)]
    ends = [chosen, *(search.coarse(_shifted(shift) @ chosen.start, steps.part(0.25 / len(shifts))) for shift in shifts)]
    others_ends = [*((place, end) for place, end in rivals if place is not order), *([(upright, first)] if order is not upright else [])]
    clusters = search.clusters(ends)
    fine = [search.fine(cluster[0], steps.part(0.15 / len(clusters[:2]))) for cluster in clusters[:2]]
    best = max(fine, key=lambda end: end.score)
    # Two places of the coarse search whose fine ends are one are one.
    same = [cluster for cluster, end in zip(clusters, fine, strict=False) if search.distance(end.motion, best.motion) <= _AGREE_MM]
    rival, relation = _rival(search, others_ends, chosen=ends, best=best, tell=steps.part(0.15))
    steps.done()
    fixed_to_moving = np.asarray(np.linalg.inv(best.motion), dtype=np.float64)
    centre = search.centre
    region = sampled_region(target, source, fixed_to_moving, margin=_FINE_MARGIN, measured=measured)
    return Registration(
        matrix=best.motion,
        mutual_information=best.mutual_information,
        before=mutual_information(target, source, region, sitk.Euler3DTransform()),
        agreeing_starts=sum(len(cluster) for cluster in same),
        starts=len(ends),
        overlap=best.overlap,
        refined_mm=search.distance(best.motion, clusters[fine.index(best)][0].motion),
        shift_mm=float(np.linalg.norm((fixed_to_moving @ [*centre, 1.0])[:3] - centre)),
        turned_degrees=order.turned,
        tilt_degrees=rotation_degrees(best.motion @ np.linalg.inv(order.matrix)),
        rival=relation,
        rival_is_mirrored=rival is not None and rival.mirrored,
    )


@dataclass(frozen=True, eq=False)
class _End:
    """Where a search ended: from which start (4x4), at which motion of the moving points (4x4), and how good it is there."""

    start: NDArray[np.float64]
    motion: NDArray[np.float64]
    mutual_information: float
    overlap: float

    @property
    def score(self) -> float:
        """For comparing ends: what a small overlap shares by chance must not count as much as what the whole shares."""
        return self.mutual_information * self.overlap**0.5


class _Search:
    """Local searches of one pair of working images; starts and ends are motions of the moving image's points, mirrors included."""

    def __init__(self, fixed: sitk.Image, moving: sitk.Image, measured: Measured = (None, None)) -> None:
        self._fixed, self._moving, self._measured = fixed, moving, measured
        self.centre = _middle(fixed)
        self._corners = _corners(fixed)

    def centred(self) -> list[NDArray[np.float64]]:
        """Middles and centres of mass on each other."""
        masses = _centre_of_mass(self._fixed) - _centre_of_mass(self._moving)
        return [_shifted(self.centre - _middle(self._moving)), _shifted(masses)]

    def starts(self, motions: list[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        """Those that lie apart, and where the two overlap; at least the one that puts the middles on each other."""
        kept: list[NDArray[np.float64]] = []
        for motion in motions:
            if all(self.distance(motion, other) > _START_SHIFT / 2 for other in kept) and self._overlap(motion) >= _LEAST_OVERLAP:
                kept.append(motion)
        return kept or self.centred()[:1]

    def coarse(self, start: NDArray[np.float64], tell: Progress) -> _End:
        """Search at 6 mm, in the region that stays inside during the whole way."""
        moved = _moved(self._moving, start)
        region = sampled_region(self._fixed, moved, margin=_MARGIN, measured=self._measured)
        return self._end(start, self._optimise(moved, region, sitk.Euler3DTransform(), 2, 60, tell), moved)

    def fine(self, coarse: _End, tell: Progress) -> _End:
        """Search at 3 mm from where a coarse one had ended, in the region that belongs there."""
        end = coarse
        for done in range(_FINE_ROUNDS):
            moved = _moved(self._moving, end.motion)
            region = sampled_region(self._fixed, moved, margin=_FINE_MARGIN, measured=self._measured)

            def told(part: float, done: int = done) -> None:
                tell((done + part) / _FINE_ROUNDS)

            end = self._end(end.motion, self._optimise(moved, region, sitk.Euler3DTransform(), 1, 100, told), moved)
        return end

    def clusters(self, ends: list[_End]) -> list[list[_End]]:
        """Ends at one place together, the best end and the best cluster first."""
        clusters: list[list[_End]] = []
        for end in sorted(ends, key=lambda each: -each.score):
            found = next((cluster for cluster in clusters if self.distance(cluster[0].motion, end.motion) <= _AGREE_MM), None)
            if found is None:
                clusters.append([end])
            else:
                found.append(end)
        return clusters

    def distance(self, one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
        """How far apart (mm) two motions take the anatomy's body, at its corners."""
        back = np.linalg.inv(one) - np.linalg.inv(other)
        return float(np.linalg.norm((self._corners @ back.T)[:, :3], axis=1).max())

    def _optimise(
        self, moved: sitk.Image, region: sitk.Image, start: sitk.Euler3DTransform, shrink: int, iterations: int, tell: Progress
    ) -> sitk.Euler3DTransform:
        start.SetCenter(self.centre.tolist())
        return _optimise(self._fixed, moved, region, start, shrink=shrink, iterations=iterations, steps=tell)[0]

    def _end(self, start: NDArray[np.float64], transform: sitk.Euler3DTransform, moved: sitk.Image) -> _End:
        fixed_to_moved = matrix_of(transform)
        region = sampled_region(self._fixed, moved, fixed_to_moved, margin=_FINE_MARGIN, measured=self._measured)
        motion = np.asarray(np.linalg.inv(fixed_to_moved) @ start, dtype=np.float64)
        return _End(start, motion, mutual_information(self._fixed, moved, region, transform), self._overlap(motion))

    def _overlap(self, motion: NDArray[np.float64]) -> float:
        return _overlap(self._fixed, _moved(self._moving, motion), sitk.Transform())


def _rivals(places: list[Placement]) -> list[Placement]:
    """The other orders of the axes that a search has to look at: those whose coarse score comes near the best."""
    best = max(place.score for place in places)
    near = [place for place in places[1:] if place.score >= _NEAR * best]
    return [place for mirrored in (False, True) for place in [each for each in near if each.mirrored is mirrored][:_MOST_RIVALS]]


def _rival(
    search: _Search, others: list[tuple[Placement, _End]], *, chosen: list[_End], best: _End, tell: Progress
) -> tuple[Placement | None, float]:
    """The other order of the axes that fits best, and how well, as a part of how well the chosen one does.

    Coarse ends are compared with coarse ends, and fine ends with the fine one; the better counts, because either search may stop short.
    """
    coarse, found = max(end.score for end in chosen), []
    for done, (place, end) in enumerate(others):

        def told(part: float, done: int = done) -> None:
            tell((done + part) / len(others))

        found.append((place, max(end.score / coarse, search.fine(end, told).score / best.score)))
    return max(found, key=lambda pair: pair[1], default=(None, 0.0))


def _shifted(by: NDArray[np.float64]) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, 3] = by
    return matrix


def _moved(image: sitk.Image, motion: NDArray[np.float64]) -> sitk.Image:
    """The same voxels elsewhere."""
    grid = motion @ grid_of(image)
    moved = sitk.Image(image)
    moved.SetDirection((grid[:3, :3] / image.GetSpacing()).ravel().tolist())
    moved.SetOrigin(grid[:3, 3].tolist())
    return moved


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


def _overlap(fixed: sitk.Image, moving: sitk.Image, transform: sitk.Transform) -> float:
    """Part of the smaller volume that lies inside the other."""
    inside = sitk.Image(moving.GetSize(), sitk.sitkUInt8) + 1
    inside.CopyInformation(moving)
    shared = sitk.GetArrayFromImage(sitk.Resample(inside, fixed, transform, sitk.sitkNearestNeighbor, 0)).sum()
    voxel = float(np.prod(fixed.GetSpacing()))
    sizes = [float(np.prod(image.GetSpacing()) * image.GetNumberOfPixels()) for image in (fixed, moving)]
    return min(1.0, float(shared) * voxel / min(sizes))
