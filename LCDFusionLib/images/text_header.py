"""Headers of lines, as NRRD and MetaImage have them: printable, with numbers that are numbers, and one place for the voxels."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError

from .damage import DamagedError

_LONGEST_LINE = 1 << 16
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class TextHeader:
    """What stands before the voxels.

    Attributes:
        fields: those of the format, by name.
        texts: key and value pairs of anybody else.
        length: of the header, in bytes.
    """

    fields: dict[str, str]
    texts: dict[str, str]
    length: int

    def sizes(self, name: str, dimension: str) -> tuple[int, ...]:
        """The sizes of the axes, the fastest first; `DamagedError` where they are not as many as the dimensions."""
        sizes = tuple(int(size) for size in numbers(self.fields, name, whole=True))
        count = int(numbers(self.fields, dimension, 1, whole=True)[0])
        if len(sizes) != count:
            raise DamagedError(f"its header has {len(sizes)} sizes for {count} dimensions")
        return sizes


def check_line(line: bytes) -> str:
    """One line as text; `DamagedError` where it is none: control characters are where readers begin to disagree."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("latin-1")
    if len(line) > _LONGEST_LINE or not all(letter.isprintable() or letter == "\t" for letter in text):
        raise DamagedError("its header holds what is no text")
    return text


def numbers(fields: Mapping[str, str], name: str, count: int | None = None, *, whole: bool = False) -> NDArray[np.float64]:
    """The numbers of a field.

    Args:
        fields: of the header.
        name: of the field.
        count: how many there must be; None: any number of them.
        whole: they must be whole numbers.

    Raises:
        DamagedError: no such field, another number of them, or one that is no finite number.
    """
    try:
        found = np.array([number(word) for word in fields[name].split()])
    except (KeyError, ValueError) as error:
        raise DamagedError(f"its header says of '{name}': '{fields.get(name, 'nothing')[:60]}'") from error
    if (count is not None and len(found) != count) or (whole and (found != np.rint(found)).any()):
        raise DamagedError(f"its header says of '{name}': '{fields[name][:60]}'")
    return found


def number(word: str) -> float:
    """A finite number as C writes it (Python's own reading takes 1_000 and other digits than ours too); ValueError where it is none."""
    value = float(word) if _NUMBER.fullmatch(word) else math.nan
    if not math.isfinite(value):
        raise ValueError(f"'{word}' is no number")
    return value


def voxel_file(header: Path, name: str, *, self_contained: bool) -> Path:
    """The file that a header names as the place of its voxels.

    Raises:
        InputError: several files; another file where that is not allowed, or that is not there.
    """
    if self_contained:
        raise InputError(f"'{header.name}' holds no voxels but names another file that does; save the volume in one file (NRRD or NIfTI).")
    if name.upper().startswith("LIST") or "%" in name:
        raise InputError(f"The voxels of '{header}' lie in several files: save the volume in one file.")
    file = header.parent / name
    if "\0" in name or not file.is_file():
        raise InputError(f"The voxels of '{header}' should lie in '{name}', which is not there: copy it too.")
    return file
