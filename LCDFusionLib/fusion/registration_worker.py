"""A registration in a process of its own: `python -m LCDFusionLib.fusion.registration_worker FOLDER`.

It takes one job, whose volumes lie in FOLDER/fixed.npy and FOLDER/moving.npy, their padding beside them, tells its progress, answers, and
then waits for its input to be closed. Closed earlier, it ends in the middle: that is the cancel.
"""

from __future__ import annotations

import signal
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.registration import register
from LCDFusionLib.images.volume import Modality, Volume

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
        moving, fixed = (_volume(folder, name, job[name]) for name in ("moving", "fixed"))
        found = register(moving, fixed, progress=lambda part: outbox.send("progress", job["job"], part=part))
        return "finished", {"registration": asdict(found) | {"matrix": found.matrix.tolist()}}
    except InputError as error:
        return "failed", {"by_input": True, "message": str(error)}
    except Exception as error:
        traceback.print_exc()
        return "failed", {"by_input": False, "message": f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"}


def _volume(folder: Path, name: str, header: dict[str, Any]) -> Volume:
    padding = np.load(folder / f"{name}_padding.npy") if header["has_padding"] else None
    array = np.load(folder / f"{name}.npy", mmap_mode="r")
    return Volume(array, np.array(header["ijk_to_lps"]), Modality(header["modality"]), name=header["name"], padding=padding)


if __name__ == "__main__":
    main()
