"""The process that reads transforms through ITK, whose HDF5 and Matlab readers a damaged file can bring down."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .decoder import Answer, serve

COMPOSITE, FIELD, GRID, LINEAR = "CompositeTransform", "DisplacementFieldTransform", "BSplineTransform", "linear"


def decode(path: str) -> Answer:
    """A transform of three dimensions, those that a composite one holds each by itself, in its order.

    Returns:
        {"parts": their kinds, "order": of a grid's splines}, and of each part two arrays: what ITK calls its fixed parameters, (18,), and
        the parameters; for a linear one nothing, and where it takes the origin and the ends of the three axes, (4, 3).
    """
    transform = sitk.ReadTransform(path)
    if transform.GetDimension() != 3:
        return {"parts": None}, []
    kinds, arrays, order = [], [], 0
    for part in [transform] if transform.IsLinear() else _parts(transform):
        fixed: NDArray = np.array(part.GetFixedParameters(), dtype=np.float64)
        if part.IsLinear():
            kind, fixed = LINEAR, np.empty(0)
            values: NDArray = np.array([part.TransformPoint(point) for point in np.eye(4, 3, -1).tolist()])
        elif (kind := part.GetName()) == FIELD:
            values = sitk.GetArrayFromImage(sitk.DisplacementFieldTransform(part).GetDisplacementField())
        elif kind == GRID:
            order = sitk.BSplineTransform(part).GetOrder()
            values = np.array(part.GetParameters(), dtype=np.float64)
        else:
            raise ValueError(f"it is a {kind}, which is not read; save it as a displacement field")
        kinds.append(kind)
        arrays += [fixed, values]
    return {"parts": kinds, "order": order}, arrays


def _parts(transform: sitk.Transform) -> list[sitk.Transform]:
    if transform.GetName() != COMPOSITE:
        return [transform]
    whole = sitk.CompositeTransform(transform)
    return [part for n in range(whole.GetNumberOfTransforms()) for part in _parts(whole.GetNthTransform(n))]


if __name__ == "__main__":
    serve(decode)
