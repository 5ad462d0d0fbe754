"""Enhanced PET (PS3.3 C.8.22) in the words of the classic image: units, corrections, the moment of decay correction."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset

from .elements import number, text
from .suv.units import CodedUnits, coded_units
from .suv.values import mapped_range

_CORRECTIONS = {"AttenuationCorrected": "ATTN", "DecayCorrected": "DECY", "ScatterCorrected": "SCAT", "RandomsCorrected": "RAN"}
# Of several mappings of the same values: what the scanner calls SUVbw, then what SUVbw can be reckoned from, then other SUV.
_PREFERRED = (("GML", "BW"), ("GML", ""), ("BQML", ""), ("GML", None), ("CM2ML", None))


def say_as_single_pet(header: Dataset) -> None:
    """Adds Corrected Image and Decay Correction to the common attributes of an enhanced PET.

    Its values are corrected to Decay Correction DateTime (0018,9701), whatever series and acquisition times say (`scan_start`).
    """
    header.CorrectedImage = [term for keyword, term in _CORRECTIONS.items() if text(header, keyword) == "YES"]
    if text(header, "DecayCorrected") == "YES":
        if text(header, "DecayCorrectionDateTime"):
            header.DecayCorrection = "START"
    elif text(header, "DecayCorrected") == "NO":
        header.DecayCorrection = "NONE"
        header.pop("DecayCorrectionDateTime", None)


def set_units(frame: Dataset, mappings: Sequence[Dataset]) -> None:
    """Gives a frame Units, SUV Type and the rescaling that leads to them, from Real World Value Mapping Sequence (0040,9096).

    A mapping is of stored values, so its slope and intercept take the place of any other. Of several the best is chosen that is linear;
    what it does not cover others to the same unit may (`mapped_pieces`).
    """
    known = [(units, mapping) for mapping in mappings if _is_linear(mapping) and (units := coded_units(mapping)) is not None]
    if not known:
        return
    units, mapping = min(known, key=lambda pair: (_rank(pair[0]), -_width(pair[1])))
    for element in mappings[0]:  # which the frame may hold already, as it does the first item of every group
        frame.pop(element.tag, None)
    frame.update({element.tag: element for element in mapping})
    frame.RealWorldValueMappingSequence = list(mappings)
    frame.Units = units.units
    if units.suv_type:
        frame.SUVType = units.suv_type
    else:
        frame.pop("SUVType", None)
    slope, intercept = number(mapping, "RealWorldValueSlope"), number(mapping, "RealWorldValueIntercept")
    frame.RescaleSlope, frame.RescaleIntercept = f"{(slope or 0.0) * units.scale:.10g}", f"{(intercept or 0.0) * units.scale:.10g}"


def _is_linear(mapping: Dataset) -> bool:
    return number(mapping, "RealWorldValueSlope") is not None and number(mapping, "RealWorldValueIntercept") is not None


def _rank(units: CodedUnits) -> int:
    for rank, (name, suv_type) in enumerate(_PREFERRED):
        if units.units == name and suv_type in (units.suv_type, None):
            return rank
    return len(_PREFERRED)


def _width(mapping: Dataset) -> float:
    first, last = mapped_range(mapping)
    return last - first
