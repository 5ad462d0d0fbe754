"""Transforms as files that 3D Slicer and SimpleITK read: a rigid motion (.tfm), or one with a deformation (.h5).

ITK's files hold the way back, from the fixed to the moving space.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.decoding import Decoder, DecodingError
from LCDFusionLib.decoding.itk_transforms import COMPOSITE, FIELD, LINEAR, decode
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.damage import DamagedError
from LCDFusionLib.images.text_header import check_line, numbers

_TEXT_MAGIC = b"#Insight Transform File"
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
    transform: sitk.Transform = _affine(np.asarray(np.linalg.inv(matrix), dtype=np.float64))
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
        facts, arrays = _decoded(Path(path))
        parts = _checked_parts(facts, arrays)
    except (RuntimeError, OSError, DamagedError, DecodingError) as error:
        why = f" because {error}" if isinstance(error, DamagedError) else ""
        raise InputError(f"The transform '{path}' cannot be read{why}: give a transform, saved as .tfm or .h5.") from error
    if not parts:
        raise InputError(f"The transform '{path}' is not one of three dimensions: give one that moves a volume.")
    linear = [part for part in parts if isinstance(part, np.ndarray)]
    if len(parts) == len(linear) == 1:
        return _rigid(linear[0], path), None
    if len(parts) == 2 and isinstance(parts[0], np.ndarray) and isinstance(parts[1], sitk.Transform):
        return _rigid(parts[0], path), parts[1]
    whole = [_affine(part) if isinstance(part, np.ndarray) else part for part in parts]
    return np.eye(4), whole[0] if len(whole) == 1 else sitk.CompositeTransform(whole)


def _decoded(path: Path) -> tuple[dict[str, Any], list[NDArray]]:
    """What ITK reads, where it cannot take this process along.

    In its text format ITK takes the numbers up to the first that is none, so that these are looked at before; what of them is linear is
    then so plain that it is read here.

    Raises:
        DamagedError, DecodingError, RuntimeError, OSError: it is damaged, or no transform.
    """
    with path.open("rb") as file:
        start = file.read(_MOST_TEXT)
    if start.startswith(_TEXT_MAGIC) and _all_linear(start):
        if len(start) == _MOST_TEXT:
            raise DamagedError("it is too long")
        try:
            return decode(str(path))
        except UnicodeDecodeError as error:  # ITK quotes what it cannot read, and that is no text
            raise DamagedError("it is damaged or no transform") from error
    with Decoder("itk_transforms") as decoder:
        decoder.ask(path)
        try:
            return decoder.answer()
        except DecodingError as error:
            named = "which is not read" in str(error)
            raise DamagedError(str(error) if named else "it is damaged or no transform") from error


def _checked_parts(facts: dict[str, Any], arrays: list[NDArray]) -> list[NDArray[np.float64] | sitk.Transform]:
    """Matrices (4x4, fixed to moving) and deformations, in their order; empty where it is not one of three dimensions.

    Raises:
        DamagedError: they hold what is no number, or no motion of a patient.
    """
    parts: list[NDArray[np.float64] | sitk.Transform] = []
    for kind, fixed, values in zip(facts["parts"] or (), arrays[::2], arrays[1::2], strict=True):
        if not all(np.isfinite(each).all() and np.abs(each).max(initial=0) <= _FARTHEST for each in (fixed, values)):
            raise DamagedError("it holds what is no number (NaN or infinite), or moves by kilometres")
        if kind == LINEAR:
            matrix = np.eye(4)
            matrix[:3, 3], matrix[:3, :3] = values[0], (values[1:] - values[0]).T
            parts.append(matrix)
            continue
        if fixed.shape != (18,) or fixed[:3].prod() * 3 != values.size or fixed[[0, 1, 2, 6, 7, 8]].min() <= 0:
            raise DamagedError("its grid does not fit its numbers")
        if kind == FIELD:
            image = sitk.GetImageFromArray(values.astype(np.float64), isVector=True)
            image.SetOrigin(fixed[3:6].tolist())
            image.SetSpacing(fixed[6:9].tolist())
            image.SetDirection(fixed[9:].tolist())
            parts.append(sitk.DisplacementFieldTransform(image))
        else:
            grid = sitk.BSplineTransform(3, facts["order"])
            grid.SetFixedParameters(fixed.tolist())
            grid.SetParameters(values.tolist())
            parts.append(grid)
    return parts


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
    if len(lines) > 1 and lines[0][0] != COMPOSITE:
        raise DamagedError(f"it holds {len(lines)} transforms and does not say how they go together")
    for each, keys in lines:
        if each != COMPOSITE and sorted(keys) != ["FixedParameters", "Parameters"]:
            raise DamagedError(f"its {each} does not have its Parameters and FixedParameters once each")
    return are_linear


def _affine(matrix: NDArray[np.float64]) -> sitk.AffineTransform:
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(matrix[:3, :3].ravel().tolist())
    transform.SetTranslation(matrix[:3, 3].tolist())
    return transform


def _rigid(back: NDArray[np.float64], path: str | os.PathLike[str]) -> NDArray[np.float64]:
    try:
        matrix: NDArray[np.float64] = np.asarray(np.linalg.inv(back), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise InputError(f"The transform '{path}' presses the patient flat: give a rigid one.") from error
    if np.abs(matrix[:3, :3] @ matrix[:3, :3].T - np.eye(3)).max() > 1e-3 or np.linalg.det(matrix[:3, :3]) < 0:
        raise InputError(f"The transform '{path}' stretches, shears or mirrors the patient: give a rigid one.")
    return matrix
