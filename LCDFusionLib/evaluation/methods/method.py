"""What every fusion method offers."""

from __future__ import annotations

from typing import Protocol

from LCDFusionLib.training.samples import Image


class Method(Protocol):
    """Makes one gray image of an anatomy and a function image."""

    @property
    def name(self) -> str:
        """As the command line and the tables call it."""

    def fuse(self, anatomy01: Image, function01: Image) -> Image:
        """Two registered images (H, W) in [0, 1], float32, to the fused image, likewise."""
