"""A digital phantom: two registered volumes and what is known about them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.images.volume import Volume


@dataclass(frozen=True)
class Lesion:
    """A ball of changed uptake.

    Attributes:
        name: where it is, in words.
        centre: (x, y, z) in LPS mm.
        radius: mm.
        suv: its true SUVbw, before point spread and noise.
        visible_on_anatomy: False when CT or MR shows nothing there.
    """

    name: str
    centre: tuple[float, float, float]
    radius: float
    suv: float
    visible_on_anatomy: bool

    def moved(self, matrix: NDArray[np.float64]) -> Lesion:
        """The same lesion after a 4x4 rigid transform of its centre."""
        x, y, z = (matrix @ [*self.centre, 1.0])[:3].tolist()
        return replace(self, centre=(x, y, z))


@dataclass(frozen=True)
class Phantom:
    """A patient who does not exist.

    Attributes:
        name: "Thorax" or "Head".
        anatomy: CT (HU) or T1-weighted MR (arbitrary units), whole numbers as a scanner stores them.
        function: FDG PET in SUVbw as a scanner measures it, on its own coarser grid, in the same frame of reference.
        function_noise_free: the same with endless counts: point spread, no noise.
        lesions: the truth that tests and demonstrations check against.
    """

    name: str
    anatomy: Volume
    function: Volume
    function_noise_free: Volume
    lesions: tuple[Lesion, ...]
