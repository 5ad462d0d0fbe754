"""What a training run is made of: the paper's protocol, and the one that ships."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from .loss import LossWeights


@dataclass(frozen=True)
class Preset:
    """Protocol of a run.

    Attributes:
        loss: weights of the loss terms.
        steps: optimiser steps.
        learning_rate: of Adam at the start.
        schedule: "cosine" to zero over the run after 50 warm-up steps, or "paper": times 0.9 every 5 epochs.
        batch_size: crops (or slices) a step.
        crop: edge of a crop in pixels.
        steps_per_epoch: steps between two validations.
        epochs: where the protocol counts in passes over the training pairs: whole slices, not augmented, each once an epoch; the steps
            follow from the number of pairs (`for_pairs`).
        patience: epochs without a better validation score before the run stops; None never stops early.
        min_delta: what counts as better.
        learn: part of the steps, the first ones, in which the network learns the guide alone (`learning_loss`): a plain loss, which takes
            half the work a step and leads to the same place from anywhere. None of it where a run begins with weights.
        gate_stride: of `RewrittenNet` in training steps; the validation is exact.
    """

    loss: LossWeights
    steps: int
    learning_rate: float
    schedule: Literal["cosine", "paper"]
    batch_size: int = 8
    crop: int = 64
    steps_per_epoch: int = 100
    patience: int | None = None
    min_delta: float = 1e-4
    epochs: int | None = None
    learn: float = 0.0
    gate_stride: int = 1

    @property
    def learning_loss(self) -> LossWeights:
        """Of the part `learn`: the guide of `loss`, learnt as it is."""
        guide = {name: getattr(self.loss, name) for name in ("headroom", "cover", "detail")}
        return LossWeights(overlay=1.0, plateau=0.5, guide_edges=1.0, **guide)

    def for_pairs(self, count: int) -> Preset:
        """The protocol for this number of training pairs; one that counts in steps stays as it is."""
        if self.epochs is None:
            return self
        steps_per_epoch = math.ceil(count / self.batch_size)
        return replace(self, steps=self.epochs * steps_per_epoch, steps_per_epoch=steps_per_epoch)


PRESETS = {
    # The paper's protocol. alpha, the weight of the gradient term, is not published: 10 is the value of its kin (see decision 15).
    "paper": Preset(
        loss=LossWeights(sources=1.0, gradient=10.0),
        steps=80 * 23,  # for 181 pairs, 74 % of the atlas' 245; `for_pairs` sets it
        learning_rate=0.01,
        schedule="paper",
        steps_per_epoch=23,
        patience=10,
        epochs=80,
    ),
    "default": Preset(
        loss=LossWeights(
            overlay=30.0,
            plateau=15.0,
            edges=8.0,
            correlation=0.6,
            function_floor=30.0,
            anatomy_floor=5.0,
            lesion_edges=3.0,
            background=3.0,
            darkening=10.0,
        ),
        steps=1600,
        learning_rate=2e-3,
        schedule="cosine",
        steps_per_epoch=500,
        learn=0.6,
        batch_size=24,
        gate_stride=4,
    ),
}

PRESETS["finish"] = replace(
    PRESETS["default"],
    loss=replace(PRESETS["default"].loss, plateau=40.0, correlation=0.4, function_floor=10.0, darkening=20.0),
    steps=300,
    steps_per_epoch=250,
    learning_rate=7e-4,
    learn=0.0,
)
"""The last link of `default`, and all of a run that begins with weights.

The metrics of the function pay for lifting whatever lies under uptake, air in a hot mass with it: the longer `default` runs, the less of
the anatomy's contrast is left there. With less of them and more of the hot pixels it comes back in a few hundred steps.
"""

MR_CHANGES = {
    "edges": 10.0,
    "correlation": 0.3,
    "lesion_edges": 1.5,
    "headroom": 0.02,
    "anatomy_margin": 0.95,
}
"""What the losses of `mr-pet` have in place of the one for CT.

The windows of an MR leave little of it white, so less headroom is needed. Over a brain uptake is everywhere, and so are edges of the MR.
"""
