"""What turns the values of one PET series into SUV."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.dicom.elements import attribute
from LCDFusionLib.images.volume import Unit

NAMES = {
    "weight": attribute("PatientWeight"),
    "size": attribute("PatientSize"),
    "dose": attribute("RadionuclideTotalDose"),
    "half life": attribute("RadionuclideHalfLife"),
}
"""How the sentences call what is judged (`why_implausible`)."""


@dataclass(frozen=True)
class SUV:
    """How the values of one PET series become SUV.

    Attributes:
        factor: SUV per value, after Rescale Slope and Intercept; of the first slice where `slice_factors` are given.
        units: Units (0054,1001) of the stored values.
        reference: where the factor comes from, in words: the moment that activities were corrected to, or the tag that gives the factor.
        kind: which SUV; what is computed here is SUVbw, other kinds are stored as such.
        decay_seconds: from the injection to that moment; None where no decay was computed.
        half_life_seconds: Radionuclide Half Life (0018,1075), None where not used.
        dose_bq: Radionuclide Total Dose (0018,1074) in Bq, None where not used.
        weight_kg: Patient's Weight (0010,1030), None where not used.
        notes: what was decided between contradicting attributes, in sentences with the size of the difference.
        slice_factors: one a slice, in the order of the headers, where the values were not corrected for decay; else empty.
    """

    factor: float
    units: str
    reference: str
    kind: Unit = Unit.SUVBW
    decay_seconds: float | None = None
    half_life_seconds: float | None = None
    dose_bq: float | None = None
    weight_kg: float | None = None
    notes: tuple[str, ...] = ()
    slice_factors: tuple[float, ...] = ()

    def of_slice(self, index: int) -> float:
        """The factor of one slice, by its place among the headers."""
        return self.slice_factors[index] if self.slice_factors else self.factor

    def of_slices(self, count: int) -> NDArray[np.float64]:
        """The factors of the first slices, shape (count, 1, 1)."""
        return np.array([self.of_slice(index) for index in range(count)]).reshape(count, 1, 1)
