"""The study that a session starts with, read by a process of its own while the session loads Slicer, VTK and trame.

`python -m LCDFusionLib.web.app.ahead` takes paths and a folder on standard input, and gives on standard output what is being done, in
words, and then the study, all pickled. It ends when standard input closes.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:  # the process is started before the session loads anything
    from .study import Progress, Study


class ReadAhead:
    """A study on its way.

    Args:
        paths: as of `open_study`; none: the phantom.
        folder: private to the session, in which there is no phantom yet.
    """

    def __init__(self, paths: Sequence[Path], folder: Path) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            pickle.dump((list(paths), folder), self._process.stdin)
            self._process.stdin.flush()

    def study(self, *, progress: Progress) -> Study | None:
        """Waits for it; to be called once.

        Args:
            progress: told what is being done.

        Returns:
            The study, the volumes of its best pair read; None where that failed: why, one learns by reading it here.
        """
        with self._process as process:
            assert process.stdout is not None
            try:
                while isinstance(said := pickle.load(process.stdout), str):
                    progress(said)
            except (EOFError, pickle.UnpicklingError):
                return None
            return said


def main() -> None:
    """Read, and answer."""
    from LCDFusionLib.errors import InputError

    from ..private_log import report
    from .study import open_study, phantom_study

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no answer
    paths, folder = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_the_session, daemon=True).start()

    def answer(said: str | Study) -> None:
        pickle.dump(said, answers, protocol=pickle.HIGHEST_PROTOCOL)
        answers.flush()

    try:
        study = open_study(paths, progress=answer) if paths else phantom_study(folder / "phantom", progress=answer)
        for key in (study.pairs[0].anatomy, study.pairs[0].function) if study.pairs else ():
            if (offer := study.offer(key)) is not None:
                answer(f"Reading {offer.title}")
                with contextlib.suppress(InputError):  # it is said where it is read again
                    offer.read()
        answer(study)
    except Exception as error:  # the session reads it again, and says what is wrong
        report(error)


def _end_with_the_session() -> NoReturn:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    main()
