"""What the values themselves say against the headers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from LCDFusionLib.dicom.elements import items, number, text
from LCDFusionLib.images.volume import Unit, Volume

from .conversion import SUV
from .units import coded_units

_MOST_OF_DOSE = 2.0  # noise, positive in air, and a calibration that is a tenth off; never twice
_MAPPED = (
    ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped"),
    ("DoubleFloatRealWorldValueFirstValueMapped", "DoubleFloatRealWorldValueLastValueMapped"),
)


@dataclass(frozen=True)
class Piece:
    """A linear part of a mapping: real value = slope times stored value + intercept, for stored values from first to last."""

    slope: float
    intercept: float
    first: float = -math.inf
    last: float = math.inf

    def holds(self, stored: NDArray) -> NDArray[np.bool_]:
        """Where it is meant."""
        return (stored >= self.first) & (stored <= self.last)


def mapped_range(mapping: Dataset) -> tuple[float, float]:
    """The stored values that an item of Real World Value Mapping Sequence (0040,9096) covers; infinite where it does not say."""
    for keywords in _MAPPED:
        first, last = (number(mapping, keyword) for keyword in keywords)
        if first is not None and last is not None:
            return first, last
    return -math.inf, math.inf


def mapped_pieces(header: Dataset) -> tuple[Piece, ...]:
    """How stored values become those of the chosen unit: by the mapping that `header` was given, then by others to the same unit, which may
    cover what that one does not, the widest first. Empty where the values are not mapped.
    """
    slope, intercept = number(header, "RealWorldValueSlope"), number(header, "RealWorldValueIntercept")
    units = text(header, "Units")
    if slope is None or intercept is None or not units:
        return ()
    found = []
    for mapping in items(header, "RealWorldValueMappingSequence"):
        own, coded = [number(mapping, f"RealWorldValue{what}") for what in ("Slope", "Intercept")], coded_units(mapping)
        if own[0] is not None and own[1] is not None and coded is not None and coded.is_same_as(units, text(header, "SUVType")):
            found.append(Piece(own[0] * coded.scale, own[1] * coded.scale, *mapped_range(mapping)))
    return tuple(sorted(found, key=lambda piece: piece.first - piece.last))


def map_pieces(stored: NDArray, pieces: Sequence[Piece]) -> NDArray[np.float64]:
    """Real values; of pieces that overlap the first counts, and beyond all of them too."""
    values = np.array(stored, dtype=np.float64)
    left = np.ones(stored.shape, dtype=bool)
    for piece in pieces:
        where = left & piece.holds(stored)
        values[where] = stored[where].astype(np.float64) * piece.slope + piece.intercept
        left &= ~where
    values[left] = stored[left].astype(np.float64) * pieces[0].slope + pieces[0].intercept
    return values


def why_not_mapped(stored: NDArray, header: Dataset) -> str | None:
    """Why a slice's stored values have no unit: some lie outside what the mappings cover; None where all have one."""
    pieces = mapped_pieces(header)
    if not pieces or stored.size == 0 or np.logical_or.reduce([piece.holds(stored) for piece in pieces]).all():
        return None
    covered = " and ".join(f"{piece.first:g} to {piece.last:g}" for piece in sorted(pieces, key=lambda piece: piece.first))
    return (
        f"Real World Value Mapping Sequence (0040,9096) covers the stored values {covered}, and its slices hold "
        f"{stored.min():g} to {stored.max():g}"
    )


def notes_on_pieces(header: Dataset) -> list[str]:
    """Mappings to one unit that say two things of the same stored values."""
    first, *others = mapped_pieces(header) or (Piece(1.0, 0.0),)
    differ = [piece for piece in others if (piece.slope, piece.intercept) != (first.slope, first.intercept)]
    return [
        f"Two mappings to one unit in Real World Value Mapping Sequence (0040,9096) overlap and differ, slopes {first.slope:g} and "
        f"{other.slope:g}; the one that covers more values was taken."
        for other in differ
        if max(first.first, other.first) <= min(first.last, other.last)
    ]


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
