"""What the values of a PET are: Units (0054,1001) of the classic image, coded units of the enhanced one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom.dataset import Dataset

from LCDFusionLib.dicom.elements import attribute, item, text
from LCDFusionLib.images.volume import Unit

from .agreement import UnknownSUVError

# Units and SUV Type (0054,1006), PS3.3 C.8.9.1.1.3 and C.8.9.1.1.3.1; without a type GML means BW.
_SUV_TYPES = {
    ("GML", ""): Unit.SUVBW,
    ("GML", "BW"): Unit.SUVBW,
    ("GML", "LBM"): Unit.SUVLBM,
    ("GML", "LBMJAMES128"): Unit.SUVLBM,
    ("GML", "LBMJANMA"): Unit.SUVLBM,
    ("GML", "IBW"): Unit.SUVIBW,
    ("CM2ML", ""): Unit.SUVBSA,
    ("CM2ML", "BSA"): Unit.SUVBSA,
}

_ACTIVITY = re.compile(r"(k|M)?Bq/(?:m[lL]|cm3|cc)")
_PREFIX = {None: 1.0, "k": 1e3, "M": 1e6}
_NORMALISATION = re.compile(r"SUV\s*(bw|lbm|bsa|ibw)\s*(?:\(\s*(\w+)\s*\))?", re.IGNORECASE)


@dataclass(frozen=True)
class CodedUnits:
    """What a code of Measurement Units Code Sequence (0040,08EA) says, in the words of the classic image.

    Attributes:
        units: Units (0054,1001).
        suv_type: SUV Type (0054,1006), "" where there is none.
        scale: of the unit, 1000 for kBq/ml.
    """

    units: str
    suv_type: str = ""
    scale: float = 1.0

    def is_same_as(self, units: str, suv_type: str) -> bool:
        """Whether Units (0054,1001) and SUV Type (0054,1006) say the same; GML without a type is BW."""
        return self.units == units and {self.suv_type, suv_type} in ({suv_type}, {"", "BW"})


def stored_suv(units: str, suv_type: str) -> Unit | None:
    """Which SUV the values are already; None where they are activity or counts.

    Raises:
        UnknownSUVError: units that no SUV can be had from, a type that does not go with them.
    """
    if units in ("BQML", "CNTS"):
        if suv_type:
            raise UnknownSUVError(
                f"{attribute('SUVType')} {suv_type} says that its values are SUV already and {attribute('Units')} {units} that they are not"
            )
        return None
    if units not in ("GML", "CM2ML"):
        raise UnknownSUVError(f"its {attribute('Units')} are {units or 'missing'}, not BQML, GML, CM2ML or CNTS")
    kind = _SUV_TYPES.get((units, suv_type))
    if kind is None:
        raise UnknownSUVError(f"it holds SUV of an unknown type, {attribute('SUVType')} {suv_type} in {attribute('Units')} {units}")
    return kind


def coded_units(mapping: Dataset) -> CodedUnits | None:
    """The units of one item of Real World Value Mapping Sequence (0040,9096); None where they are none of a PET's.

    PS3.16 CID 84 and 85 have had several spellings ({SUVbw}g/ml, g/ml{SUVbw}); UCUM writes the litre as l and L; the longer codes stand in
    Long Code Value (0008,0119).
    """
    written = code_value(mapping)
    annotation = "".join(re.findall(r"\{([^}]*)\}", written))
    plain = re.sub(r"\{[^}]*\}", "", written).strip()
    if activity := _ACTIVITY.fullmatch(plain):
        return CodedUnits("BQML", scale=_PREFIX[activity.group(1)])
    normalised = _NORMALISATION.search(annotation)
    suv_type = "".join(part or "" for part in normalised.groups()).upper() if normalised else ""
    if plain.lower() == "g/ml":
        return CodedUnits("GML", suv_type)
    if plain.lower() == "cm2/ml":
        return CodedUnits("CM2ML", suv_type)
    counts = {"counts": "CNTS", "propcounts": "PROPCNTS"}.get(annotation.lower())
    if counts and not plain:
        return CodedUnits(counts)
    if counts and plain == "/s":
        return CodedUnits("CPS" if counts == "CNTS" else "PROPCPS")
    return None


def code_value(mapping: Dataset) -> str:
    """The code of a mapping's units, wherever it is long enough to stand."""
    code = item(mapping, "MeasurementUnitsCodeSequence")
    return next((value for keyword in ("CodeValue", "LongCodeValue", "URNCodeValue") if (value := text(code, keyword))), "")
