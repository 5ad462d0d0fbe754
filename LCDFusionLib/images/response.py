"""What uptake of a lesion means beside that of liver and blood: SUL, the PERCIST threshold, the Deauville score. Decision 127."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .uptake import RegionUptake

LIVER_RADIUS_MM = 15.0
"""A sphere of 3 cm in the right lobe (PERCIST 1.0, Wahl et al. 2009)."""

BLOOD_RADIUS_MM, BLOOD_LENGTH_MM = 5.0, 20.0
"""A cylinder of 1 cm across and 2 cm along the descending aorta (PERCIST 1.0)."""


def lean_body_mass_kg(weight_kg: float, size_m: float, sex: str) -> float | None:
    """Lean body mass by Janmahasatian et al. (2005); None where the sex is neither "M" nor "F"."""
    index = weight_kg / size_m**2
    return {
        "M": 9270 * weight_kg / (6680 + 216 * index),
        "F": 9270 * weight_kg / (8780 + 244 * index),
    }.get(sex)


@dataclass(frozen=True)
class References:
    """Uptake of liver and blood pool, as far as they were measured, in one unit with the lesions.

    Attributes:
        liver: of the sphere in the liver.
        blood: of the cylinder in the aorta.
    """

    liver: RegionUptake | None = None
    blood: RegionUptake | None = None

    @property
    def threshold(self) -> float | None:
        """SUVpeak from which on a lesion is measurable by PERCIST: 1.5 times the liver's mean and 2 SD; without a liver, twice the blood's
        mean and 2 SD. None without both.

        PERCIST says so of SUL; within one scan SUL and SUVbw differ by one factor, so either may be compared with either.
        """
        for reference, times in ((self.liver, 1.5), (self.blood, 2.0)):
            if reference is not None:
                return times * reference.mean + 2 * (0.0 if math.isnan(reference.sd) else reference.sd)
        return None

    def is_measurable(self, lesion: RegionUptake) -> bool:
        """Whether the lesion's peak reaches the threshold; never where one of them is not known."""
        return self.threshold is not None and lesion.peak >= self.threshold

    def deauville(self, lesion: RegionUptake) -> str:
        """The Deauville score by the maxima (Barrington et al. 2014); "" until both references are there.

        5: above twice the liver; 4: above the liver; 3: above the blood pool; "1-2": not above it, where 1 is no uptake at all, which
        only the eye can tell from 2.
        """
        if self.liver is None or self.blood is None:
            return ""
        if lesion.maximum > 2 * self.liver.maximum:
            return "5"
        if lesion.maximum > self.liver.maximum:
            return "4"
        return "3" if lesion.maximum > self.blood.maximum else "1-2"
