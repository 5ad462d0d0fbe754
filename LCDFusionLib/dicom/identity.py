"""Whether two series belong together: one patient, one time, one side, one part of the body, as their headers say it."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from pydicom.dataset import Dataset

from LCDFusionLib.images.volume import Place

from . import elements
from .body_regions import regions
from .moments import MomentError, day, is_placeholder

MOST_DAYS_APART = 30
"""Days between two scans from which a fusion needs a confirmation: a tumour under therapy is another one by then."""

_PATIENT = {
    "PatientID": ("patient-id", "Patient ID (0010,0020)"),
    "PatientName": ("patient-name", "Patient's Name (0010,0010)"),
    "PatientBirthDate": ("birth-date", "Patient's Birth Date (0010,0030)"),
}


@dataclass(frozen=True)
class Mismatch:
    """One thing that says that two series do not belong together.

    Attributes:
        kind: "patient-id", "patient-name", "birth-date", "sex", "study-date", "laterality", "body-part" or "place".
        text: what differs, by its DICOM attribute; of a patient's name, number or birth date never the value.
    """

    kind: str
    text: str

    @property
    def is_of_patient(self) -> bool:
        """True where it says that there are two patients."""
        return self.kind in KINDS[: len(_PATIENT)]


KINDS = (*(kind for kind, _ in _PATIENT.values()), "sex", "study-date", "laterality", "body-part", "place")
"""Every `Mismatch.kind`."""


def find_mismatches(first: Dataset, second: Dataset) -> tuple[Mismatch, ...]:
    """Compare one header of each of two series.

    A value that one of both lacks says nothing. In names and numbers case, spaces around and trailing ^ do not matter (PS3.5 6.2.1.1), nor
    does a part of the name (alphabetic, ideographic, phonetic; divided by =) that only one of both has. Dates are those of the acquisition,
    else of the study; parts of the body differ where they have no region in common (a CHEST lies within a WHOLEBODY).

    Returns:
        What differs, patient first; empty where nothing does.
    """
    found = [
        Mismatch(kind, f"{name} differs")
        for keyword, (kind, name) in _PATIENT.items()
        if _differ(elements.text(first, keyword), elements.text(second, keyword))
    ]
    if {elements.text(header, "PatientSex").upper() for header in (first, second)} == {"F", "M"}:  # mistyped, or of somebody else
        found.append(Mismatch("sex", "Patient's Sex (0010,0040) differs"))
    apart = days_apart(first, second)
    if apart is not None and apart > MOST_DAYS_APART:
        found.append(Mismatch("study-date", f"the scans are {apart} days apart, Acquisition Date (0008,0022) or Study Date (0008,0020)"))
    sides = {side(header) for header in (first, second)}
    if sides == {"L", "R"}:
        found.append(Mismatch("laterality", "one is of the left and one of the right, Laterality (0020,0060)"))
    parts = [elements.text(header, "BodyPartExamined") for header in (first, second)]
    if all(map(regions, parts)) and not regions(parts[0]) & regions(parts[1]):
        found.append(Mismatch("body-part", f"one is of {parts[0]} and one of {parts[1]}, Body Part Examined (0018,0015)"))
    return tuple(found)


def place_mismatch(anatomy: Place, function: Place) -> tuple[Mismatch, ...]:
    """That the two lie on each other is a guess: a file does not say where in the patient it lies. Two pictures lie pixel on pixel."""
    unsaid = [role for role, place in (("anatomy", anatomy), ("function", function)) if place is Place.UNSAID]
    if not unsaid:
        return ()
    who = "neither file says where in the patient it lies" if len(unsaid) == 2 else f"the {unsaid[0]}'s file does not say where it lies"
    return (Mismatch("place", f"{who}, so that they lie on each other is a guess, and which side is left is not known"),)


def identity_is_known(first: Dataset, second: Dataset) -> bool:
    """Whether both headers carry at least one same attribute that tells one patient from another."""
    return any(elements.text(first, keyword) and elements.text(second, keyword) for keyword in _PATIENT)


def days_apart(first: Dataset, second: Dataset) -> int | None:
    """Whole days between two scans; None where a date is missing."""
    dates = _date(first), _date(second)
    return abs((dates[0] - dates[1]).days) if dates[0] and dates[1] else None


def notes_on_belonging(first: Dataset, second: Dataset, *, mismatches: Collection[str] = (), is_known: bool = False) -> tuple[str, ...]:
    """What a reader of a fused image should know of its inputs, in sentences: whether the patient could be compared, and days apart.

    Args:
        first: one header of a series.
        second: likewise.
        mismatches: kinds that are said already.
        is_known: the headers need not tell that the two are of one patient.
    """
    notes = []
    if not is_known and not identity_is_known(first, second):
        notes.append("That both inputs are of one patient could not be checked: no name, number or birth date is in both headers.")
    apart = days_apart(first, second)
    if apart and "study-date" not in mismatches:
        notes.append(f"The scans are {apart} day{'s' * (apart > 1)} apart.")
    return tuple(notes)


def unconfirmed(mismatches: Collection[Mismatch], confirmed: Collection[str]) -> tuple[Mismatch, ...]:
    """Those mismatches whose kind the user has not confirmed by its name."""
    return tuple(mismatch for mismatch in mismatches if mismatch.kind not in confirmed)


def normalised(text: str) -> str:
    """A name or number as it is compared: case, spaces around, trailing ^ and the Unicode form do not matter (PS3.5 6.2.1.1)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).lstrip().rstrip("^ ")


def side(header: Dataset) -> str:
    """L, R, or another term (B for both, U for unpaired, empty)."""
    keywords = ("FrameLaterality", "ImageLaterality", "Laterality")  # of a frame of a multi-frame object, an image, a series
    return next((term for keyword in keywords if (term := elements.text(header, keyword).upper())), "")


def _differ(first: str, second: str) -> bool:
    """In a part of the name (alphabetic, ideographic, phonetic) that both have."""
    parts = ([normalised(part) for part in text.split("=")] for text in (first, second))
    return any(one and other and one != other for one, other in zip(*parts, strict=False))


def _date(header: Dataset) -> date | None:
    """Of the scan; 19000101, which de-identification writes, is none."""
    for keyword in ("AcquisitionDate", "StudyDate"):
        try:
            on = day(header, keyword)
        except MomentError:
            continue
        if on is not None and not is_placeholder(on):
            return on
    return None
