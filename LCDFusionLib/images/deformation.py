"""Deformable registration after a rigid one: it undoes breathing between two scans, where that helps.

A free-form deformation of cubic B-splines (Rueckert et al. 1999). It gives a transform and no voxels: the one resampling of a fusion reads
the original voxels through it (`resample_onto`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.itk import sitk
from LCDFusionLib.images.mutual_information import (
    Progress,
    Steps,
    execute,
    measured_voxels,
    mutual_information,
    registration_method,
    sampled_region,
    working_image,
)
from LCDFusionLib.images.volume import Volume

CONTROL_SPACING = 100.0
"""mm between control points: breathing is smooth over such a distance; a closer net would bend the body to its noise."""

MOST_MM = 40.0
"""No organ is moved farther by breathing."""

LEAST_VOLUME, MOST_VOLUME = 0.3, 3.0
"""What a piece of tissue may shrink or grow to; at 0 the volume would be folded over itself."""

_ITERATIONS = 20  # at each resolution
_SAMPLES = 30_000
_MOST_COEFFICIENT = 0.4 * CONTROL_SPACING  # mm; with no larger ones cubic B-splines cannot fold (Choi and Lee 2000: 0.403 of the spacing)
_PAD = 4  # voxels beyond the fixed volume: where its domain ends, a B-spline in ITK falls back to no displacement at all
_MARGIN = 15.0  # mm: how far a breath takes voxels that are compared


@dataclass(frozen=True, eq=False)
class Deformation:
    """How the moving volume has to be bent, after it was moved rigidly.

    Attributes:
        transform: from the fixed volume's points (LPS mm) to those of the rigidly moved one.
        most_mm: farthest that it takes any point of the fixed volume.
        smallest_volume: least determinant of its Jacobian there: what a piece of tissue shrinks to; below 0 it is folded.
        largest_volume: largest one.
        mutual_information: of both volumes after it, in nats; NaN for a transform that the user gave.
        before: the same after the rigid motion alone.
    """

    transform: sitk.Transform
    most_mm: float
    smallest_volume: float
    largest_volume: float
    mutual_information: float = float("nan")
    before: float = float("nan")

    @property
    def problem(self) -> str | None:
        """Why it must not be used, in words; None where it may."""
        if self.smallest_volume <= 0:
            return "it would fold the patient over themselves"
        if self.smallest_volume < LEAST_VOLUME or self.largest_volume > MOST_VOLUME:
            return f"it would shrink tissue to {self.smallest_volume:.0%} or swell it to {self.largest_volume:.0%} of its volume"
        if self.most_mm > MOST_MM:
            return f"it would move tissue by {self.most_mm:.0f} mm"
        if self.mutual_information <= self.before:
            return "it does not make the two more alike"
        return None

    @property
    def quality(self) -> str:
        """One line for the screen."""
        gain = f"mutual information {self.mutual_information:.3f} ({self.mutual_information / self.before - 1:+.0%} against rigid), "
        volumes = f"tissue shrinks to {self.smallest_volume:.0%} and swells to {self.largest_volume:.0%} at most"
        return f"{gain if self.before > 0 else ''}up to {self.most_mm:.1f} mm, {volumes}"

    def check(self, moving: Volume, fixed: Volume) -> None:
        """Raise `InputError` where it must not be used."""
        if self.problem:
            raise InputError(
                f"'{moving.name}' cannot be deformed onto '{fixed.name}' with confidence: {self.problem}; "
                "go on with the rigid registration."
            )


def deform(moving: Volume, fixed: Volume, *, progress: Progress | None = None) -> Deformation:
    """Find the deformation that brings `moving`, which was registered rigidly and moved there, onto `fixed`.

    Mattes mutual information at two resolutions, L-BFGS-B.

    Args:
        moving: gray; function, from `registration.move`.
        fixed: gray; anatomy.
        progress: see `Progress`.
    """
    target, source = working_image(fixed), working_image(moving)
    measured = measured_voxels(fixed, target), measured_voxels(moving, source)
    region = sampled_region(target, source, margin=_MARGIN, measured=measured)
    domain = sitk.ConstantPad(target, [_PAD] * 3, [_PAD] * 3)
    extent = np.array(domain.GetSize()) * domain.GetSpacing()
    spline = sitk.BSplineTransformInitializer(domain, np.maximum(1, np.rint(extent / CONTROL_SPACING)).astype(int).tolist(), 3)
    before = mutual_information(target, source, region, sitk.Transform())
    steps = Steps(progress)
    for shrink in (2, 1):
        method = registration_method(region, target.GetNumberOfPixels() / shrink**3, samples=_SAMPLES)
        method.SetOptimizerAsLBFGSB(
            gradientConvergenceTolerance=1e-6,
            numberOfIterations=_ITERATIONS,
            maximumNumberOfFunctionEvaluations=2 * _ITERATIONS,
            lowerBound=-_MOST_COEFFICIENT,
            upperBound=_MOST_COEFFICIENT,
        )
        method.SetShrinkFactorsPerLevel([shrink])
        method.SetSmoothingSigmasPerLevel([1.5 * shrink])
        method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
        method.SetInitialTransform(spline, inPlace=True)
        execute(method, target, source, partial(_tell, method, steps.part(0.5)))
    found = given_deformation(spline, fixed)
    steps.done()
    return Deformation(
        found.transform,
        found.most_mm,
        found.smallest_volume,
        found.largest_volume,
        mutual_information=mutual_information(target, source, region, spline),
        before=before,
    )


def _tell(method: sitk.ImageRegistrationMethod, part: Progress) -> None:
    part(method.GetOptimizerIteration() / _ITERATIONS)


def given_deformation(transform: sitk.Transform, fixed: Volume) -> Deformation:
    """Any transform as a deformation of which no mutual information is known: what it does to the space of the fixed volume."""
    grid = working_image(fixed)
    field = sitk.TransformToDisplacementField(
        transform, sitk.sitkVectorFloat64, grid.GetSize(), grid.GetOrigin(), grid.GetSpacing(), grid.GetDirection()
    )
    # ITK takes displacements along the patient's axes and differences along the grid's, and the direction does not stand between them: so
    # both are the grid's here (findings/simpleitk-jacobian-leaves-the-direction.sh).
    along_grid = sitk.GetImageFromArray(sitk.GetArrayViewFromImage(field) @ np.reshape(grid.GetDirection(), (3, 3)), isVector=True)
    along_grid.SetSpacing(grid.GetSpacing())
    volumes = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(along_grid))
    volumes = volumes[tuple(slice(1, -1) if n > 2 else slice(None) for n in volumes.shape)]  # at its border ITK takes half the slope
    most = float(np.linalg.norm(sitk.GetArrayViewFromImage(field), axis=-1).max())
    return Deformation(transform, most, float(volumes.min()), float(volumes.max()))
