"""Is the anatomy still there under full uptake, and does uptake rise on every background? Scenes whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LCDFusionLib.images.window import PRESETS
from LCDFusionLib.phantom.under_uptake import AIR, LADDER, SOFT_TISSUE, Scene, bronchus_in_mass, ladder, textured_tumour
from LCDFusionLib.training.samples import Image, SlicePair

from .checks import Check, Measure
from .color_difference import ciede2000, lab
from .pair_sets import SUV_UPPER, round_to_8_bit

MEASURES = (
    Measure("regions", "gray of the mass minus gray of its bronchus, fused / anatomy", 0.4),
    Measure("texture", "slope of the fused gray on the anatomy's inside a hot tumour", 0.4),
    Measure("rise_air", "rise of the gray on air from no uptake to the top of the range, where air is black", 0.55),
    Measure("rise_tissue", "the same on soft tissue in the mediastinal window", 0.25),
    Measure("rise_white", "the same on soft tissue in the lung window, which is white"),
    Measure("fold", "largest fall of the gray from one unit of SUV to the next, gray levels", 2.0, lower_is_better=True),
)

COLOR_MEASURES = (
    Measure("color_regions", "CIEDE2000 of the mass and its bronchus (the 50/50 blend: 18 to 19 in the mediastinal window)", 18.0),
    Measure("color_moderate", "CIEDE2000 of SUV 3 and 4, their mean, against the surroundings", 20.0),
    Measure("color_top", "CIEDE2000 of SUV 10 and above against the surroundings", 31.0),
    Measure("color_fold", "largest fall of the CIEDE2000 against the surroundings, below what less uptake had", 3.0, lower_is_better=True),
)


@dataclass(frozen=True, eq=False)
class UnderUptakeCase:
    """One scene in one window.

    Attributes:
        name: scene and window.
        pairs: one pair.
        regions: of the scene.
        white: soft tissue is white in this window.
    """

    name: str
    pairs: tuple[SlicePair, ...]
    regions: Mapping[str, NDArray[np.bool_]]
    white: bool
    shown: int = 0
    outline: None = None

    def measure(self, fused: Image) -> dict[str, float]:
        """See `MEASURES`; NaN for what the scene does not have."""
        values = dict.fromkeys((measure.name for measure in MEASURES), float("nan"))
        anatomy, gray = self.pairs[0].anatomy.astype(np.float64), fused[0].astype(np.float64)
        if "dark" in self.regions:
            ours, whole = (image[self.regions["bright"]].mean() - image[self.regions["dark"]].mean() for image in (gray, anatomy))
            values["regions"] = float(ours / whole)
        inside = self.regions.get("texture")
        if inside is not None and anatomy[inside].std() > 0.02:
            values["texture"] = float(np.polyfit(anatomy[inside], gray[inside], 1)[0])
        if steps := self._steps(gray):
            rise = float(steps[LADDER.index(10)] - gray[self.regions["around"]].mean())
            if "air" not in self.name:
                values["rise_white" if self.white else "rise_tissue"] = rise
            elif not self.white:  # in the lung window air is gray
                values["rise_air"] = rise
            values["fold"] = float(255 * np.max(-np.diff(steps), initial=0.0))
        return values

    def measure_color(self, rgb: NDArray[np.uint8]) -> dict[str, float]:
        """See `COLOR_MEASURES`."""
        values = dict.fromkeys((measure.name for measure in COLOR_MEASURES), float("nan"))
        seen = {name: lab(rgb[0][mask].mean(axis=0) / 255) for name, mask in self.regions.items()}
        if "dark" in seen:
            values["color_regions"] = float(ciede2000(seen["dark"], seen["bright"]))
        if "3" in seen:
            differences = np.array([float(ciede2000(seen[str(suv)], seen["around"])) for suv in LADDER])
            values["color_moderate"] = float(differences[:2].mean())
            values["color_top"] = float(differences[LADDER.index(10) :].mean())
            values["color_fold"] = float((np.maximum.accumulate(differences) - differences).max())
        return values

    def _steps(self, gray: NDArray[np.float64]) -> list[float]:
        return [float(gray[self.regions[str(suv)]].mean()) for suv in LADDER] if "3" in self.regions else []


def under_uptake_check(name: str) -> Check:
    """`under-uptake-ct` in the mediastinal and the lung window, or `under-uptake-mr`: the first, taken for an MR."""
    scenes = (bronchus_in_mass(), textured_tumour(), ladder("air", AIR), ladder("soft tissue", SOFT_TISSUE))
    ct = name.endswith("ct")
    windows = ("mediastinum", "lung") if ct else ("mediastinum",)
    cases = tuple(_case(scene, window) for scene in scenes for window in windows)
    title = f"Known anatomy under known uptake, PET/{'CT' if ct else 'MR'}: is it still there?"
    notes = {"R": "regions", "T": "texture", "fold": "fold"}
    return Check(name, title, cases, MEASURES, ("ct-pet" if ct else "mr-pet",), notes, {"dE": "color_regions"}, COLOR_MEASURES)


def _case(scene: Scene, window: str) -> UnderUptakeCase:
    shown = PRESETS[window]
    anatomy = round_to_8_bit(((scene.density - shown.lower) / shown.width).clip(0, 1).astype(np.float32))
    function = round_to_8_bit((scene.uptake / SUV_UPPER).clip(0, 1).astype(np.float32))
    name = f"{scene.name}, {window}"
    pair = SlicePair(anatomy, function, "phantom", name.replace(", ", "_").replace(" ", "_"))
    return UnderUptakeCase(name, (pair,), scene.regions, window == "lung")
