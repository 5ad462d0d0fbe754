"""Volumes on their way to another process: voxels as .npy files in its folder, and beside them what the numbers mean."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from LCDFusionLib.images.volume import Modality, Volume


def hand_over(volume: Volume, folder: Path, name: str) -> None:
    """Writes a volume's voxels, padding, place, modality and name; nothing else of it is known on the other side.

    Raises:
        OSError: there is no room.
    """
    np.save(folder / f"{name}.npy", volume.array)
    if volume.padding is not None:
        np.save(folder / f"{name}_padding.npy", volume.padding)
    header = {"ijk_to_lps": volume.ijk_to_lps.tolist(), "modality": volume.modality.value, "name": volume.name}
    (folder / f"{name}.json").write_text(json.dumps(header), encoding="utf-8")


def taken_over(folder: Path, name: str) -> Volume:
    """What `hand_over` wrote; voxels and padding are memory maps."""
    header = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    padding = folder / f"{name}_padding.npy"
    return Volume(
        np.load(folder / f"{name}.npy", mmap_mode="r"),
        np.array(header["ijk_to_lps"]),
        Modality(header["modality"]),
        name=header["name"],
        padding=np.load(padding, mmap_mode="r") if padding.exists() else None,
    )
