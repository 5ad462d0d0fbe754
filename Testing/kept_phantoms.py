"""The two phantoms, each made once for all tests and workers, and kept as long as the code that makes them stays the same."""

import hashlib
import os
import pickle
from pathlib import Path

from LCDFusionLib import phantom
from LCDFusionLib.images import volume
from LCDFusionLib.phantom import Phantom
from LCDFusionLib.phantom import head as make_head
from LCDFusionLib.phantom import thorax as make_thorax

FOLDER = Path(__file__).resolve().parents[1] / "build" / "phantoms"


def thorax() -> Phantom:
    return _kept(make_thorax)


def head() -> Phantom:
    return _kept(make_head)


def _kept(make) -> Phantom:
    sources = [*sorted(Path(phantom.__file__).parent.glob("*.py")), Path(volume.__file__)]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    FOLDER.mkdir(parents=True, exist_ok=True)
    file = FOLDER / f"{make.__name__}-{digest}.pickle"
    if not file.exists():
        own = file.with_suffix(f".{os.getpid()}")
        own.write_bytes(pickle.dumps(make()))
        own.replace(file)  # whole, whoever else makes it meanwhile
    return pickle.loads(file.read_bytes())
