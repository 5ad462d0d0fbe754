"""What a scanner did not measure of a volume node: its voxels do not tell, but the headers of its DICOM files do."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.dicom.padding import fill_padding, may_hold_padding, real_padding, same_padding
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import Volume
from LCDFusionLib.mrml.dicom_source import SourceFiles


def with_padding(volume: Volume, files: SourceFiles, place: NDArray[np.float64]) -> tuple[Volume, list[str]]:
    """The volume with `Volume.padding`, black there; and what could not be known of it, in sentences.

    A host that read the series itself knows where padding is. Slicer's own reader loads padding like measured values: there those values
    that the headers call padding are.

    Args:
        volume: what a node holds, as it holds it.
        files: that the node was loaded from.
        place: `own_matrix` of the node.
    """
    if volume.is_color:
        return volume, []
    source = files.kept
    if source is not None:
        is_whole = source.padding is not None and volume.shape == source.shape
        is_there = is_whole and np.allclose(place, source.ijk_to_lps, rtol=0, atol=1e-3)
        return (replace(volume, padding=source.padding) if is_there else volume), []
    if not files.there or not _may_hold_padding(files.there):
        return volume, []
    try:
        source = files.read()
    except InputError as error:
        return volume, [f"What was not measured of '{volume.name}', Pixel Padding Value (0028,0120), is not known ({error})"]
    assert source is not None
    headers = source.headers[:1]
    if not same_padding(source.headers):
        if volume.shape != source.shape:
            return volume, [f"What was not measured of '{volume.name}', Pixel Padding Value (0028,0120), is not known of a cut volume."]
        last = (source.ijk_to_lps @ [0, 0, len(source.headers) - 1, 1])[:3]
        is_reversed = np.abs(place[:3, 3] - last).max() < 1e-2  # Slicer turns left-handed stacks
        headers = source.headers[::-1] if is_reversed else source.headers
    padding = real_padding(volume.array, headers)
    if padding is None:
        return volume, []
    array = volume.array.astype(np.result_type(volume.array.dtype, np.int16))  # the node's own memory stays as it is
    fill_padding(array, padding, volume.unit, volume.name)
    return replace(volume, array=array, padding=padding), []


@lru_cache(maxsize=32)
def _may_hold_padding(files: tuple[str, ...]) -> bool:
    return may_hold_padding([Path(file) for file in files])
