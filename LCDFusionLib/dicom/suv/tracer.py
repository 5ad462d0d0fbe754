"""What was injected: dose, half life and radionuclide of Radiopharmaceutical Information Sequence (0054,0016)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedPETImageStorage

from LCDFusionLib.dicom.elements import attribute, in_file_of, item, items, text
from LCDFusionLib.images.radionuclides import HALF_LIFE_S, has_half_life, nuclide_in
from LCDFusionLib.images.suv_factor import LEAST_DOSE_BQ, MOST_DOSE_BQ

from .agreement import UnknownSUVError, common_number
from .radionuclide_codes import NUCLIDES

# Earlier names of SNOMED codes in DICOM (PS3.16 8.1).
_OLD_SNOMED = ("SNM3", "99SDM")


@dataclass(frozen=True)
class Tracer:
    """One injection, as all slices tell it.

    Attributes:
        item: of the sequence, of the first slice; empty where there is none.
        dose_bq: None where missing.
        half_life_s: None where missing.
        notes: what was decided about them, in sentences.
    """

    item: Dataset
    dose_bq: float | None
    half_life_s: float | None
    notes: tuple[str, ...] = ()


def tracer_of(headers: Sequence[Dataset]) -> Tracer:
    """The one injection of a series.

    Raises:
        UnknownSUVError: several injections, or slices that differ.
    """
    several = max(len(items(header, "RadiopharmaceuticalInformationSequence")) for header in headers)
    if several > 1:
        raise UnknownSUVError(
            f"it names several injections, {several} items of {attribute('RadiopharmaceuticalInformationSequence')}, "
            "and nothing tells how much of its values each of them made"
        )
    tracers = [_item(header) for header in headers]
    dose = common_number(tracers, "RadionuclideTotalDose")
    half_life = common_number(tracers, "RadionuclideHalfLife")
    notes = []
    if dose and headers[0].get("SOPClassUID") == EnhancedPETImageStorage:
        # PS3.3 C.8.22.4 says MBq; objects that carry the classic image's Bq on are told by the size, for no dose can be both.
        if LEAST_DOSE_BQ <= dose <= MOST_DOSE_BQ:
            notes.append(f"{attribute('RadionuclideTotalDose')} {dose:.10g} was taken in Bq, although an enhanced PET has it in MBq.")
        elif LEAST_DOSE_BQ <= dose * 1e6 <= MOST_DOSE_BQ:
            dose *= 1e6
        else:
            raise UnknownSUVError(
                f"{attribute('RadionuclideTotalDose')} is {dose:.10g}, which can be neither MBq, as an enhanced PET has it, nor Bq"
            )
    return Tracer(tracers[0], dose, half_life, tuple(notes))


def other_nuclides(tracer: Dataset, half_life: float) -> list[tuple[str, str]]:
    """The radionuclides that the item names and that have another half life, each with the place.

    Published objects carry the code of a neighbour (Ga-66 for Ga-68), so one name against more is told and does not stop.

    Raises:
        UnknownSUVError: not more of them have this half life than have another.
    """
    named = _named(tracer)
    others = [(nuclide, where) for nuclide, where in named if not has_half_life(nuclide, half_life)]
    if others and len(others) >= len(named) - len(others):
        nuclide, where = others[0]
        raise UnknownSUVError(
            f"{attribute('RadionuclideHalfLife')} is {half_life:.10g} s, and {where} names {nuclide}, whose half life is "
            f"{HALF_LIFE_S[nuclide]:.6g} s"
        )
    return others


def _item(header: Dataset) -> Dataset:
    found = item(header, "RadiopharmaceuticalInformationSequence")
    in_file_of(found, header)
    return found


def _named(tracer: Dataset) -> list[tuple[str, str]]:
    """Every radionuclide that the item names, with the place."""
    found: list[tuple[str | None, str]] = []
    for sequence in ("RadionuclideCodeSequence", "RadiopharmaceuticalCodeSequence"):
        code = item(tracer, sequence)
        value, meaning = text(code, "CodeValue"), text(code, "CodeMeaning")
        if sequence == "RadionuclideCodeSequence":
            found.append((NUCLIDES.get((_scheme(code), value)), f"{attribute(sequence)} {value}"))
        found.append((nuclide_in(meaning), f"{attribute(sequence)} '{meaning}'"))
    name = text(tracer, "Radiopharmaceutical")
    found.append((nuclide_in(name), f"{attribute('Radiopharmaceutical')} '{name}'"))
    return [(nuclide, where) for nuclide, where in found if nuclide is not None]


def _scheme(code: Dataset) -> str:
    scheme = text(code, "CodingSchemeDesignator")
    return "SRT" if scheme in _OLD_SNOMED else scheme
