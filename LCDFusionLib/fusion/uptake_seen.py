"""What of the uptake only a look at every slice tells: gathered while they are fused."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

WHITE, HOT = 0.97, 0.2
"""Gray value from which anatomy leaves no room above it, and part of the function's range from which uptake is to be seen."""


@dataclass
class UptakeSeen:
    """Of the slices that were added.

    Attributes:
        is_there: there is any.
        hot: pixels with uptake that is to be seen.
        hot_on_white: those of them that lie where the window shows the anatomy white.
        heat: by slice k, the mean of its hottest hundredth in [0, 1]: a single noisy voxel is no uptake.
    """

    is_there: bool = False
    hot: int = 0
    hot_on_white: int = 0
    heat: dict[int, float] = field(default_factory=dict)

    def add(self, k: int, anatomy01: NDArray[np.float32], function01: NDArray[np.float32]) -> None:
        """A slice, (J, I) each in [0, 1]."""
        hot = function01 > HOT
        self.is_there = self.is_there or bool(function01.any())
        self.hot += int(hot.sum())
        self.hot_on_white += int((anatomy01[hot] > WHITE).sum())
        top = max(1, function01.size // 100)
        self.heat[k] = float(np.partition(function01, -top, axis=None)[-top:].mean())

    @property
    def on_white(self) -> float:
        """Part of the uptake that lies where the window shows the anatomy white; 0 without uptake.

        A gray image can hardly show it there: the network leaves hardly any of the gray range free above white anatomy.
        """
        return self.hot_on_white / self.hot if self.hot else 0.0

    def to_message(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self) | {"heat": sorted(self.heat.items())}

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> UptakeSeen:
        """From `to_message`."""
        return cls(**(message | {"heat": dict(message["heat"])}))
