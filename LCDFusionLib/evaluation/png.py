"""Gray images as 8-bit PNG files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from LCDFusionLib.training.samples import Image

from .pair_sets import gray_levels


def write_png(image01: Image, file: Path) -> None:
    """Write an image in [0, 1] as 8-bit gray; the folder is made where it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(gray_levels(image01).astype(np.uint8)), str(file))
