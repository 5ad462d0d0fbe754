"""Transforms as files that 3D Slicer and SimpleITK read: a rigid motion (.tfm), or one with a deformation (.h5).

ITK's files hold the way back, from the fixed to the moving space.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.damage import DamagedError
from LCDFusionLib.images.mutual_information import matrix_of
from LCDFusionLib.images.text_header import check_line, numbers

_TEXT_MAGIC = b"#Insight Transform File"
_COMPOSITE = "CompositeTransform"
_MOST_TEXT = 1 << 26
_FARTHEST = 1e6  # mm
# Parameters and FixedParameters of ITK's linear transforms: it reads more of them than it uses without a word.
_COUNTS = {
    "IdentityTransform": ((0,), (0,)),
    "TranslationTransform": ((3,), (0,)),
    "AffineTransform": ((12,), (3,)),
    "MatrixOffsetTransformBase": ((12,), (3,)),
    "Euler3DTransform": ((6,), (3, 4)),
    "VersorTransform": ((3,), (3,)),
    "VersorRigid3DTransform": ((6,), (3,)),
    "QuaternionRigidTransform": ((7,), (3,)),
    "Similarity3DTransform": ((7,), (3,)),
    "ScaleTransform": ((3,), (3,)),
    "ScaleVersor3DTransform": ((9,), (3,)),
    "ScaleSkewVersor3DTransform": ((15,), (3,)),
}


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
        InputError: no such file, no transform, one of whose numbers not all can be read, or a linear one that is not rigid (it would change
            the size of the patient).
    """
    try:
        _check_file(Path(path))
        transform = sitk.ReadTransform(str(path))
        _check_finite(transform)
    except (RuntimeError, OSError, DamagedError) as error:
        why = f" because {error}" if isinstance(error, DamagedError) else ""
        raise InputError(f"The transform '{path}' cannot be read{why}: give a transform, saved as .tfm or .h5.") from error
    if transform.GetDimension() != 3:
        raise InputError(f"The transform '{path}' is not one of three dimensions: give one that moves a volume.")
    if not transform.IsLinear():
        parts = sitk.CompositeTransform(transform) if transform.GetName() == _COMPOSITE else None
        if parts is None or parts.GetNumberOfTransforms() != 2 or not parts.GetNthTransform(0).IsLinear():
            return np.eye(4), transform
        return _rigid(parts.GetNthTransform(0), path), parts.GetNthTransform(1)
    return _rigid(transform, path), None


def _check_file(path: Path) -> None:
    """Raise `DamagedError` for what ITK reads in part, or could end the whole process over.

    In its text format ITK takes the numbers up to the first that is none. Deformations and binary formats are read once by a process that
    may die.
    """
    with path.open("rb") as file:
        start = file.read(_MOST_TEXT)
    if start.startswith(_TEXT_MAGIC) and _all_linear(start):
        if len(start) == _MOST_TEXT:
            raise DamagedError("it is too long")
        return
    code = "import sys, SimpleITK\ntry: import resource; resource.setrlimit(resource.RLIMIT_AS, (2 * [8 << 30]))\nexcept ImportError: pass"
    read = subprocess.run(
        [sys.executable, "-c", f"{code}\nSimpleITK.ReadTransform(sys.argv[1])", str(path)], capture_output=True, check=False
    )
    if read.returncode:
        raise DamagedError("it is damaged or no transform")


def _all_linear(content: bytes) -> bool:
    """Whether a text file holds linear transforms only.

    Raises:
        DamagedError: a number that is none, or another count of them; a transform without one of its two lines of numbers, of which ITK
            makes the identity; several transforms that no composite one holds together, of which ITK takes the first.
    """
    name, are_linear = "", True
    lines: list[tuple[str, list[str]]] = []  # of each transform: its name and what it says
    for line in content.split(b"\n")[1:]:
        text = check_line(line.removesuffix(b"\r"))
        key, _, value = text.partition(":")
        if key == "Transform":
            name = value.strip().partition("_")[0]
            are_linear = are_linear and name in _COUNTS
            lines.append((name, []))
        elif key in ("Parameters", "FixedParameters"):
            count = len(numbers({key: value}, key))
            allowed = _COUNTS.get(name, ((count,), (count,)))[key == "FixedParameters"]
            if count not in allowed:
                raise DamagedError(f"its {name} has {count} {key}")
            if lines:
                lines[-1][1].append(key)
        elif text.strip() and not text.startswith("#"):
            raise DamagedError(f"it has the line '{text[:40]}'")
    if len(lines) > 1 and lines[0][0] != _COMPOSITE:
        raise DamagedError(f"it holds {len(lines)} transforms and does not say how they go together")
    for each, keys in lines:
        if each != _COMPOSITE and sorted(keys) != ["FixedParameters", "Parameters"]:
            raise DamagedError(f"its {each} does not have its Parameters and FixedParameters once each")
    return are_linear


def _check_finite(transform: sitk.Transform) -> None:
    if transform.GetName() == _COMPOSITE:
        parts = sitk.CompositeTransform(transform)
        for n in range(parts.GetNumberOfTransforms()):
            _check_finite(parts.GetNthTransform(n))
        return
    if transform.GetName() == "DisplacementFieldTransform":
        field = sitk.GetArrayViewFromImage(sitk.DisplacementFieldTransform(transform).GetDisplacementField())
        values = [np.abs(field).max(initial=0), *transform.GetFixedParameters()]
    else:
        values = [*transform.GetParameters(), *transform.GetFixedParameters()]
    if not np.isfinite(values).all() or np.abs(values).max(initial=0) > _FARTHEST:
        raise DamagedError("it holds what is no number (NaN or infinite), or moves by kilometres")


def _rigid(transform: sitk.Transform, path: str | os.PathLike[str]) -> NDArray[np.float64]:
    try:
        matrix: NDArray[np.float64] = np.asarray(np.linalg.inv(matrix_of(transform)), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise InputError(f"The transform '{path}' presses the patient flat: give a rigid one.") from error
    if np.abs(matrix[:3, :3] @ matrix[:3, :3].T - np.eye(3)).max() > 1e-3 or np.linalg.det(matrix[:3, :3]) < 0:
        raise InputError(f"The transform '{path}' stretches, shears or mirrors the patient: give a rigid one.")
    return matrix
