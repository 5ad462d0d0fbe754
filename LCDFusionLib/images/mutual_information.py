"""What rigid and deformable registration have in common: two images prepared for it, and Mattes mutual information between them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.images.itk import sitk
from LCDFusionLib.images.volume import Modality, Volume, geometry_matrix
from LCDFusionLib.interrupts import check_interrupted, held

Progress = Callable[[float], None]
"""Called with the part that is done, 0 to 1; an exception that it raises ends the registration at once."""

WORKING_SPACING = 3.0
"""mm between voxels: finer than PET resolves, coarse enough for seconds."""

_BINS = 32
_LEAST_SAMPLED = 0.25


class Steps:
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
        """The end of all stages."""
        if self._progress is not None:
            self._progress(1.0)


Measured = tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]
"""Of the fixed and of the moving image, from `measured_voxels`."""


def working_image(volume: Volume) -> sitk.Image:
    """The volume on an even grid of `WORKING_SPACING` along its own axes, its values compressed so that tissue fills the histogram."""
    image = sitk.GetImageFromArray(_compressed(volume))
    image.SetSpacing(volume.spacing.tolist())
    image.SetDirection(volume.direction.ravel().tolist())
    image.SetOrigin(volume.origin.tolist())
    spacing = np.array(image.GetSpacing())
    factor = np.maximum(1.0, WORKING_SPACING / spacing)
    smooth = sitk.DiscreteGaussian(image, variance=((0.4 * spacing * np.sqrt(factor**2 - 1)) ** 2).tolist(), useImageSpacing=True)
    size = np.maximum(4, np.ceil(np.array(image.GetSize()) / factor)).astype(int)
    grid = sitk.Image(size.tolist(), sitk.sitkFloat32)
    grid.SetSpacing((spacing * (np.array(image.GetSize()) - 1) / (size - 1)).tolist())
    grid.SetDirection(image.GetDirection())
    grid.SetOrigin(image.GetOrigin())
    return sitk.Resample(smooth, grid, sitk.Transform(), sitk.sitkLinear, 0.0, sitk.sitkFloat32)


def measured_voxels(volume: Volume, grid: sitk.Image) -> NDArray[np.bool_] | None:
    """Where the volume was measured (`Volume.padding`), (K, J, I) on the grid of its working image; None: everywhere."""
    if volume.padding is None:
        return None
    mask = sitk.GetImageFromArray((~volume.padding).astype(np.uint8))
    mask.SetSpacing(volume.spacing.tolist())
    mask.SetDirection(volume.direction.ravel().tolist())
    mask.SetOrigin(volume.origin.tolist())
    on_grid = sitk.Resample(mask, grid, sitk.Transform(), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)
    return sitk.GetArrayFromImage(on_grid).astype(bool)


def _compressed(volume: Volume) -> NDArray[np.float32]:
    array = volume.array.astype(np.float32)
    if volume.modality is Modality.CT:
        return np.clip(array, -1000, 400)
    top = float(np.percentile(array[:: max(1, len(array) // 40)], 99.9))
    array = np.clip(array, 0, top if top > 0 else None)
    return np.sqrt(array) if volume.modality.is_function else array  # a lesion of SUV 20 must not push all tissue into one bin


def registration_method(region: sitk.Image, voxels: float, *, samples: int = 60_000) -> sitk.ImageRegistrationMethod:
    """A method that compares by mutual information in a region of the fixed image, which has so many voxels; at `samples` of them."""
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(numberOfHistogramBins=_BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(min(1.0, samples / voxels), 42)
    method.SetMetricFixedMask(region)
    method.SetInterpolator(sitk.sitkLinear)
    return method


def mutual_information(fixed: sitk.Image, moving: sitk.Image, region: sitk.Image, transform: sitk.Transform) -> float:
    """In nats, under a transform from the fixed to the moving space; 0 where the two do not meet."""
    method = registration_method(region, fixed.GetNumberOfPixels())
    method.SetInitialTransform(transform)
    try:
        return -float(method.MetricEvaluate(fixed, moving))
    except RuntimeError:  # all samples map outside the moving image
        return 0.0


def sampled_region(
    fixed: sitk.Image,
    moving: sitk.Image,
    fixed_to_moving: NDArray[np.float64] | None = None,
    *,
    margin: float,
    measured: Measured = (None, None),
) -> sitk.Image:
    """Voxels of the fixed image that stay inside the moving one while it is moved by `margin` mm, as a mask.

    Where either was not measured (`measured`, from `measured_voxels` of both) nothing is compared.

    Samples that leave the moving image on the way would make the metric grow or shrink with the overlap alone, and its gradient knows
    nothing of that. Where the two share too little for the whole margin, a part of it has to do.
    """
    k, j, i = np.indices(fixed.GetSize()[::-1], dtype=np.float32)
    to_index = np.linalg.inv(grid_of(moving)) @ (np.eye(4) if fixed_to_moving is None else fixed_to_moving) @ grid_of(fixed)
    points = np.stack([i, j, k, np.ones_like(i)], axis=-1) @ to_index.T
    size, spacing = np.array(moving.GetSize()), np.array(moving.GetSpacing())
    to_border = (np.minimum(points[..., :3], size - 1 - points[..., :3]) * spacing).min(axis=-1)
    inside = int((to_border >= 0).sum())
    while margin > 1 and (to_border >= margin).sum() < _LEAST_SAMPLED * inside:
        margin *= 0.8
    region = (to_border >= margin) if inside else np.ones_like(to_border, dtype=bool)
    of_fixed, of_moving = measured
    known = region if of_fixed is None else region & of_fixed
    if of_moving is not None:
        i, j, k = np.clip(np.rint(points[..., :3]).astype(int), 0, size - 1).transpose(3, 0, 1, 2)
        known = known & of_moving[k, j, i]
    region = known if known.any() else region
    mask = sitk.GetImageFromArray(region.astype(np.uint8))
    mask.CopyInformation(fixed)
    return mask


def grid_of(image: sitk.Image) -> NDArray[np.float64]:
    """4x4 from voxel indices to LPS mm."""
    direction = np.array(image.GetDirection()).reshape(3, 3)
    return geometry_matrix(np.array(image.GetSpacing()), direction, np.array(image.GetOrigin()))


def matrix_of(transform: sitk.Transform) -> NDArray[np.float64]:
    """4x4 of a linear transform, by what it does to four points."""
    matrix = np.eye(4)
    matrix[:3, 3] = transform.TransformPoint((0.0, 0.0, 0.0))
    for axis, unit in enumerate(np.eye(3)):
        matrix[:3, axis] = np.array(transform.TransformPoint(unit.tolist())) - matrix[:3, 3]
    return matrix


def execute(method: sitk.ImageRegistrationMethod, fixed: sitk.Image, moving: sitk.Image, tell: Callable[[], None]) -> float:
    """Run a method to its end; minus the mutual information there, infinity where the two do not meet.

    Args:
        method: ready.
        fixed: working image.
        moving: likewise.
        tell: called after each iteration; what it raises stops the method and is raised here. So is Ctrl-C, which waits for that: raised
            in the middle of a callback, ITK would swallow it.
    """
    stopped: list[BaseException] = []

    def iterated() -> None:
        try:
            check_interrupted()
            tell()
        except BaseException as error:
            stopped.append(error)
            method.StopRegistration()

    with held():
        method.AddCommand(sitk.sitkIterationEvent, iterated)
        try:
            method.Execute(fixed, moving)
            value = float(method.GetMetricValue())
        except RuntimeError:  # all samples map outside the moving image
            value = float("inf")
        if stopped:
            raise stopped[0]
    return value
