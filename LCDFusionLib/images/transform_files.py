"""Transforms as files that 3D Slicer and SimpleITK read: a rigid motion (.tfm), or one with a deformation (.h5).

ITK's files hold the way back, from the fixed to the moving space.
"""

from __future__ import annotations

import os

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.mutual_information import matrix_of


def write_transform(matrix: NDArray[np.float64], path: str | os.PathLike[str], deformation: sitk.Transform | None = None) -> None:
    """Write a moving-to-fixed matrix (LPS mm), and the deformation that comes after it, as one ITK transform.

    Args:
        matrix: 4x4, as `Registration.matrix`.
        path: .tfm, or .h5 for a deformation.
        deformation: from the fixed space to the moved volume's, as `Deformation.transform`.

    Raises:
        InputError: the file cannot be written.
    """
    back = np.linalg.inv(matrix)
    transform: sitk.Transform = sitk.AffineTransform(3)
    transform.SetMatrix(back[:3, :3].ravel().tolist())
    transform.SetTranslation(back[:3, 3].tolist())
    if deformation is not None:
        transform = sitk.CompositeTransform([transform, deformation])  # the last one is applied first
    try:
        with atomic_file(path) as part:
            sitk.WriteTransform(transform, str(part))
    except (OSError, RuntimeError) as error:
        raise InputError(f"The transform '{path}' cannot be written: choose a folder with room and permission.") from error


def read_transform(path: str | os.PathLike[str]) -> tuple[NDArray[np.float64], sitk.Transform | None]:
    """A transform that the user gives.

    Returns:
        The rigid moving-to-fixed matrix (LPS mm), and the deformation that comes after it, if any: as `write_transform` takes both. Of a
        transform that is not linear and was made elsewhere, the identity and itself.

    Raises:
        InputError: no such file, no transform, or a linear one that is not rigid (it would change the size of the patient).
    """
    try:
        transform = sitk.ReadTransform(str(path))
    except RuntimeError as error:
        raise InputError(f"The transform '{path}' cannot be read: give a transform, saved as .tfm or .h5.") from error
    if transform.GetDimension() != 3:
        raise InputError(f"The transform '{path}' is not one of three dimensions: give one that moves a volume.")
    if not transform.IsLinear():
        parts = sitk.CompositeTransform(transform) if transform.GetName() == "CompositeTransform" else None
        if parts is None or parts.GetNumberOfTransforms() != 2 or not parts.GetNthTransform(0).IsLinear():
            return np.eye(4), transform
        return _rigid(parts.GetNthTransform(0), path), parts.GetNthTransform(1)
    return _rigid(transform, path), None


def _rigid(transform: sitk.Transform, path: str | os.PathLike[str]) -> NDArray[np.float64]:
    matrix: NDArray[np.float64] = np.asarray(np.linalg.inv(matrix_of(transform)), dtype=np.float64)
    if np.abs(matrix[:3, :3] @ matrix[:3, :3].T - np.eye(3)).max() > 1e-3 or np.linalg.det(matrix[:3, :3]) < 0:
        raise InputError(f"The transform '{path}' stretches, shears or mirrors the patient: give a rigid one.")
    return matrix
