"""Whether two series are of one patient."""

from __future__ import annotations

from .reader import SeriesSource

_ATTRIBUTES = {"PatientID": "patient ID", "PatientName": "patient name", "PatientBirthDate": "birth date"}


def same_patient(first: SeriesSource, second: SeriesSource) -> str | None:
    """What says that two series are of two patients: "patient ID", "patient name" or "birth date"; None where nothing does.

    Case, spaces around and trailing ^ do not matter (PS3.5 6.2.1.1). An empty value says nothing; nor does a part of the name
    (alphabetic, ideographic, phonetic; divided by =) that only one of both has.
    """
    for keyword, label in _ATTRIBUTES.items():
        parts = [str(source.headers[0].get(keyword) or "").casefold().split("=") for source in (first, second)]
        if any(one and other and one != other for one, other in zip(*(map(_stripped, part) for part in parts), strict=False)):
            return label
    return None


def _stripped(value: str) -> str:
    return value.lstrip().rstrip("^ ")
