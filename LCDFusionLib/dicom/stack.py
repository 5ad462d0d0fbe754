"""From the positions of the slices to one volume, or to the sentence that says why they are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.volume import geometry_matrix

from . import elements
from .limits import LEAST_MM, MOST_APART_MM, MOST_MM, MOST_PIXELS, MOST_POSITION_MM

# Scanners round table positions (0.08 mm in 3.27 mm is seen), so a slice may lie this part of the spacing beside its even place.
_UNEVEN = 0.05
_SAME_PLACE_MM = 1e-3
# Rounded cosines and distances turn and stretch slices against each other; no pixel may lie more than a quarter of its size beside its
# place.
_MOST_MOVED_PIXELS = 0.25


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
    positions, orientation, pixel_spacing = (
        np.array([_told(header, keyword, count, least, most, series) for header in headers])
        for keyword, count, least, most in (
            ("ImagePositionPatient", 3, -MOST_POSITION_MM, MOST_POSITION_MM),
            ("ImageOrientationPatient", 6, -1.001, 1.001),
            ("PixelSpacing", 2, LEAST_MM, MOST_MM),
        )
    )
    sizes = sorted({tuple(_size(header, keyword, series) for keyword in ("Columns", "Rows")) for header in headers})
    turned = np.abs(orientation - orientation[0]).max()
    if turned * max(max(sizes)) > _MOST_MOVED_PIXELS:
        raise InputError(
            f"{series} mixes slices of different orientation (a localizer, or several planes): give a series of parallel slices."
        )
    if len(sizes) > 1:
        listing = " and ".join(f"{columns} x {rows}" for columns, rows in sizes)
        raise InputError(f"{series} mixes images of different size ({listing} pixels): give a series of equal images.")
    if (np.abs(pixel_spacing / pixel_spacing[0] - 1) * max(max(sizes))).max() > _MOST_MOVED_PIXELS:
        raise InputError(f"{series} mixes images of different pixel spacing: give a series of equal images.")
    row, column = orientation[0].reshape(2, 3)
    if abs(np.linalg.norm(row) - 1) > 1e-3 or abs(np.linalg.norm(column) - 1) > 1e-3 or abs(row @ column) > 1e-3:
        raise InputError(f"{series} has an impossible image orientation: export it again.")

    row, column = row / np.linalg.norm(row), column / np.linalg.norm(column)
    normal = np.cross(row, column)
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
    if usual > MOST_APART_MM:
        raise InputError(f"{series} has slices {usual:g} mm apart, which no scanner makes: export it again.")
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


def _told(header: Dataset, keyword: str, count: int, least: float, most: float, series: str) -> tuple[float, ...]:
    values = elements.numbers(header, keyword, count, least=least, most=most)
    if values is None:
        raise InputError(f"{series} holds an image without {keyword}, so its place in the patient is unknown: export the series again.")
    return values


def _size(header: Dataset, keyword: str, series: str) -> int:
    value = elements.whole(header, keyword, least=1, most=MOST_PIXELS)
    if value is None:
        raise InputError(f"{series} holds an image without {elements.attribute(keyword)}: export the series again.")
    return value


def _thickness(header: Dataset) -> float:
    """Of a single slice: what it says of itself, else 1 mm."""
    for keyword in ("SliceThickness", "SpacingBetweenSlices"):
        value = abs(elements.number(header, keyword, least=-MOST_APART_MM, most=MOST_APART_MM) or 0)
        if value >= LEAST_MM:
            return value
    return 1.0
