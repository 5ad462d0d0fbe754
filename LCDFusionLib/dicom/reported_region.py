"""A region of a PET as it goes into files."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.images.uptake import RegionUptake

from .instance import new_uid

# What a segment is: category and type of PS3.16 CID 7150 and 7151.
_ANATOMY = ("123037004", "SCT", "Anatomical Structure")
KINDS = {
    "lesion": (("49755003", "SCT", "Morphologically Altered Structure"), ("52988006", "SCT", "Lesion")),
    "liver": (_ANATOMY, ("10200004", "SCT", "Liver")),
    "blood pool": (_ANATOMY, ("32672002", "SCT", "Descending thoracic aorta")),
}
"""Codes as value, scheme and meaning."""


@dataclass(frozen=True, eq=False)
class ReportedRegion:
    """A region as it goes into files.

    Attributes:
        name: as people call it.
        kind: "lesion", "liver" or "blood pool".
        how: how it was found.
        voxels: (K, J, I) in the order of the function's series.
        uptake: what it holds; None for a region that was read.
        hu: mean of the CT; NaN where not known.
        lean_part: by which SUVbw becomes SUL (Janmahasatian); None where not known.
        deauville: score; "" where there is none.
    """

    name: str
    kind: str
    how: str
    voxels: NDArray[np.bool_]
    uptake: RegionUptake | None = None
    hu: float = math.nan
    lean_part: float | None = None
    deauville: str = ""
    tracking_uid: str = field(default_factory=new_uid)
