"""What the values themselves say against the headers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from LCDFusionLib.dicom.elements import number, text
from LCDFusionLib.images.volume import Unit, Volume

from .conversion import SUV

_MOST_OF_DOSE = 2.0  # noise, positive in air, and a calibration that is a tenth off; never twice
_MAPPED = (
    ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"),
    ("DoubleFloatRealWorldValueFirstValueMapped", "DoubleFloatRealWorldValueLastValueMapped"),
)


def mapped_range(header: Dataset) -> tuple[float, float] | None:
    """The stored values that an item of Real World Value Mapping Sequence (0040,9096) covers; None where it covers all, or is none."""
    if not text(header, "RealWorldValueSlope"):
        return None
    for keywords in _MAPPED:
        first, last = (number(header, keyword) for keyword in keywords)
        if first is not None and last is not None:
            return first, last
    return None


def why_not_mapped(stored: NDArray, header: Dataset) -> str | None:
    """Why a slice's stored values have no unit: some lie outside the range that the mapping covers; None where all have one."""
    covered = mapped_range(header)
    lowest, highest = float(stored.min()), float(stored.max())
    if covered is None or (covered[0] <= lowest and highest <= covered[1]):
        return None
    return (
        f"Real World Value Mapping Sequence (0040,9096) covers the stored values {covered[0]:g} to {covered[1]:g}, and its slices hold "
        f"{lowest:g} to {highest:g}"
    )


def with_note_on_total(suv: SUV, volume: Volume) -> SUV:
    """No image holds more activity than was injected: the sum of SUVbw times volume is at most the body weight. Else that is said."""
    if suv.kind is not Unit.SUVBW or suv.weight_kg is None:
        return suv
    voxel_ml = abs(float(np.linalg.det(volume.ijk_to_lps[:3, :3]))) / 1000.0
    part = float(volume.array.sum(dtype=np.float64)) * voxel_ml / (suv.weight_kg * 1000.0)
    if part <= _MOST_OF_DOSE:
        return suv
    note = f"The image holds {part:.3g} times the activity that was injected, so a dose, a weight, a time or the units are wrong."
    return replace(suv, notes=(*suv.notes, note))
