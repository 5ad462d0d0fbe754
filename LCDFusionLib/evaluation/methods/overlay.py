"""The formula that training teaches our network, as a method of its own: what the network loses, and what it adds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from LCDFusionLib.training.loss import LossWeights, overlay
from LCDFusionLib.training.presets import MR_CHANGES, PRESETS
from LCDFusionLib.training.samples import Image


@dataclass(frozen=True)
class Overlay:
    """`training.loss.overlay` without a network.

    Attributes:
        name: in tables.
        loss: headroom, cover and detail.
    """

    name: str
    loss: LossWeights

    def fuse(self, anatomy01: Image, function01: Image) -> Image:
        """See `Method.fuse`."""
        anatomy, function = (torch.from_numpy(np.asarray(image, dtype=np.float32))[None, None] for image in (anatomy01, function01))
        return overlay(anatomy, function, self.loss)[0, 0].numpy()


OVERLAYS = {
    "overlay-ct": Overlay("overlay-ct", PRESETS["default"].loss),
    "overlay-mr": Overlay("overlay-mr", replace(PRESETS["default"].loss, **MR_CHANGES)),
}
"""Of the two sets of weights that ship."""
