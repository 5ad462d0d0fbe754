"""From the positions of the slices to one volume, or to the sentence that says why they are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import geometry_matrix

# Scanners round table positions (0.08 mm in 3.27 mm is seen), so a slice may lie this part of the spacing beside its even place.
_UNEVEN = 0.05
_SAME_PLACE_MM = 1e-3


def sort_stack(headers: Sequence[Dataset], *, name: str) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Order the slices of one series in space and find the volume's place.

    The slices of a tilted gantry are each shifted by the same way, so their volume is sheared: exactly that is said by the matrix, and
    the slices stay as they are.

    Slices are ordered by Image Position (Patient) along the normal of Image Orientation (Patient), so that i, j, k are right-handed.

    Args:
        headers: one a slice, any order.
        name: the series, for the sentences.

    Returns:
        The order (indices into `headers`) and the 4x4 matrix from voxel indices (i, j, k, 1) to LPS millimetres.

    Raises:
        InputError: slices that do not form one regular volume: no position, mixed orientation, size or pixel spacing, several at one
            place, a missing slice, uneven spacing, slices shifted sideways from one to the next in different ways.
    """
    series = f"The series '{name}'"
    for header in headers:
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
            if not header.get(keyword):
                raise InputError(
                    f"{series} holds an image without {keyword}, so its place in the patient is unknown: export the series again."
                )
    orientation = np.array([header.ImageOrientationPatient for header in headers], dtype=float)
    if np.abs(orientation - orientation[0]).max() > 1e-4:
        raise InputError(
            f"{series} mixes slices of different orientation (a localizer, or several planes): give a series of parallel slices."
        )
    sizes = sorted({(int(header.Columns), int(header.Rows)) for header in headers})
    if len(sizes) > 1:
        listing = " and ".join(f"{columns} x {rows}" for columns, rows in sizes)
        raise InputError(f"{series} mixes images of different size ({listing} pixels): give a series of equal images.")
    pixel_spacing = np.array([header.PixelSpacing for header in headers], dtype=float)
    if np.abs(pixel_spacing - pixel_spacing[0]).max() > 1e-4:
        raise InputError(f"{series} mixes images of different pixel spacing: give a series of equal images.")
    row, column = orientation[0].reshape(2, 3)
    if (
        abs(np.linalg.norm(row) - 1) > 1e-3
        or abs(np.linalg.norm(column) - 1) > 1e-3
        or abs(row @ column) > 1e-3
        or pixel_spacing[0].min() <= 0
    ):
        raise InputError(f"{series} has an impossible image orientation or pixel spacing: export it again.")

    row, column = row / np.linalg.norm(row), column / np.linalg.norm(column)
    normal = np.cross(row, column)
    positions = np.array([header.ImagePositionPatient for header in headers], dtype=float)
    order = np.argsort(positions @ normal, kind="stable")
    positions = positions[order]
    if len(positions) == 1:
        step = _thickness(headers[0]) * normal
    else:
        step = _slice_step(positions, normal, pixel_spacing=pixel_spacing[0], series=series)
    rows_apart, columns_apart = pixel_spacing[0]  # Pixel Spacing (0028,0030): between rows, then between columns
    direction = np.stack([row, column, step / np.linalg.norm(step)], axis=1)
    return order, geometry_matrix(np.array([columns_apart, rows_apart, np.linalg.norm(step)]), direction, positions[0])


def tilt_degrees(ijk_to_lps: NDArray[np.float64]) -> float:
    """Angle between the way from slice to slice and the normal of the slices: 0 but for a tilted gantry."""
    row, column, step = (vector / np.linalg.norm(vector) for vector in ijk_to_lps[:3, :3].T)
    return float(np.degrees(np.arccos(min(1.0, abs(float(np.cross(row, column) @ step))))))


def _slice_step(positions: NDArray, normal: NDArray, *, pixel_spacing: NDArray, series: str) -> NDArray[np.float64]:
    """The way from one sorted slice to the next, mm; along the normal, or slanted where the gantry was tilted."""
    heights = (positions - positions[0]) @ normal
    gaps = np.diff(heights)
    if gaps.min() < _SAME_PLACE_MM:
        at_one_place = int((gaps < _SAME_PLACE_MM).sum()) + 1
        raise InputError(
            f"{series} holds several images of the same place ({at_one_place} or more: phases, echoes, time frames or copies): "
            "give a series with one image a slice."
        )
    usual = float(np.median(gaps))
    widest = int(np.argmax(gaps))
    steps = gaps[widest] / usual
    if steps > 1.5 and abs(steps - round(steps)) <= 2 * _UNEVEN:
        raise InputError(
            f"{series} lacks {round(steps) - 1} slice(s) between slice {widest + 1} and {widest + 2} of {len(positions)} "
            f"({gaps[widest]:.2f} mm apart, the others {usual:.2f} mm): fetch the whole series again."
        )
    spacing = float(heights[-1] / (len(heights) - 1))
    even = np.arange(len(heights)) * spacing
    if np.abs(gaps - spacing).max() > _UNEVEN * spacing or np.abs(heights - even).max() > _UNEVEN * spacing:
        raise InputError(
            f"{series} has slices at uneven distances ({gaps.min():.2f} to {gaps.max():.2f} mm), perhaps because slices are missing: "
            "give a series of evenly spaced slices."
        )
    step = (positions[-1] - positions[0]) / (len(positions) - 1)
    off_line = positions - positions[0] - (heights / heights[-1])[:, None] * (positions[-1] - positions[0])
    if np.linalg.norm(off_line, axis=1).max() > 0.1 * pixel_spacing.min():
        raise InputError(
            f"{series} has slices that are shifted sideways, each by another way (up to {np.linalg.norm(off_line, axis=1).max():.1f} mm): "
            "give a series whose slices lie on each other."
        )
    sideways = float(np.linalg.norm(step - spacing * normal) * (len(positions) - 1))
    return step if sideways > 0.1 * pixel_spacing.min() else spacing * normal


def _thickness(header: Dataset) -> float:
    """Of a single slice: what it says of itself, else 1 mm."""
    for keyword in ("SliceThickness", "SpacingBetweenSlices"):
        value = abs(float(header.get(keyword) or 0))
        if value > 0:
            return value
    return 1.0
