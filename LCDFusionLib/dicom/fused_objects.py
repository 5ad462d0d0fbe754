"""The DICOM objects of one fusion: both series, the key slices, the metrics, and the blend as a presentation state where it can be one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from LCDFusionLib.fusion import FusionResult
from LCDFusionLib.images.color import COLOR_TABLES
from LCDFusionLib.images.window import Window
from LCDFusionLib.notes import Note, without_names

from .blending import why_no_blending_state, write_blending_state
from .companions import fused_headers, write_key_images, write_metrics_report
from .fused_series import Derivation, write_fused_color, write_fused_gray
from .instance import check_plane
from .reader import SeriesSource

DICOM_RESULT = ("dicom_color", "dicom_gray", "dicom_key_images", "dicom_metrics", "dicom_blend")
"""Folders that a result may hold."""


@dataclass(frozen=True)
class Blend:
    """How the function lies over the anatomy, for a presentation state.

    Attributes:
        anatomy_window: in the anatomy's unit.
        function_window: in the function's unit.
        color_table: name in `COLOR_TABLES`.
    """

    anatomy_window: Window
    function_window: Window
    color_table: str


def write_result(
    folder: str | os.PathLike[str],
    result: FusionResult,
    *,
    anatomy: SeriesSource | None,
    function: SeriesSource | None,
    derivation: Derivation,
    color: bool = True,
    gray: bool = True,
    key_slices: Sequence[int] = (),
    reason: str = "Slices marked by the reader.",
    blend: Blend | None = None,
    deidentify: bool = False,
) -> tuple[list[Path], list[str]]:
    """Write the objects of a fusion, each kind into a folder of its own.

    Args:
        folder: that exists, or will be made.
        result: on the anatomy's grid.
        anatomy: source of the anatomy, None where it did not come from DICOM.
        function: source of the function, likewise.
        derivation: how it was made.
        color: write the colour series.
        gray: write the gray series, and with key slices its metrics.
        key_slices: K of those that are marked in the colour series (else in the gray one), and whose metrics are listed; none: neither.
        reason: why these.
        blend: write the presentation state too, where it can say truly what to show; None: not wanted.
        deidentify: take the patient out of all of them (`deidentify_folder`); names that the derivation quotes are left out first.

    Returns:
        The folders that were written, and notes on what could not be.

    Raises:
        InputError: a folder holds something, or cannot be written.
    """
    check_plane(result.gray, may_be_tilted=anatomy is not None)
    place, written = Path(folder), []
    if deidentify:
        derivation = replace(derivation, warnings=without_names(derivation.warnings))
    if color:
        written.append(write_fused_color(result.color, place / "dicom_color", anatomy=anatomy, function=function, derivation=derivation))
    if gray:
        written.append(write_fused_gray(result.gray, place / "dicom_gray", anatomy=anatomy, function=function, derivation=derivation))
    if key_slices and written:
        written.append(write_key_images(fused_headers(written[0]), key_slices, place / "dicom_key_images", reason=reason))
    if key_slices and gray:
        headers = fused_headers(place / "dicom_gray")
        written.append(write_metrics_report(headers, result.metrics, result.blend_metrics, key_slices, place / "dicom_metrics"))
    notes: list[str] = []
    if blend is not None and anatomy is not None and function is not None:
        why_not = "the function was deformed" if derivation.deformed_mm else why_no_blending_state(anatomy, function)
        if why_not:
            notes.append(Note("There is no blending presentation state, because {why}.", why=why_not))
        else:
            written.append(_write_blend(place / "dicom_blend", anatomy, function, blend))
    if deidentify:
        from .deidentify import deidentify_folder  # its library takes half a second to load

        for one in written:
            deidentify_folder(one)
    return written, notes


def _write_blend(folder: Path, anatomy: SeriesSource, function: SeriesSource, blend: Blend) -> Path:
    # A table whose red, green or blue stays dark is taken for damaged by validators.
    rgb = COLOR_TABLES[blend.color_table].rgb
    return write_blending_state(
        folder,
        anatomy=anatomy,
        function=function,
        anatomy_window=blend.anatomy_window,
        function_window=blend.function_window,
        color_table=rgb if (np.max(rgb, axis=0) >= 128).all() else COLOR_TABLES["hot-iron"].rgb,
    )
