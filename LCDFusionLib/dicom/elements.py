"""One element of a data set, with its number of values, its type and its range; anything else becomes a sentence.

pydicom hands on what a file holds: text where a number should stand, five numbers for six, bytes, a sequence, or an exception of its
own. What becomes geometry, a value or a name in this library is read here, so that a damaged header ends in an `ElementError` that names
file and attribute, and never in a wrong number.

An attribute that is missing or empty is None (text: ""), because most may be: whoever needs it says what lacks without it.
"""

from __future__ import annotations

import math
from typing import Any

from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from LCDFusionLib.errors import InputError

_LONGEST_SHOWN = 40
_LONGEST_UID = 64
_PATIENT_GROUP = 0x0010


class ElementError(InputError):
    """An element holds what its attribute cannot hold.

    Attributes:
        reason: attribute, value and what is wrong with it, without the file; of a patient's attributes never the value.
    """

    def __init__(self, header: Dataset, keyword: str, problem: str, value: object = None) -> None:
        self.reason = f"{attribute(keyword)} {_shown(keyword, value)}{problem}"
        file = getattr(header, "filename", None)
        where = f"The DICOM file '{printable(file)}' is damaged" if file else "A DICOM header is damaged"
        super().__init__(f"{where}: {self.reason}; copy it again, or export the series again.")


def attribute(keyword: str) -> str:
    """How a sentence calls an attribute: "Rows (0028,0010)"."""
    number = tag_for_keyword(keyword)
    if number is None:
        return keyword
    tag = Tag(number)
    return f"{dictionary_description(tag)} ({tag.group:04X},{tag.element:04X})"


def printable(text: object) -> str:
    """Text for a terminal, a log or one line of a page: control characters, which could move a cursor or turn the line, become spaces."""
    return "".join(letter if letter.isprintable() else " " for letter in str(text)).strip()


def text(header: Dataset, keyword: str) -> str:
    """Text in one line, "" where there is none; several values are joined by the backslash that the file has between them."""
    return "\\".join(terms(header, keyword))


def terms(header: Dataset, keyword: str) -> tuple[str, ...]:
    """The values of an attribute that has several, such as Image Type, as text."""
    value = _value(header, keyword)
    if isinstance(value, Sequence):
        raise ElementError(header, keyword, "is a sequence and no text")
    values = [_decoded(each) for each in _values(value)]
    if any(isinstance(each, bytes) for each in values):
        raise ElementError(header, keyword, "is no text")
    return tuple(map(printable, values))


def uid(header: Dataset, keyword: str) -> str:
    """A UID, "" where there is none: one word of at most 64 characters.

    PS3.5 9.1 allows digits and dots alone; letters and hyphens, which careless de-identification leaves, harm nobody.
    """
    value = text(header, keyword)
    if value and not isinstance(_value(header, keyword), str):
        raise ElementError(header, keyword, "is no UID", value)
    if len(value) > _LONGEST_UID or not all(letter.isascii() and (letter.isalnum() or letter in ".-_") for letter in value):
        raise ElementError(header, keyword, "is no UID", value)
    return value


def number(header: Dataset, keyword: str, *, least: float = -math.inf, most: float = math.inf) -> float | None:
    """One finite number within [least, most]."""
    numbers_ = numbers(header, keyword, 1, least=least, most=most)
    return None if numbers_ is None else numbers_[0]


def numbers(header: Dataset, keyword: str, count: int, *, least: float = -math.inf, most: float = math.inf) -> tuple[float, ...] | None:
    """Exactly `count` finite numbers, each within [least, most]."""
    values = _values(_value(header, keyword))
    if not values:
        return None
    if len(values) != count:
        raise ElementError(header, keyword, f"has {len(values)} values and not {count}")
    found = []
    for value in values:
        try:
            one = float(_decoded(value))
        except (TypeError, ValueError):
            raise ElementError(header, keyword, "is no number", value) from None
        if not math.isfinite(one):
            raise ElementError(header, keyword, "is no finite number", value)
        if not least <= one <= most:
            raise ElementError(header, keyword, f"lies outside {least:g} to {most:g}", value)
        found.append(one)
    return tuple(found)


def whole(header: Dataset, keyword: str, *, least: int, most: int) -> int | None:
    """One whole number within [least, most]."""
    value = number(header, keyword, least=least, most=most)
    if value is None:
        return None
    if value != int(value):
        raise ElementError(header, keyword, "is no whole number", value)
    return int(value)


def items(header: Dataset, keyword: str) -> tuple[Dataset, ...]:
    """The items of a sequence; empty where it is missing."""
    value = _value(header, keyword)
    if value is None:
        return ()
    if not isinstance(value, Sequence):
        raise ElementError(header, keyword, "is no sequence")
    return tuple(value)


def item(header: Dataset, keyword: str) -> Dataset:
    """The first item of a sequence, empty where there is none; its errors name the file of `header`."""
    found = items(header, keyword)
    first = found[0] if found else Dataset()
    in_file_of(first, header)
    return first


def in_file_of(dataset: Dataset, header: Dataset) -> None:
    """What is wrong with an item or a frame is said of the file that it lies in; its transfer syntax is the file's."""
    object.__setattr__(dataset, "filename", getattr(header, "filename", None))
    object.__setattr__(dataset, "file_meta", getattr(header, "file_meta", Dataset()))


def _value(header: Dataset, keyword: str) -> Any:
    try:
        value = header.get(keyword)
    except Exception as error:  # pydicom converts values when they are asked for, and foreign bytes make that fail in many ways
        raise ElementError(header, keyword, "cannot be read") from error
    return None if value is None or (isinstance(value, (str, bytes)) and not value.strip()) else value


def _values(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (MultiValue, list, tuple, Sequence)) else [value]


def _decoded(value: Any) -> Any:
    """Bytes of an unknown representation as text, where they are some."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.rstrip(b"\0 ").decode("ascii")
    except UnicodeDecodeError:
        return value


def _shown(keyword: str, value: object) -> str:
    number = tag_for_keyword(keyword)
    if value is None or (number is not None and Tag(number).group == _PATIENT_GROUP):
        return ""
    shown = printable(_decoded(value))
    return f"'{shown[:_LONGEST_SHOWN]}{'...' if len(shown) > _LONGEST_SHOWN else ''}' "
