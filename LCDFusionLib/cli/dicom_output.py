"""The DICOM objects of one fusion: both series, the key slices, the metrics, and the blend as a presentation state where it can be one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.dicom import (
    Derivation,
    SeriesSource,
    fused_headers,
    why_no_blending_state,
    write_blending_state,
    write_fused_color,
    write_fused_gray,
    write_key_images,
    write_metrics_report,
)
from LCDFusionLib.fusion import FusionPair, FusionResult
from LCDFusionLib.images.color import COLOR_TABLES

DICOM_RESULT = ("dicom_color", "dicom_gray", "dicom_key_images", "dicom_metrics", "dicom_blend")
"""Folders that a result may hold."""


def write_dicom(
    folder: Path,
    pair: FusionPair,
    result: FusionResult,
    anatomy: SeriesSource | None,
    function: SeriesSource | None,
    derivation: Derivation,
    *,
    key_slices: Sequence[int],
) -> list[str]:
    """Write all of them into `folder`; returns notes on what could not be written."""
    color = write_fused_color(result.color, folder / "dicom_color", anatomy=anatomy, function=function, derivation=derivation)
    gray = write_fused_gray(result.gray, folder / "dicom_gray", anatomy=anatomy, function=function, derivation=derivation)
    reason = "Slices of the overview picture, the one with the hottest uptake among them."
    write_key_images(fused_headers(color), key_slices, folder / "dicom_key_images", reason=reason)
    write_metrics_report(fused_headers(gray), result.metrics, result.blend_metrics, key_slices, folder / "dicom_metrics")
    if anatomy is None or function is None or pair.function.is_color:
        return []
    if why_not := why_no_blending_state(anatomy, function):
        return [f"There is no blending presentation state, because {why_not}."]
    write_blending_state(
        folder / "dicom_blend",
        anatomy=anatomy,
        function=function,
        anatomy_window=pair.anatomy_window,
        function_window=pair.function_window,
        color_table=_of_full_range(pair.settings.color_table),
    )
    return []


def _of_full_range(name: str) -> NDArray[np.uint8]:
    """The table, or hot iron for one whose red, green or blue stays dark: validators take such a palette for damaged."""
    rgb = COLOR_TABLES[name].rgb
    return rgb if (rgb.max(axis=0) >= 128).all() else COLOR_TABLES["hot-iron"].rgb
