"""The exceptions that the hosts show to the person at the screen, and what makes any text fit for one."""

from __future__ import annotations

import errno
import unicodedata

_PASSES = {errno.ENOSPC, errno.EFBIG, errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.EIO} | {
    getattr(errno, name) for name in ("EDQUOT", "ESTALE") if hasattr(errno, name)
}


class InputError(ValueError):
    """What the user gave cannot be used.

    The message is one sentence for a radiologist: it names the input, says what is wrong and what to do. Hosts show it as it is; the
    command line ends with exit code 2. Whatever names of files and DICOM text are in it, it is one line.
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class FailedError(RuntimeError):
    """Something failed that the user gave no cause for. The message is one sentence for them, too; the command ends with exit code 1."""


def may_pass(error: BaseException | None) -> bool:
    """Whether the machine is to blame (no room, no memory, too many open files) and not what was given: the same may succeed later.

    Args:
        error: an `OSError`, or what was raised from one.
    """
    while error is not None and not (isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _PASSES)):
        error = error.__cause__
    return error is not None


def one_line(text: str, *, kept: str = "") -> str:
    """The same text; control characters, ends of lines, and what turns the direction of reading are shown as a replacement character.

    They could move a terminal's cursor, write a second line into a log, or make a name look like another.

    Args:
        text: of anywhere.
        kept: of these characters those that stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join("\ufffd" if letter not in kept and _is_control(letter) else letter for letter in text)


def _is_control(letter: str) -> bool:
    turns = "\u202a" <= letter <= "\u202e" or "\u2066" <= letter <= "\u2069"
    return turns or unicodedata.category(letter) in ("Cc", "Zl", "Zp")
