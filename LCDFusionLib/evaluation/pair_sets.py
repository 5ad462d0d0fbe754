"""Named sets of pairs whose patients and series the shipped weights never saw, and folders of one's own.

All images are rounded to 8 bits (0..255, halves up), the sources before they are fused and the fused images before they are measured: PNG
files from elsewhere are, so all are treated alike, and `lcdfusion fuse` measures in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.window import luma
from LCDFusionLib.training import sarcoma
from LCDFusionLib.training.atlas import atlas_pairs
from LCDFusionLib.training.data import ATLAS_HELD_OUT
from LCDFusionLib.training.samples import Image, SlicePair

ATLAS_STEP = 3
"""Every third slice of the atlas: neighbours are nearly the same picture."""

LEAST_FUNCTION = 0.05
"""Atlas slices whose function image is darker than this in the mean (luma, on [0, 1]) show next to no function and are left out."""

SARCOMA_SLICES = 8
"""Slices of each sarcoma patient, evenly spaced from a tenth to nine tenths of those that are not empty (one MR begins with black ones)."""

SUV_UPPER = 10.0


@dataclass(frozen=True)
class PairSet:
    """Pairs to evaluate on.

    Attributes:
        name: as the command line and the output folder call it.
        title: in words.
        pairs: their `name` is also that of their PNG files; images are multiples of 1/255.
        weights: the shipped weights made for them.
    """

    name: str
    title: str
    pairs: tuple[SlicePair, ...]
    weights: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.pairs)

    def at_most(self, count: int | None) -> PairSet:
        """The same with at most `count` pairs, evenly chosen."""
        if count is None or count >= len(self.pairs):
            return self
        return replace(self, pairs=tuple(self.pairs[i] for i in evenly(len(self.pairs), count)))


TITLES = {
    "pet-mri": "PET/MRI, held-out atlas series of a brain that training saw in another plane, PET as luma",
    "pet-mri-scalar": "PET/MRI, held-out atlas series of a brain that training saw in another plane, uptake from the colours",
    "spect-mri": "SPECT/MRI, held-out brains of the atlas, SPECT as luma",
    "spect-mri-scalar": "SPECT/MRI, held-out brains of the atlas, uptake from the colours",
    "ct-pet-mediastinum": "PET/CT, held-out sarcoma patients, CT window 350/40, SUV 0-10",
    "ct-pet-lung": "PET/CT, held-out sarcoma patients, CT window 1400/-700, SUV 0-10",
    "mr-pet": "PET/MR, held-out sarcoma patients, T1 MR in its automatic window, SUV 0-10",
}
"""The named sets."""


def pair_set(name_or_folder: str, data: Path | None) -> PairSet:
    """A named set, or the pairs of a folder.

    Args:
        name_or_folder: one of `TITLES`, or a folder with `anatomy/` and `function/` that hold 8-bit PNG files of equal names.
        data: folder that holds `brain-atlas` and `pet-ct-mr-sarcoma`, for named sets.

    Raises:
        InputError: no such set, or its images are missing or do not fit each other.
    """
    if name_or_folder not in TITLES:
        folder = Path(name_or_folder)
        if not folder.is_dir():
            raise InputError(f"There is no set of pairs '{name_or_folder}': choose one of {', '.join(TITLES)}, or give a folder.")
        return _folder_set(folder)
    if data is None:
        raise InputError(f"The set '{name_or_folder}' needs its images: say with --data which folder holds them.")
    try:
        if name_or_folder.startswith(("pet-mri", "spect-mri")):
            pairs = _atlas(data / "brain-atlas", name_or_folder)
        else:
            pairs = _sarcoma(data / "pet-ct-mr-sarcoma", name_or_folder)
    except FileNotFoundError as error:
        raise InputError(f"The images of '{name_or_folder}' are not complete: {error}") from error
    weights = "ct-pet" if name_or_folder.startswith("ct") else "mr-pet"
    return PairSet(name_or_folder, TITLES[name_or_folder], tuple(to_8_bit(pair) for pair in pairs), (weights,))


def evenly(count: int, wanted: int) -> list[int]:
    """`wanted` of `count` places: the middles of equal parts."""
    return [int((2 * i + 1) * count / (2 * wanted)) for i in range(wanted)]


def to_8_bit(pair: SlicePair) -> SlicePair:
    """The same pair as it is in a PNG file."""
    return replace(pair, anatomy=round_to_8_bit(pair.anatomy), function=round_to_8_bit(pair.function))


def round_to_8_bit(image01: Image) -> Image:
    """[0, 1] to multiples of 1/255, halves up."""
    return (gray_levels(image01) / 255).astype(np.float32)


def gray_levels(image01: Image) -> NDArray[np.float64]:
    """[0, 1] to whole gray values 0..255, halves up."""
    return np.floor(255 * image01.astype(np.float64).clip(0, 1) + 0.5)


def sarcoma_slices(count: int) -> list[int]:
    """Which of `count` slices are evaluated."""
    return [int(k) for k in np.rint(np.linspace(0.1, 0.9, SARCOMA_SLICES) * (count - 1))]


@cache  # to recover the uptake takes longest of all, and two of what is evaluated at once may want it
def _atlas(folder: Path, name: str) -> list[SlicePair]:
    collection = "PET-MRI" if name.startswith("pet") else "SPECT-MRI"
    in_luma = [pair for pair in atlas_pairs(folder, collection, scalar=False) if pair.group in ATLAS_HELD_OUT]
    # One choice by luma for both sets, so that they hold the same slices.
    chosen = [pair.name for pair in in_luma if pair.function.mean() >= LEAST_FUNCTION][::ATLAS_STEP]
    pairs = atlas_pairs(folder, collection, scalar=True) if name.endswith("scalar") else in_luma
    return [replace(pair, name=Path(pair.name).stem) for pair in pairs if pair.name in chosen]


def _sarcoma(folder: Path, name: str) -> list[SlicePair]:
    pairs = []
    for volume in sarcoma.sarcoma_pairs(folder, "mr_t1" if name == "mr-pet" else "ct", patients=sarcoma.HELD_OUT):
        window = volume.windows[1 if name == "ct-pet-lung" else 0]
        filled = np.flatnonzero(volume.anatomy.std(axis=(1, 2)) > 0)
        for k in filled[sarcoma_slices(len(filled))].tolist():
            pairs.append(replace(volume.slice_pair(k, window, SUV_UPPER), name=f"{volume.group}_{k:03d}"))
    return pairs


def _folder_set(folder: Path) -> PairSet:
    names: dict[str, set[str]] = {}
    for source in ("anatomy", "function"):
        if not (folder / source).is_dir():
            raise InputError(
                f"The folder '{folder}' has no folder '{source}': it needs anatomy/ and function/ with PNG files of equal names."
            )
        names[source] = {file.name for file in (folder / source).glob("*.png")}
    if alone := sorted(names["anatomy"] ^ names["function"]):
        there = "anatomy" if alone[0] in names["anatomy"] else "function"
        raise InputError(f"'{folder / there / alone[0]}' has no partner of that name in the other folder: add it, or remove this one.")
    if not names["anatomy"]:
        raise InputError(f"There is no PNG file in '{folder / 'anatomy'}': put the pairs there and in '{folder / 'function'}'.")
    pairs = []
    for name in sorted(names["anatomy"]):
        anatomy, function = (_read_gray(folder / source / name) for source in ("anatomy", "function"))
        if anatomy.shape != function.shape:
            sizes = " and ".join(f"{image.shape[1]}x{image.shape[0]}" for image in (anatomy, function))
            raise InputError(f"Anatomy and function '{name}' in '{folder}' have different sizes ({sizes}): register them first.")
        pairs.append(to_8_bit(SlicePair(anatomy, function, folder.name, Path(name).stem)))
    resolved = folder.resolve()
    return PairSet(resolved.name, f"pairs of the folder {resolved.name}", tuple(pairs), ("ct-pet", "mr-pet"))


def _read_gray(file: Path) -> Image:
    array = read_volume(file).array[0]
    if array.dtype != np.uint8:
        raise InputError(f"'{file}' is not an 8-bit PNG: write gray values from 0 to 255.")
    gray = luma(array) if array.ndim == 3 else array
    return (gray / 255).astype(np.float32)
