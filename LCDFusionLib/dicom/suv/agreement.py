"""What all slices of a series say alike, and what contradicts it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

from pydicom.dataset import Dataset

from LCDFusionLib.dicom.elements import ElementError, attribute, number, text
from LCDFusionLib.errors import InputError

_MOST_SHOWN = 3
T = TypeVar("T", bound=Hashable)


class UnknownSUVError(InputError):
    """SUV cannot be known.

    Attributes:
        reason: a clause that names attributes and values.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}.")
        self.reason = reason


def common(headers: Sequence[Dataset], read: Callable[[Dataset], T | None], called: str) -> T | None:
    """What `read` finds in every slice; None where it is missing in all of them.

    Raises:
        UnknownSUVError: two slices differ in it, or some lack it.
    """
    found = [read(header) for header in headers]
    if len(values := set(found)) == 1:
        return found[0]
    lacking = found.count(None)
    shown = sorted(str(value) for value in values if value is not None)
    listing = ", ".join(shown[:_MOST_SHOWN]) + (", ..." if len(shown) > _MOST_SHOWN else "")
    if lacking:
        listing += f", missing in {lacking} of {len(found)}"
    raise UnknownSUVError(f"its slices contradict each other in {called} ({listing})")


def common_text(headers: Sequence[Dataset], keyword: str) -> str:
    """A text that all slices share, "" where it is missing."""
    return common(headers, lambda header: text(header, keyword) or None, attribute(keyword)) or ""


def common_number(headers: Sequence[Dataset], keyword: str) -> float | None:
    """A number that all slices share: 70 and 70.0 agree."""
    return common(headers, lambda header: one_number(header, keyword), attribute(keyword))


def one_number(header: Dataset, keyword: str) -> float | None:
    """A number, None where it is missing.

    Raises:
        UnknownSUVError: text that is none, such as "70,5", or several values; the sentence shows them, for they tell of no person.
    """
    try:
        return number(header, keyword)
    except ElementError as error:
        value = text(header, keyword)
        if "\\" in value:
            raise UnknownSUVError(f"{attribute(keyword)} has several values ({value})") from error
        comma = " (a comma is no decimal point in DICOM)" if "," in value else ""
        raise UnknownSUVError(f"{attribute(keyword)} '{value}' is no number{comma}") from error


def number_if_any(header: Dataset, keyword: str) -> float | None:
    """A number that is not needed: None where it is missing or none."""
    try:
        return number(header, keyword)
    except ElementError:
        return None
