"""Volumes of the soft-tissue sarcoma patients: CT or T1 MR with FDG PET (SUVbw) on its grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from .pairs import VolumePair

# (lower, upper) in HU: mediastinum 350/40, lung 1400/-700, bone 1500/300, wide soft tissue 600/0
CT_WINDOWS = ((-135.0, 215.0), (-1400.0, 0.0), (-450.0, 1050.0), (-300.0, 300.0))
SUV_UPPERS = (3.0, 15.0)

HELD_OUT = ("STS_001", "STS_003", "STS_017", "STS_037", "STS_047")
"""Patients that no training sees: those of the documented examples and tests."""
VALIDATION = ("STS_007", "STS_021")


def sarcoma_pairs(folder: Path, anatomy: str) -> list[VolumePair]:
    """Every patient that has this anatomy.

    Args:
        folder: the `pet-ct-mr-sarcoma` folder.
        anatomy: "ct" or "mr_t1", the stem of the anatomy's file.
    """
    pairs = []
    for case in sorted(folder.glob("STS_*")):
        if not (case / f"{anatomy}.nrrd").is_file():
            continue
        image = sitk.ReadImage(str(case / f"{anatomy}.nrrd"), sitk.sitkFloat32)
        pet = sitk.Resample(sitk.ReadImage(str(case / "pet.nrrd"), sitk.sitkFloat32), image, sitk.Transform(), sitk.sitkLinear, 0.0)
        array = sitk.GetArrayFromImage(image)
        windows: tuple[tuple[float, float], ...] = CT_WINDOWS
        if anatomy != "ct":
            low, high = np.percentile(array[array > 0.05 * array.max()], [1, 99.5])
            windows = ((0.0, float(high)), (float(low) / 2, float(high)))
        pairs.append(VolumePair(array, sitk.GetArrayFromImage(pet), case.name, windows, SUV_UPPERS))
    if not pairs:
        raise FileNotFoundError(f"no STS_*/{anatomy}.nrrd in '{folder}': is it the pet-ct-mr-sarcoma folder?")
    return pairs
