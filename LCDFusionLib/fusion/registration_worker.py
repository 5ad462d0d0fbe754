"""A registration in a process of its own: `python -m LCDFusionLib.fusion.registration_worker FOLDER`.

It takes one job, whose volumes `fixed` and `moving` lie in FOLDER (`handed_over.py`), tells its progress, answers, and then waits for its
input to be closed. Closed earlier, it ends in the middle: that is the cancel.
"""

from __future__ import annotations

import signal
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.registration import register

from .handed_over import taken_over
from .worker import Answer, Inbox, Outbox


def main() -> None:
    """Do the one job until the input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    folder = Path(sys.argv[1])
    inbox, outbox = Inbox(folder), Outbox(folder)
    for job in inbox.jobs():
        event, content = _answer(job, folder, outbox)
        outbox.send(event, job["job"], **content)


def _answer(job: dict[str, Any], folder: Path, outbox: Outbox) -> Answer:
    try:
        moving, fixed = (taken_over(folder, name) for name in ("moving", "fixed"))
        found = register(moving, fixed, progress=lambda part: outbox.send("progress", job["job"], part=part))
        return "finished", {"registration": asdict(found) | {"matrix": found.matrix.tolist()}}
    except InputError as error:
        return "failed", {"by_input": True, "message": str(error)}
    except Exception as error:
        traceback.print_exc()
        return "failed", {"by_input": False, "message": f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"}


if __name__ == "__main__":
    main()
