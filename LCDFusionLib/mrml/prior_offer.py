"""What may be chosen as a prior study; needs no Slicer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PriorOffer:
    """A pair that may be chosen as prior study.

    Attributes:
        key: names it among the offers of a host.
        title: date, patient and both volumes, for a list.
    """

    key: str
    title: str


def prior_title(day: str, patient: str, names: str) -> str:
    """Of an offer: the date first, by which people look for it."""
    return "  ".join(filter(None, (day or "no date", patient, names)))
