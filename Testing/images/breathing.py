"""A breath between two scans, as a known smooth displacement: for the tests of the deformable registration and its evaluation."""

import numpy as np
import SimpleITK as sitk

from LCDFusionLib.images.deformation import given_deformation
from LCDFusionLib.images.resample import resample_onto


def breath(volume, *, feet_mm=14.0, front_mm=5.0, reach_mm=70.0):
    """(deformation, function of points (N, 3) in LPS): where the breathing patient's point `y` lay before.

    Tissue is displaced by up to `feet_mm` along the body and `front_mm` to the front, most at a height a third above the volume's lower end
    (where the diaphragm is), and less by a Gaussian of `reach_mm` away from there.
    """
    k, j, i = volume.shape
    corner, far = ((volume.ijk_to_lps @ index)[:3] for index in ([0, 0, 0, 1], [i - 1, j - 1, k - 1, 1]))
    middle = (corner + far) / 2
    middle[2] = min(corner[2], far[2]) + abs(far[2] - corner[2]) / 3

    def displaced(points):
        fall = np.exp(-(((points - middle) / reach_mm) ** 2).sum(axis=-1, keepdims=True) / 2)
        return points + fall * [0.0, -front_mm, feet_mm]

    spacing = 8.0
    low, high = np.minimum(corner, far) - 3 * spacing, np.maximum(corner, far) + 3 * spacing
    size = np.ceil((high - low) / spacing).astype(int) + 1
    z, y, x = np.indices(size[::-1])
    points = low + spacing * np.stack([x, y, z], axis=-1)
    field = sitk.GetImageFromArray(displaced(points) - points, isVector=True)
    field.SetOrigin(low.tolist())
    field.SetSpacing([spacing] * 3)
    return given_deformation(sitk.DisplacementFieldTransform(sitk.Cast(field, sitk.sitkVectorFloat64)), volume), displaced


def breathed(function, deformation):
    """The function as a scanner would see it after the breath, on its own grid."""
    moved = resample_onto(function, function, deformation).volume
    return moved.with_array(moved.array.astype(function.array.dtype))
