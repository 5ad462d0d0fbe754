"""What the trainer draws from: registered slices and volumes, and random crops of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]

STRENGTHS = (0.1, 5.0)
"""(least, most) uptake of a synthetic lesion's middle, as a part of the range shown."""

LESIONS = 0.6
"""Share of the crops with a synthetic lesion."""


@dataclass(frozen=True)
class SlicePair:
    """One registered pair of slices in [0, 1], shape (H, W); `group` is the patient or series, the unit of a split."""

    anatomy: Image
    function: Image
    group: str
    name: str


@dataclass(frozen=True)
class VolumePair:
    """Function already on the anatomy's grid: (K, H, W) in HU (or MR units) and SUVbw, to be windowed anew for each crop.

    Attributes:
        windows: (lower, upper) display ranges of the anatomy that a reader uses, one drawn for each crop.
        uppers: (least, most) upper end of the function's range, drawn log-uniformly.
    """

    anatomy: Image
    function: Image
    group: str
    windows: tuple[tuple[float, float], ...]
    uppers: tuple[float, float]

    def slice_pair(self, k: int, window: tuple[float, float], upper: float) -> SlicePair:
        """Slice k as a reader sees it with this window and this upper end of the function's range."""
        anatomy = np.clip((self.anatomy[k] - window[0]) / (window[1] - window[0]), 0, 1)
        return SlicePair(
            anatomy.astype(np.float32), np.clip(self.function[k] / upper, 0, 1).astype(np.float32), self.group, f"{self.group}/{k}"
        )


class CropSampler:
    """Random crops, augmented, drawn from slice pairs and volume pairs.

    Augmentation: flips and quarter turns (both images alike), window width and level of volumes by +-20 %, gamma of the function
    (0.7 to 1.4), and in three fifths of the crops a synthetic lesion (a smooth spot of uptake, often clipped at the top of the range)
    added to the function image, so that the network cannot learn that uptake follows the anatomy, and sees anatomy inside of hot lesions.

    Args:
        sources: groups of pairs with the share of crops that each gives.
        size: edge of a crop in pixels; smaller slices are padded with their edge.
        seed: of the random generator.
    """

    def __init__(self, sources: list[tuple[float, list[SlicePair] | list[VolumePair]]], *, size: int, seed: int) -> None:
        self.sources = [pairs for _, pairs in sources]
        shares = np.array([share for share, _ in sources], dtype=np.float64)
        self.shares = shares / shares.sum()
        self.size = size
        self.random = np.random.default_rng(seed)

    def batch(self, count: int) -> tuple[Image, Image]:
        """`count` crops: anatomy and function, each (count, 1, size, size)."""
        crops = [self.crop() for _ in range(count)]
        return np.stack([a for a, _ in crops])[:, None], np.stack([f for _, f in crops])[:, None]

    def crop(self) -> tuple[Image, Image]:
        """One augmented crop, mostly with something to see in it: anatomy and function, each (size, size)."""
        for _ in range(20):
            pair = self._pair()
            anatomy, function = self._cut(pair)
            # One crop in twenty may be empty: black is to stay black.
            if anatomy.std() > 0.02 or function.std() > 0.02 or self.random.random() < 0.05:
                break
        return self._augment(anatomy, function)

    def with_lesion(self, function: Image) -> Image:
        """The function image (H, W) with one smooth spot of uptake added, of random place, width and strength."""
        random, (height, width) = self.random, function.shape
        y, x = random.uniform(0, height), random.uniform(0, width)
        # Standard deviation in pixels, log-uniform: from what the finest PET shows on a CT's grid to a large tumour.
        spread = float(np.exp(random.uniform(np.log(1.5), np.log(min(height, width) / 6))))
        rows, columns = np.mgrid[:height, :width]
        # Above 1 the spot is clipped to a plateau: a tumour hotter than the range shown, which a spot that only just reaches 1 is not.
        strength = float(np.exp(random.uniform(*np.log(STRENGTHS))))
        spot = strength * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * spread**2))
        return np.clip(function + spot, 0, 1).astype(np.float32)

    def _pair(self) -> SlicePair:
        random = self.random
        pairs = self.sources[random.choice(len(self.sources), p=self.shares)]
        pair = pairs[random.integers(len(pairs))]
        if isinstance(pair, SlicePair):
            return pair
        lower, upper = pair.windows[random.integers(len(pair.windows))]
        width = (upper - lower) * random.uniform(0.8, 1.2)
        level = (upper + lower) / 2 + (upper - lower) * random.uniform(-0.1, 0.1)
        top = float(np.exp(random.uniform(*np.log(pair.uppers))))
        return pair.slice_pair(int(random.integers(len(pair.anatomy))), (level - width / 2, level + width / 2), top)

    def _cut(self, pair: SlicePair) -> tuple[Image, Image]:
        height, width = pair.anatomy.shape
        y = int(self.random.integers(max(height - self.size, 0) + 1))
        x = int(self.random.integers(max(width - self.size, 0) + 1))
        cut = np.s_[y : y + self.size, x : x + self.size]
        pad = [(0, max(self.size - height, 0)), (0, max(self.size - width, 0))]
        return np.pad(pair.anatomy[cut], pad, mode="edge"), np.pad(pair.function[cut], pad, mode="edge")

    def _augment(self, anatomy: Image, function: Image) -> tuple[Image, Image]:
        random = self.random
        function = function ** random.uniform(0.7, 1.4)
        if random.random() < LESIONS:
            function = self.with_lesion(function)
        turns, flip = int(random.integers(4)), random.random() < 0.5
        images = [np.rot90(image[:, ::-1] if flip else image, turns) for image in (anatomy, function)]
        return np.ascontiguousarray(images[0], dtype=np.float32), np.ascontiguousarray(images[1], dtype=np.float32)
