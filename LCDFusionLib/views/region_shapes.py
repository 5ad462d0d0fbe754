"""How a region is found at a place, and how that is written: one text, from which it can be found again elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from LCDFusionLib.images.volume import Volume
from LCDFusionLib.views.regions import RAS, Mask, cylinder_at, isocontour_at, sphere_at, threshold_at

_TEXTS = {
    "sphere": "Sphere of {:g} mm",
    "isocontour": "Isocontour of {:g} %",
    "threshold": "Above {:g}",
    "cylinder": "Cylinder of {:g} x {:g} mm",
}
_NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"


@dataclass(frozen=True)
class RegionShape:
    """A way to find a region.

    Attributes:
        kind: "sphere" (radius in mm), "isocontour" (percent of the maximum), "threshold" (in the function's unit) or "cylinder"
            (diameter and length in mm).
        sizes: as many numbers as the kind takes.
    """

    kind: str
    sizes: tuple[float, ...]

    @property
    def text(self) -> str:
        """As it stands on the screen, in the scene and in DICOM (Segment Description)."""
        return _TEXTS[self.kind].format(*self.sizes)

    @classmethod
    def of_text(cls, text: str) -> RegionShape | None:
        """From `text`; None of a region that was drawn otherwise."""
        for kind, written in _TEXTS.items():
            pattern = _NUMBER.join(map(re.escape, written.split("{:g}")))
            if match := re.fullmatch(pattern, text):
                return cls(kind, tuple(map(float, match.groups())))
        return None

    def find(self, function: Volume, place: RAS) -> Mask:
        """The voxels, (K, J, I); the errors are those of `images.uptake`."""
        if self.kind == "sphere":
            return sphere_at(function, place, self.sizes[0])
        if self.kind == "isocontour":
            return isocontour_at(function, place, self.sizes[0] / 100)
        if self.kind == "threshold":
            return threshold_at(function, place, self.sizes[0])
        return cylinder_at(function, place, self.sizes[0] / 2, self.sizes[1])
