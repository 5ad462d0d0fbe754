"""The paper's experiments on public data: whole slices of one size, one kind of images and one window each."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch.nn import functional as F

from . import sarcoma
from .atlas import atlas_pairs
from .data import TrainingData
from .samples import Image, SlicePair
from .splits import SEED, Split, split_pairs

ATLAS = {"atlas-pet-mri": "PET-MRI", "atlas-spect-mri": "SPECT-MRI"}
WINDOWS = {"sarcoma-ct-lung": sarcoma.CT_WINDOWS[1], "sarcoma-ct-mediastinum": sarcoma.CT_WINDOWS[0]}
EXPERIMENTS = (*ATLAS, *WINDOWS)

PET_CT_SIZE = 356
"""Edge of the paper's PET/CT images in pixels; its brain images have the atlas' 256."""
SUV_UPPER = 10.0
EVERY_SLICE = 4
"""Of the sarcoma volumes: neighbours differ little, and 350 pairs are of the order of the atlas' 245."""


def experiment_pairs(folder: Path, kind: str) -> list[SlicePair]:
    """All pairs of an experiment, the slices of a patient or series in their order.

    The brain atlas as it is, the colour function images in luma, as the paper fuses them. The sarcoma CT in one window with PET from 0 to
    SUV 10, every fourth slice, enlarged to 356x356 without regard to the pixel's shape, as images of one size are.

    Args:
        folder: holds `brain-atlas` and `pet-ct-mr-sarcoma`.
        kind: one of `EXPERIMENTS`.

    Raises:
        FileNotFoundError: the data set is missing.
    """
    if kind in ATLAS:
        return atlas_pairs(folder / "brain-atlas", ATLAS[kind], scalar=False)
    pairs = []
    for volume in sarcoma.sarcoma_pairs(folder / "pet-ct-mr-sarcoma", "ct"):
        for k in range(0, len(volume.anatomy), EVERY_SLICE):
            pair = volume.slice_pair(k, WINDOWS[kind], SUV_UPPER)
            pairs.append(SlicePair(_enlarged(pair.anatomy), _enlarged(pair.function), pair.group, pair.name))
    return pairs


def experiment(folder: Path, kind: str, by: Literal["random", "group"], *, seed: int = SEED) -> tuple[TrainingData, Split, list[SlicePair]]:
    """Training data of an experiment, its split (with the test pairs), and all pairs."""
    pairs = experiment_pairs(folder, kind)
    split = split_pairs(pairs, by, seed=seed)
    return TrainingData([(1.0, split.training)], split.validation), split, pairs


def _enlarged(image: Image) -> Image:
    tensor = torch.from_numpy(np.ascontiguousarray(image))[None, None]
    return F.interpolate(tensor, (PET_CT_SIZE, PET_CT_SIZE), mode="bilinear", align_corners=False)[0, 0].numpy()
