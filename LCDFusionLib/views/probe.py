"""Values of the volumes on show at one place, for a line under the views."""

from __future__ import annotations

import math

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Unit, Volume
from LCDFusionLib.mrml.nodes import unit_of, volume_from_node
from LCDFusionLib.mrml.result_nodes import ResultNodes
from LCDFusionLib.views.prior_views import PriorStudy

RAS = tuple[float, float, float]


def value_at(volume: Volume, ras: RAS) -> NDArray | None:
    """The voxel at a place in mm: a number, or three of a colour volume; None outside."""
    voxel = _voxel(volume, ras)
    return None if voxel is None else volume.array[voxel]


def probe_text(
    anatomy: slicer.vtkMRMLVolumeNode | None,
    function: Volume | None,
    result: ResultNodes | None,
    ras: RAS,
    *,
    prior: PriorStudy | None = None,
) -> str:
    """The values of anatomy (HU), function (SUVbw) and fused image (0 to 1) at a place, and the place in mm; "" without an anatomy.

    Args:
        anatomy: the anatomy's node.
        function: as it is fused.
        result: of the pair; a slice that is not fused yet has no value.
        ras: the place, in mm.
        prior: whose values stand at the end, at the registered place.
    """
    if anatomy is None or anatomy.GetScene() is None or anatomy.GetImageData() is None:
        return ""
    try:
        unit = unit_of(anatomy)
        texts = [_text("HU" if unit is Unit.HU else "MR", value_at(volume_from_node(anatomy, copy=False), ras), ".0f")]
        if function is not None:
            texts.append(_function_text(function, ras))
        if result is not None and result.is_in_scene:
            fused = volume_from_node(result.gray, copy=False)
            voxel = _voxel(fused, ras)
            is_fused = voxel is not None and (result.is_complete or any(map(math.isfinite, result.slice_metrics(voxel[0])[0].values())))
            texts.append(_text("Fused", fused.array[voxel] if is_fused else None, ".2f"))
    except InputError:  # a transform has bent a volume meanwhile
        return ""
    r, a, s = ras
    sides = (("R" if r >= 0 else "L", r), ("A" if a >= 0 else "P", a), ("S" if s >= 0 else "I", s))
    texts.append(" ".join(f"{letter} {abs(value):.1f}" for letter, value in sides) + " mm")
    if prior is not None:
        there = prior.place(ras)
        name = "HU" if prior.anatomy.unit is Unit.HU else "MR"
        of_prior = _text(name, value_at(prior.anatomy, there), ".0f"), _function_text(prior.function, there)
        texts.append(f"Prior{' (NOT REGISTERED)' if prior.motion is None else ''}: {' '.join(of_prior)}")
    return "   ".join(texts)


def _function_text(function: Volume, ras: RAS) -> str:
    name = "Function" if function.unit is Unit.RELATIVE else function.unit.label
    return _text(name, value_at(function, ras), ".2f")


def _voxel(volume: Volume, ras: RAS) -> tuple[int, int, int] | None:
    """(k, j, i) at a place in mm; None outside."""
    i, j, k = np.rint(np.linalg.inv(volume.ijk_to_ras) @ [*ras, 1.0])[:3].astype(int).tolist()
    return (k, j, i) if all(0 <= index < size for index, size in zip((k, j, i), volume.shape, strict=False)) else None


def _text(name: str, value: NDArray | None, digits: str) -> str:
    if value is None:
        return f"{name} -"
    return f"{name} {' '.join(str(part) for part in value)}" if np.ndim(value) else f"{name} {value:{digits}}"
