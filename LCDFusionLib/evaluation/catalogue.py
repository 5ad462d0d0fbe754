"""What can be evaluated on, by name: sets of pairs, and checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from LCDFusionLib.errors import InputError

from .added_uptake import added_uptake_check
from .checks import Check
from .flicker import flicker_check
from .lesion_cases import lesion_check
from .pair_sets import TITLES, PairSet, pair_set
from .under_uptake import under_uptake_check

CHECKS = (
    "lesions-ct",
    "lesions-mr",
    "under-uptake-ct",
    "under-uptake-mr",
    "added-uptake-ct",
    "added-uptake-mr",
    "flicker-ct",
    "flicker-mr",
)


def find(name: str, data: Path | None) -> PairSet | Check:
    """A named set, a check, or the pairs of a folder.

    Args:
        name: one of `TITLES` or `CHECKS`, or a folder (see `pair_set`).
        data: folder of the public images; without it the lesions are those of the phantoms alone.

    Raises:
        InputError: there is no such thing, or its images are missing.
    """
    if name not in CHECKS:
        if name not in TITLES and not Path(name).is_dir():
            known = ", ".join((*TITLES, *CHECKS))
            raise InputError(f"There is no set of pairs '{name}': choose one of {known}, or give a folder.")
        return pair_set(name, data)
    try:
        if name.startswith("lesions"):
            return lesion_check(name, data)
        if name.startswith("under-uptake"):
            return under_uptake_check(name)
        if data is None:
            raise InputError(f"'{name}' needs its images: say with --data which folder holds them.")
        return added_uptake_check(name, data) if name.startswith("added") else flicker_check(name, data)
    except FileNotFoundError as error:
        raise InputError(f"The images of '{name}' are not complete: {error}") from error


def check_names(found: Sequence[PairSet | Check]) -> None:
    """InputError where two are called alike, for their results would share a folder."""
    names = [each.name for each in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"Two sets of pairs are called '{name}': give each once, or rename a folder.")
