"""No fusion at all: one source, the other thrown away. They score high on QABF and VIF, and warn against reading those alone."""

from __future__ import annotations

from dataclasses import dataclass

from LCDFusionLib.training.samples import Image


@dataclass(frozen=True)
class AnatomyOnly:
    """The anatomy, uptake thrown away."""

    name: str = "anatomy-only"

    def fuse(self, anatomy01: Image, function01: Image) -> Image:
        """See `Method.fuse`."""
        return anatomy01


@dataclass(frozen=True)
class FunctionOnly:
    """The function, anatomy thrown away."""

    name: str = "function-only"

    def fuse(self, anatomy01: Image, function01: Image) -> Image:
        """See `Method.fuse`."""
        return function01
