"""Pairs of the Whole Brain Atlas: registered MR and pseudo-coloured PET or SPECT slices, 256x256, 8 bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.window import luma

from .samples import SlicePair

FUNCTION_FOLDERS = {"PET-MRI": "PET", "SPECT-MRI": "SPECT"}


def atlas_pairs(folder: Path, collection: str, *, scalar: bool) -> list[SlicePair]:
    """All pairs of one collection, anatomy MR, sorted by name.

    Args:
        folder: the `brain-atlas` folder.
        collection: "PET-MRI" or "SPECT-MRI".
        scalar: recover the uptake from the colours (clinical PET is scalar); otherwise take their luma as the published methods do,
            in which the hottest reds are darker than the yellows.

    Raises:
        FileNotFoundError: there are no images.
        InputError: an image is damaged, not of 8 bits, or lacks a partner of its size.
    """
    names = sorted(file.name for file in (folder / collection / "MRI").glob("*.png"))
    if not names:
        raise FileNotFoundError(f"no PNG in '{folder / collection / 'MRI'}': is '{folder}' the brain-atlas folder?")
    colors = [_as_colors(_read(folder / collection / FUNCTION_FOLDERS[collection] / name)) for name in names]
    functions = uptake_from_colors(colors) if scalar else [luma(image) / 255 for image in colors]
    pairs = []
    for name, function in zip(names, functions, strict=True):
        anatomy = _read(folder / collection / "MRI" / name)
        gray = anatomy if anatomy.ndim == 2 else luma(anatomy)
        if gray.shape != function.shape:
            raise InputError(f"The two images '{name}' of '{folder / collection}' differ in size: copy the collection again.")
        # The digits before the last three name the subject or series, the unit that a split must not cut.
        pairs.append(
            SlicePair((gray / 255).astype(np.float32), function.astype(np.float32), f"{collection}/{name[:-7]}", f"{collection}/{name}")
        )
    return pairs


def uptake_from_colors(images: list[NDArray[np.uint8]]) -> list[NDArray[np.float64]]:
    """Scalar uptake in [0, 1] of pseudo-coloured images (H, W, 3) that share one colour scale.

    The scale's colours lie on one curve in RGB that starts at black. The curve is walked from neighbour to neighbour; the uptake of a
    colour is its arc length, as a part of the whole.
    """
    seen = np.zeros(1 << 24, dtype=bool)
    for image in images:
        seen[_code(image)] = True
    codes = np.flatnonzero(seen)
    colors = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    path = _walk(colors.astype(np.float64))
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(colors[path].astype(np.float64), axis=0), axis=1))])
    table = np.zeros(1 << 24)
    table[_code(colors[path])] = length / length[-1]
    return [table[_code(image)] for image in images]


def _walk(colors: NDArray[np.float64]) -> list[int]:
    """Order of the colours along their curve, from the darkest; one that it passed over goes where it lengthens the path least."""
    left = set(range(len(colors)))
    path = [int(colors.sum(axis=1).argmin())]
    left.remove(path[0])
    while left:
        candidates = sorted(left)
        distance = np.linalg.norm(colors[candidates] - colors[path[-1]], axis=1)
        if distance.min() > 48:  # the curve has ended; what is left was passed over
            break
        path.append(candidates[int(distance.argmin())])
        left.remove(path[-1])
    for index in sorted(left):
        to_point = np.linalg.norm(colors[path] - colors[index], axis=1)
        detour = to_point[:-1] + to_point[1:] - np.linalg.norm(np.diff(colors[path], axis=0), axis=1)
        path.insert(int(detour.argmin()) + 1, index)
    return path


def _code(rgb: NDArray[np.uint8]) -> NDArray[np.int64]:
    return rgb.astype(np.int64) @ np.array([65536, 256, 1])


def _as_colors(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return image if image.ndim == 3 else np.stack([image] * 3, axis=-1)


def _read(file: Path) -> NDArray[np.uint8]:
    """A gray (H, W) or a colour (H, W, 3) image."""
    array = read_volume(file).array[0]
    if array.dtype != np.uint8:
        raise InputError(f"'{file}' is not an 8-bit PNG: copy the collection again.")
    return array
