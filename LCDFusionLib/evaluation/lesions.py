"""What is left of a lesion in the fused image: its PET contrast, the anatomy's edges inside it, and its colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from LCDFusionLib.evaluation.color_difference import ciede2000, lab
from LCDFusionLib.images.color import blend, fused_color
from LCDFusionLib.images.window import luma
from LCDFusionLib.metrics import edge_preservation
from LCDFusionLib.training.samples import Image, SlicePair

from .checks import Measure

ROUNDING = 1 / 255 / np.sqrt(12)
"""Standard deviation of rounding to 8 bits: no image has less noise than this."""

EDGES_WANTED = 0.8

LEAST_EDGE = 1 / 255
"""Mean gradient a pixel below which a lesion is white or black all over and the anatomy shows no edge in it."""

UPTAKE_WANTED = 0.4
"""Of PET's uptake contrast: 0.8 of what a 50/50 average has. contrast_to_noise knows no scale; below this its lesion cannot be seen."""

UPTAKE_CONTRAST = Measure(
    "uptake_contrast", "the same beyond what the anatomy's gray values foretell, fused / PET (50/50 average: 0.5)", UPTAKE_WANTED
)

MEASURES = (
    Measure("contrast", "lesion minus surroundings in the fused gray image / the same in PET"),
    UPTAKE_CONTRAST,
    Measure("contrast_to_noise", "uptake_contrast / noise, in the fused gray image / in PET", 0.8, together_with=UPTAKE_CONTRAST),
    Measure("contrast_to_structure", "contrast / SD of the surroundings, anatomy's structures and all, fused / PET", 0.8),
    Measure("edges", "the anatomy's edges inside the lesion, along their own direction, fused / anatomy", EDGES_WANTED),
    Measure("anatomy_slope", "slope of the fused gray on the anatomy's where uptake is at 0.95 of its range or above", 0.4),
    Measure(
        "color_difference",
        "CIEDE2000 of lesion and surroundings, fused colour image / 50/50 blend (mostly the colouring, which adds PET)",
        1.0,
    ),
    Measure("color_sharpness", "QABF of the colour image's luma, fused / 50/50 blend", 1.0),
)


COLOR_MEASURES = (
    Measure("loudness", "CIEDE2000 of the mean colours of lesion and surroundings (wanted: 33 in the mediastinal window)", 31.0),
    Measure("color_edges", "edges of L* where uptake is below a tenth of its range, picture / anatomy", 0.95),
)

HOT, COLD = 0.95, 0.1
"""Parts of the range: of `anatomy_slope` and `color_edges`."""

NOTES = {"C": "contrast", "U": "uptake_contrast", "E": "edges"}
COLOR_NOTES = {"dE": "color_difference_fused", "blend": "color_difference_blend"}


@dataclass(frozen=True, eq=False)
class LesionCase:
    """Slices through one lesion, in one window.

    What the anatomy shows of a lesion is no sign of its uptake, and a copy of the anatomy must not win. So the anatomy is taken out by a
    linear fit of the image to the anatomy's gray values, made in the surroundings. What the lesion has beyond it is the uptake's contrast;
    the standard deviation that the fit leaves in the surroundings, with the rounding to 8 bits, is the noise. (It is more than noise, for
    uptake varies by itself, too.) PET and fused image are treated alike. `contrast_to_structure`, without a fit, takes all that varies for
    noise: vessels and fat planes, too, which the anatomy is there to show.

    Attributes:
        name: lesion and window.
        pairs: the slices.
        lesion: (K, H, W).
        surroundings: (K, H, W).
    """

    name: str
    pairs: tuple[SlicePair, ...]
    lesion: NDArray[np.bool_]
    surroundings: NDArray[np.bool_]

    @property
    def shown(self) -> int:
        """The slice with most of the lesion."""
        return int(self.lesion.sum(axis=(1, 2)).argmax())

    @property
    def outline(self) -> NDArray[np.bool_]:
        """The lesion there."""
        return self.lesion[self.shown]

    def measure(self, fused: Image) -> dict[str, float]:
        """See `MEASURES`; besides PET's own values, those of the colours, and the ceiling of contrast_to_structure (see `judgement`)."""
        anatomy, function = (np.stack([getattr(pair, source) for pair in self.pairs]) for source in ("anatomy", "function"))
        pet, (pet_uptake, pet_noise), (uptake, noise) = self.contrast(function), self.beyond(anatomy, function), self.beyond(anatomy, fused)
        structure, of_anatomy = (float(np.hypot(image[self.surroundings].std(), ROUNDING)) for image in (function, anatomy))
        contrast = self.contrast(fused)
        ours, plain = fused_color(fused, function), blend(anatomy, function)
        differences = [self.color_difference(picture) for picture in (ours, plain)]
        sharpness = [_sharpness(picture, anatomy, function) for picture in (ours, plain)]
        return {
            "contrast": contrast / pet,
            "uptake_contrast": uptake / pet_uptake,
            "contrast_to_noise": uptake / noise / (pet_uptake / pet_noise),
            "contrast_to_structure": contrast / float(np.hypot(fused[self.surroundings].std(), ROUNDING)) / (pet / structure),
            "edges": self.edges(fused, anatomy, function),
            "anatomy_slope": _slope(anatomy, fused, function >= HOT),
            "color_difference": differences[0] / differences[1],
            "color_sharpness": sharpness[0] / sharpness[1],
            "pet_contrast": pet,
            "pet_contrast_to_noise": pet_uptake / pet_noise,
            "pet_contrast_to_structure": pet / structure,
            "ceiling_contrast_to_structure": 1 / (EDGES_WANTED * of_anatomy) / (pet / structure),
            "color_difference_fused": differences[0],
            "color_difference_blend": differences[1],
            "color_QABF_fused": sharpness[0],
            "color_QABF_blend": sharpness[1],
        }

    def contrast(self, image: NDArray) -> float:
        """Mean of the lesion minus mean of its surroundings."""
        return float(image[self.lesion].mean(dtype=np.float64) - image[self.surroundings].mean(dtype=np.float64))

    def beyond(self, anatomy: Image, image: Image) -> tuple[float, float]:
        """Contrast and noise of what is left when the anatomy is taken out."""
        values, known = image.astype(np.float64), anatomy.astype(np.float64)
        round_it, known_round_it = values[self.surroundings], known[self.surroundings]
        variance = known_round_it.var()
        if variance > 0:
            slope = ((known_round_it - known_round_it.mean()) * round_it).mean() / variance
            values = values - slope * known
        return self.contrast(values), float(np.hypot(values[self.surroundings].std(), ROUNDING))

    def edges(self, fused: Image, anatomy: Image, function: Image) -> float:
        """Gradient of the fused image along that of the anatomy / gradient of the anatomy, both summed over the lesion, -1 to 1.

        PET's slopes must not stand for edges of the anatomy: what of the fused gradient a linear fit to the gradients of both sources
        gives to PET is taken out, and in each pixel more than the anatomy's own counts as all of it.
        """
        of_fused, of_anatomy, of_pet = (
            np.array(np.gradient(image.astype(np.float64), axis=(1, 2)))[:, self.lesion] for image in (fused, anatomy, function)
        )
        strength = np.sqrt((of_anatomy**2).sum(axis=0))
        if strength.mean() < LEAST_EDGE:
            return float("nan")
        _, slope = np.linalg.lstsq(np.stack([of_anatomy.ravel(), of_pet.ravel()], axis=1), of_fused.ravel(), rcond=None)[0]
        along = ((of_fused - max(slope, 0.0) * of_pet) * of_anatomy).sum(axis=0) / np.where(strength > 0, strength, 1)
        return float(np.clip(along, -strength, strength).sum() / strength.sum())

    def measure_color(self, rgb: NDArray[np.uint8]) -> dict[str, float]:
        """See `COLOR_MEASURES`."""
        anatomy, function = (np.stack([getattr(pair, source) for pair in self.pairs]) for source in ("anatomy", "function"))
        ours, plain = (lab(picture / 255)[..., 0] for picture in (rgb, np.repeat(np.rint(255 * anatomy)[..., np.newaxis], 3, axis=-1)))
        cold = function < COLD
        edges = [np.hypot(*np.gradient(lightness, axis=(1, 2)))[cold].sum() for lightness in (ours, plain)]
        return {"loudness": self.color_difference(rgb), "color_edges": float(edges[0] / edges[1]) if edges[1] > 0 else float("nan")}

    def color_difference(self, rgb: NDArray[np.uint8]) -> float:
        """CIEDE2000 between the mean colour of the lesion and that of its surroundings."""
        return float(ciede2000(*(lab(rgb[part].mean(axis=0) / 255) for part in (self.lesion, self.surroundings))))


def _slope(anatomy: Image, fused: Image, where: NDArray[np.bool_]) -> float:
    """Of a line through the gray values; NaN where there are hardly any, or the anatomy shows nothing."""
    if where.sum() < 50 or anatomy[where].std() < 0.02:
        return float("nan")
    return float(np.polyfit(anatomy[where].astype(np.float64), fused[where].astype(np.float64), 1)[0])


def _sharpness(rgb: NDArray[np.uint8], anatomy: Image, function: Image) -> float:
    """Mean QABF of the luma over the slices."""
    images = (luma(rgb), 255 * anatomy, 255 * function)
    fused, a, f = (torch.from_numpy(image.astype(np.float64))[:, None] for image in images)
    return float(edge_preservation(fused, a, f).both.mean())
