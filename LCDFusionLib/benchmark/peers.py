"""Other fusion networks timed beside ours, in turns and on the same images: of each a checkout with an adapter that the user writes."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from LCDFusionLib.errors import InputError
from LCDFusionLib.network import LCDFusionNet, prepare

ADAPTER = "lcdfusion_peer.py"
"""The file in a peer's folder. It defines `load()`, which gives what fuses: a function of two tensors (1, 1, H, W) in [0, 1], anatomy and
function, to one of that shape. It is called in the peer's folder, from which it can import, on the CPU."""

OURS = "LCDFusion, prepared"

Fuse: TypeAlias = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class PeerTime:
    """What one network takes.

    Attributes:
        name: of the network.
        size: rows and columns.
        seconds: an image, median of the rounds.
        ours: ours of the same rounds, over it.
    """

    name: str
    size: int
    seconds: float
    ours: float


def peers_named(given: list[str]) -> dict[str, Path]:
    """NAME=FOLDER, each; InputError for what is none, or has no adapter."""
    folders = {}
    for each in given:
        name, separator, folder = each.partition("=")
        if not (name and separator and folder) or name in folders:
            raise InputError(f"--peer '{each}' is no NAME=FOLDER with a name of its own; give one such as IFCNN=../IFCNN.")
        if not (Path(folder) / ADAPTER).is_file():
            raise InputError(f"The peer's folder '{folder}' has no {ADAPTER}; write one as docs/performance.md says.")
        folders[name] = Path(folder).resolve()
    return folders


def load_peer(folder: Path) -> Fuse:
    """What the adapter's `load` gives; InputError where that fails."""
    spec = importlib.util.spec_from_file_location("lcdfusion_peer", folder / ADAPTER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        with _at_home(folder):
            spec.loader.exec_module(module)
            fuse: Fuse = module.load()
    except Exception as error:  # whatever the user's file and the peer raise
        raise InputError(f"The adapter '{folder / ADAPTER}' cannot be loaded ({type(error).__name__}: {error}); mend it.") from error
    return fuse


def measure_peers(folders: Mapping[str, Path], size: int, *, rounds: int, done: Callable[[], object] = lambda: None) -> list[PeerTime]:
    """Time ours and the peers turn by turn, one round that does not count before; `done` is called after each step.

    Raises:
        InputError: a peer gives no image of the shape of its inputs.
    """
    torch.manual_seed(42)
    anatomy, function = torch.rand(2, 1, 1, size, size)
    networks: dict[str, Fuse] = {OURS: prepare(LCDFusionNet().eval().to(memory_format=torch.channels_last))}  # type: ignore[call-overload]
    networks |= {name: load_peer(folder) for name, folder in folders.items()}
    times: dict[str, list[float]] = {name: [] for name in networks}
    with torch.inference_mode():
        for turn in range(rounds + 1):
            for name, fuse in networks.items():
                started = time.perf_counter()
                fused = fuse(anatomy, function)
                seconds = time.perf_counter() - started
                if getattr(fused, "shape", None) != anatomy.shape:
                    raise InputError(f"The peer '{name}' gives no tensor of shape {tuple(anatomy.shape)}; mend its {ADAPTER}.")
                if turn:
                    times[name].append(seconds)
                done()
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    return [PeerTime(name, size, seconds, medians[OURS] / seconds) for name, seconds in medians.items()]


@contextlib.contextmanager
def _at_home(folder: Path) -> Iterator[None]:
    """In the peer's folder, with its modules to be imported; afterwards they are forgotten, for the next peer has a `model.py` too."""
    known = set(sys.modules)
    sys.path.insert(0, str(folder))
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        sys.path.remove(str(folder))
        for name in set(sys.modules) - known:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(folder)):
                del sys.modules[name]
