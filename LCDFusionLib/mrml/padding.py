"""What a scanner did not measure of a volume node: its voxels do not tell, but the headers of its DICOM files do."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import slicer
import vtk

from LCDFusionLib.dicom.padding import fill_padding, may_hold_padding, real_padding, same_padding
from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import LPS_TO_RAS, Volume
from LCDFusionLib.mrml.dicom_source import FindFile, dicom_source, files_of, kept_source


def with_padding(volume: Volume, node: slicer.vtkMRMLVolumeNode, find_file: FindFile) -> tuple[Volume, list[str]]:
    """The volume with `Volume.padding`, black there; and what could not be known of it, in sentences.

    A host that read the series itself knows where padding is. Slicer's own reader loads padding like measured values: there those values
    that the headers call padding are.

    Args:
        volume: what the node holds, as it holds it.
        node: loaded from DICOM, or not.
        find_file: of the host.
    """
    if volume.is_color:
        return volume, []
    source = kept_source(node, find_file)
    if source is not None:
        is_whole = source.padding is not None and volume.shape == source.shape
        is_there = is_whole and np.allclose(_own_matrix(node), source.ijk_to_lps, rtol=0, atol=1e-3)
        return (replace(volume, padding=source.padding) if is_there else volume), []
    files = files_of(node, find_file)
    if not files or not _may_hold_padding(files):
        return volume, []
    try:
        source = dicom_source(node, find_file)
    except InputError as error:
        return volume, [f"What was not measured of '{volume.name}', Pixel Padding Value (0028,0120), is not known ({error})"]
    assert source is not None
    headers = source.headers[:1]
    if not same_padding(source.headers):
        if volume.shape != source.shape:
            return volume, [f"What was not measured of '{volume.name}', Pixel Padding Value (0028,0120), is not known of a cut volume."]
        last = (source.ijk_to_lps @ [0, 0, len(source.headers) - 1, 1])[:3]
        is_reversed = np.abs(_own_matrix(node)[:3, 3] - last).max() < 1e-2  # Slicer turns left-handed stacks
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


def _own_matrix(node: slicer.vtkMRMLVolumeNode) -> np.ndarray:
    """4x4 to LPS mm as the node was loaded, whatever transform moves it."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return np.array(LPS_TO_RAS @ [[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
