"""Does the fused image change more from slice to slice than its sources do?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LCDFusionLib.training import sarcoma
from LCDFusionLib.training.samples import Image, SlicePair

from .checks import Check, Measure
from .pair_sets import SUV_UPPER, to_8_bit

SLICES = 8
"""Neighbouring slices from the middle of each volume."""

MEASURES = (
    Measure("flicker", "mean change from slice to slice / the larger of the sources' own", 1.0, lower_is_better=True),
    Measure("unexplained", "part of the change that is more than either source changes in that pixel", lower_is_better=True),
)

NOTES = {"flicker": "flicker"}


@dataclass(frozen=True, eq=False)
class FlickerCase:
    """Neighbouring slices of one volume.

    Attributes:
        name: of the volume.
        pairs: the slices, in order.
    """

    name: str
    pairs: tuple[SlicePair, ...]
    shown: int = 0
    outline: None = None

    def measure(self, fused: Image) -> dict[str, float]:
        """See `MEASURES`."""
        anatomy, function = (np.stack([getattr(pair, source) for pair in self.pairs]) for source in ("anatomy", "function"))
        ours, a, f = (np.abs(np.diff(stack.astype(np.float64), axis=0)) for stack in (fused, anatomy, function))
        largest = max(a.mean(), f.mean())
        if largest == 0:
            return {"flicker": float("nan"), "unexplained": float("nan")}
        return {
            "flicker": float(ours.mean() / largest),
            "unexplained": float((ours - np.maximum(a, f)).clip(0).mean() / max(float(ours.mean()), 1e-12)),
        }


def flicker_check(name: str, data: Path) -> Check:
    """`flicker-ct` (mediastinal and lung window) or `flicker-mr`, on the held-out sarcoma patients.

    Raises:
        FileNotFoundError: the images are missing.
    """
    stem, windows = ("ct", {"mediastinum": 0, "lung": 1}) if name.endswith("ct") else ("mr_t1", {"auto": 0})
    cases = []
    for volume in sarcoma.sarcoma_pairs(data / "pet-ct-mr-sarcoma", stem, patients=sarcoma.HELD_OUT):
        middle = (len(volume.anatomy) - SLICES) // 2
        for window, index in windows.items():
            slices = [volume.slice_pair(k, volume.windows[index], SUV_UPPER) for k in range(middle, middle + SLICES)]
            pairs = [SlicePair(pair.anatomy, pair.function, pair.group, f"{pair.name.replace('/', '_')}_{window}") for pair in slices]
            cases.append(FlickerCase(f"{volume.group}, {window}", tuple(to_8_bit(pair) for pair in pairs)))
    title = f"Change from slice to slice, {'PET/CT' if name.endswith('ct') else 'PET/MR'} of held-out sarcoma patients"
    return Check(name, title, tuple(cases), MEASURES, ("ct-pet" if name.endswith("ct") else "mr-pet",), NOTES)
