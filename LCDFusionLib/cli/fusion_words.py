"""The options of a pair in words, as they stand in the table of a batch, read and written."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, NoReturn

from LCDFusionLib.errors import InputError
from LCDFusionLib.pipeline import mismatch_kinds

from .fuse import add_fusion_options, fusion_arguments


def arguments_of(words: str) -> dict[str, Any]:
    """Arguments of `LCDFusionLib.fuse`, and under "write" of `Result.write`.

    Raises:
        InputError: the words are none of `lcdfusion fuse`.
    """
    try:
        options = _parser().parse_args(shlex.split(words))
    except ValueError as error:
        raise InputError(f"The options of a pair are not understood ({error}): write them as for `lcdfusion fuse`.") from error
    return {**fusion_arguments(options), "write": {"dicom": True if options.dicom else None, "deidentify": options.deidentify}}


def words_of(options: argparse.Namespace) -> str:
    """The fusion options of a command line in words again."""
    words: list[str] = []
    for action in _parser()._actions:
        value = getattr(options, action.dest)
        if value != action.default:
            words += [action.option_strings[0]] if action.nargs == 0 else [action.option_strings[0], str(value)]
    return shlex.join(words)


def confirmed_kinds(options: argparse.Namespace) -> tuple[str, ...]:
    """What --confirm-mismatch names. Raises `InputError` for a word that is no kind of mismatch."""
    return mismatch_kinds(options.confirm_mismatch)


def _parser() -> argparse.ArgumentParser:
    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise InputError(f"The options of a pair are not understood ({message}): write them as for `lcdfusion fuse`.")

    parser = Parser(add_help=False, allow_abbrev=False)
    add_fusion_options(parser)
    return parser
