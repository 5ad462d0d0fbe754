"""Volumes of the soft-tissue sarcoma patients: CT or T1 MR with FDG PET (SUVbw) on its grid."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.resample import resample_onto
from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.images.window import auto_window

from .samples import VolumePair

# (lower, upper) in HU: mediastinum 350/40, lung 1400/-700, bone 1500/300, wide soft tissue 600/0
CT_WINDOWS: tuple[tuple[float, float], ...] = ((-135.0, 215.0), (-1400.0, 0.0), (-450.0, 1050.0), (-300.0, 300.0))
SUV_UPPERS = (3.0, 15.0)

HELD_OUT = ("STS_001", "STS_003", "STS_017", "STS_037", "STS_047")
"""Patients that no training sees: those of the documented examples and tests."""
VALIDATION = ("STS_007", "STS_021")


def sarcoma_pairs(folder: Path, anatomy: str, *, patients: Collection[str] | None = None) -> list[VolumePair]:
    """Every patient that has this anatomy.

    Args:
        folder: the `pet-ct-mr-sarcoma` folder.
        anatomy: "ct" or "mr_t1", the stem of the anatomy's file.
        patients: only these are read, such as `HELD_OUT`; None: all.

    Raises:
        FileNotFoundError: there is none.
    """
    pairs = []
    for case in sorted(folder.glob("STS_*")):
        file = case / f"{anatomy}.nrrd"
        if not file.is_file() or (patients is not None and case.name not in patients):
            continue
        volume = read_volume(file)
        pet = resample_onto(read_volume(case / "pet.nrrd", modality=Modality.PET, unit=Unit.SUVBW), volume).volume
        windows = CT_WINDOWS
        if anatomy != "ct":
            window = auto_window(volume)
            windows = ((window.lower, window.upper), (window.lower + window.width / 4, window.upper))
        pairs.append(VolumePair(volume.array.astype(np.float32), pet.array.astype(np.float32), case.name, windows, SUV_UPPERS))
    if not pairs:
        raise FileNotFoundError(f"no STS_*/{anatomy}.nrrd in '{folder}': is it the pet-ct-mr-sarcoma folder?")
    return pairs
