"""Fused images that another program made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from LCDFusionLib.errors import InputError
from LCDFusionLib.images.files import read_volume
from LCDFusionLib.images.window import luma
from LCDFusionLib.training.samples import Image, SlicePair


class FusedFolder:
    """A folder with one PNG for each pair, `<name of the pair>.png`; a colour image counts by its luma.

    Args:
        name: of the method, in tables.
        folder: where the images are; if it has a folder of the set's name, then that.
        set_name: of the set of pairs.
    """

    def __init__(self, name: str, folder: Path, set_name: str) -> None:
        self.name = name
        self.folder = folder / set_name if (folder / set_name).is_dir() else folder

    def check(self, pairs: Iterable[SlicePair]) -> None:
        """Read every image once, so that what is missing is known before hours of work.

        Raises:
            InputError: the folder or an image is missing, damaged, not of 8 bits or not of the pair's size.
        """
        if not self.folder.is_dir():
            raise InputError(f"There is no folder '{self.folder}' with fused images of '{self.name}': check --fused {self.name}=FOLDER.")
        for pair in pairs:
            self.fused(pair)

    def fused(self, pair: SlicePair) -> Image:
        """The fused image of a pair, (H, W) in [0, 1].

        Raises:
            InputError: as `check`.
        """
        file = self.folder / f"{pair.name}.png"
        if not file.is_file():
            raise InputError(
                f"The fused image '{file}' of '{self.name}' is missing: every pair needs one of its name (--images writes the pairs)."
            )
        array = read_volume(file).array[0]
        if array.dtype != "uint8":
            raise InputError(f"The fused image '{file}' is not an 8-bit PNG: write gray values from 0 to 255.")
        gray = luma(array) if array.ndim == 3 else array.astype("float32")
        if gray.shape != pair.anatomy.shape:
            (rows, columns), (height, width) = gray.shape, pair.anatomy.shape
            raise InputError(
                f"The fused image '{file}' has {columns}x{rows} pixels, the pair {width}x{height}: write it in the pair's size."
            )
        return (gray / 255).astype("float32")
