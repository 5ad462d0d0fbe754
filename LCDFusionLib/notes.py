"""What the user has to know, in sentences whose names can be left out: a series may be called after its patient."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from LCDFusionLib.errors import one_line

# What a sentence may quote of a header, and what stands in its place: names, UIDs, dates, times of day.
_TELLING = [
    (re.compile("'.*'", re.DOTALL), "an input"),
    (re.compile(r"\b\d+(\.\d+){3,}\b"), "a UID"),
    (re.compile(r"\b(19|20)\d\d-?[01]\d-?[0-3]\d(\d{4,}(\.\d+)?)?\b"), "a date"),
    (re.compile(r"\b\d{1,2}:\d\d(:\d\d(\.\d+)?)?\b"), "a time"),
]


class Note(str):
    """A sentence, with the names in it kept apart.

    It is the whole text wherever a text is wanted.

    Attributes:
        without_names: the same sentence with "the anatomy" and the like in the place of names.
    """

    without_names: str

    def __new__(cls, template: str, *, names: Mapping[str, str] | None = None, **values: object) -> Note:
        """A sentence.

        Args:
            template: with {role} for each of `names` and of `values`.
            names: by role, such as {"anatomy": volume.name}; put into the text in quotes.
            values: numbers, units, sentences of others; what stands between quotation marks in them is taken for a name.
        """
        names = names or {}
        note = super().__new__(cls, one_line(template.format(**{role: f"'{name}'" for role, name in names.items()}, **values)))
        quoted = {name: _nameless(value) if isinstance(value, str) else value for name, value in values.items()}
        text = template.format(**{role: f"the {role}" for role in names}, **quoted)
        note.without_names = one_line(text[:1].upper() + text[1:])
        return note

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (str(self), self.without_names)

    def __str__(self) -> str:
        return str.__str__(self)


def _restore(text: str, without_names: str) -> Note:
    note = str.__new__(Note, text)
    note.without_names = without_names
    return note


def without_names(notes: Iterable[str]) -> tuple[str, ...]:
    """The sentences without names; one that is no `Note` loses all between its first and last quotation mark, UIDs, dates and times."""
    return tuple(note.without_names if isinstance(note, Note) else _nameless(note) for note in notes)


def _nameless(text: str) -> str:
    for pattern, word in _TELLING:
        text = pattern.sub(word, text)
    return text
