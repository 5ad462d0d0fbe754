"""From the headers of one PET series to its SUV.

The rules follow the vendor-neutral pseudo-code of the QIBA FDG-PET/CT profile and, where it is silent, the manual of the IBSI (decision
80). Anything missing, implausible or contradictory stops; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedPETImageStorage

from LCDFusionLib.dicom.elements import ElementError, attribute, items, text
from LCDFusionLib.dicom.moments import MomentError
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.suv_factor import why_implausible
from LCDFusionLib.images.volume import Unit

from .activity import MOST_EFFECT, SAME_SUV, body_of, compared, from_activity
from .agreement import UnknownSUVError, common_text, number_if_any
from .conversion import NAMES, SUV
from .counts import from_counts
from .units import code_value, coded_units, stored_suv
from .values import notes_on_pieces


class NoSUVError(InputError):
    """SUVbw cannot be known; relative intensities can.

    Attributes:
        reason: why, naming the tags.
    """

    def __init__(self, series: str, reason: str) -> None:
        super().__init__(
            f"The PET series '{series}' cannot be shown as SUV because {reason}: give a series with the right tags, "
            "or go on with relative intensities (--relative)."
        )
        self.reason = reason


def suv_of(headers: Sequence[Dataset], *, name: str) -> SUV:
    """How to get SUV from one PET series: SUVbw, or what it is stored as.

    Args:
        headers: all slices of the series, any order.
        name: the series, for the sentences.

    Raises:
        NoSUVError: SUVbw cannot be known; the sentence names the tags and offers relative intensities.
    """
    try:
        return _suv(headers)
    except (UnknownSUVError, ElementError, MomentError) as error:
        raise NoSUVError(name, error.reason) from error


def _suv(headers: Sequence[Dataset]) -> SUV:
    units = common_text(headers, "Units").upper()
    if not units and "RealWorldValueLUTData" in headers[0]:
        raise UnknownSUVError("Real World Value Mapping Sequence (0040,9096) gives its values by a table, which is not read")
    if not units and (code := code_value(headers[0])):
        raise UnknownSUVError(f"Measurement Units Code Sequence (0040,08EA) says '{code}', which is no unit that SUV can be had from")
    if not units and _is_enhanced(headers[0]):
        raise UnknownSUVError("Real World Value Mapping Sequence (0040,9096), which gives its values a unit, is missing")
    if not any(map(_is_rescaled, headers)):
        raise UnknownSUVError(f"{attribute('RescaleSlope')} and {attribute('RescaleIntercept')} are missing")
    kind = stored_suv(units, common_text(headers, "SUVType").upper())
    if kind is not None:
        said = f"stored as {kind.value}, {attribute('Units')} {units}"
        notes = (*_notes_on_stored(headers), *_notes_on_mappings(headers, kind), *notes_on_pieces(headers[0]))
        return SUV(1.0, units, said, kind, notes=notes)
    if units == "CNTS":
        return from_counts(headers)
    suv = from_activity(headers, units)
    if _is_enhanced(headers[0]):
        return replace(suv, notes=(*suv.notes, *notes_on_pieces(headers[0])))  # a mapping gave its unit
    return replace(suv, notes=(*suv.notes, *_notes_on_mappings_of_activity(headers[0], suv.factor)))


def _is_enhanced(header: Dataset) -> bool:
    return header.get("SOPClassUID") == EnhancedPETImageStorage


def _is_rescaled(header: Dataset) -> bool:
    return bool((text(header, "RescaleSlope") and text(header, "RescaleIntercept")) or header.get("ModalityLUTSequence"))


def _notes_on_stored(headers: Sequence[Dataset]) -> list[str]:
    """Stored SUV need nothing else; but a weight that cannot be true may have gone into them."""
    try:
        problem = why_implausible(body_of(headers), None, NAMES)
    except UnknownSUVError as error:
        problem = error.reason
    return [f"The stored SUV were taken as they are, although {problem}."] if problem else []


def _notes_on_mappings(headers: Sequence[Dataset], kind: Unit) -> list[str]:
    """An enhanced PET may map its values to SUV and to activity: then the one is held against the other."""
    if kind is not Unit.SUVBW:
        return []
    slopes = _mapped_slopes(headers[0])
    if not {"GML", "BQML"} <= set(slopes):
        return []
    to_suv, to_bqml = slopes["GML"], slopes["BQML"]
    return compared(headers, to_suv, to_bqml, called=("Real World Value Slope (0040,9225) to SUVbw", "the one to Bq/ml"))


def _notes_on_mappings_of_activity(header: Dataset, factor: float) -> list[str]:
    """A classic PET may carry Real World Value Mapping Sequence (0040,9096) too, which then says the same in other words, or not."""
    rescale, slopes = number_if_any(header, "RescaleSlope"), _mapped_slopes(header)
    notes = []
    for units, slope in slopes.items():
        if not rescale or units not in ("GML", "BQML"):
            continue
        effect = slope / rescale / (factor if units == "GML" else 1.0) - 1.0
        if abs(effect) > SAME_SUV:
            to = "SUVbw" if units == "GML" else "Bq/ml"
            difference = f"Real World Value Slope (0040,9225) to {to} {slope:.6g} and what {attribute('RescaleSlope')} {rescale:g} gives"
            if abs(effect) > MOST_EFFECT:
                raise UnknownSUVError(f"{difference} differ by {abs(effect):.1%}")
            notes.append(f"{difference} differ by {abs(effect):.1%}; the latter was taken.")
    return notes


def _mapped_slopes(header: Dataset) -> dict[str, float]:
    """Real World Value Slope to SUVbw and to Bq/ml, of the mappings that there are."""
    slopes: dict[str, float] = {}
    for mapping in items(header, "RealWorldValueMappingSequence"):
        units, slope = coded_units(mapping), number_if_any(mapping, "RealWorldValueSlope")
        if units is not None and units.suv_type in ("", "BW") and slope:
            slopes.setdefault(units.units, slope * units.scale)
    return slopes
