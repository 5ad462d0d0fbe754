"""Trained weights on whole slice pairs: fused, and measured as the 8-bit images that are shown (decision 10)."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from LCDFusionLib.atomic import atomic_file
from LCDFusionLib.metrics import METRICS, PER_SOURCE, evaluate
from LCDFusionLib.network import RewrittenNet, load_weights

from .samples import Image, SlicePair

COLUMNS = (*METRICS, *PER_SOURCE)


def fuse_pairs(weights: Path, pairs: Sequence[SlicePair], device: str | torch.device) -> Iterator[Image]:
    """The fused image of each pair, (H, W) in [0, 1].

    Raises:
        WeightsError: the weights are not there, or damaged.
    """
    model = RewrittenNet(load_weights(weights).network).to(device)
    for pair in pairs:
        with torch.inference_mode():
            yield model(batch_of_one(pair.anatomy).to(device), batch_of_one(pair.function).to(device))[0, 0].cpu().numpy()


def measure(fused: Image, pair: SlicePair) -> dict[str, float]:
    """The `COLUMNS` of one fused image, all three images rounded to 0..255, halves up; NaN where undefined."""
    images = (torch.floor(255 * batch_of_one(image).double().clamp(0, 1) + 0.5) for image in (fused, pair.anatomy, pair.function))
    values = evaluate(*images)
    return {name: values[name].item() for name in COLUMNS}


def measure_test(weights: Path, pairs: Sequence[SlicePair], device: str | torch.device) -> dict[str, float]:
    """The weights of a run on the test pairs of its split: a row a pair in `test.csv` beside them, the means on their card.

    Returns:
        The mean of each of `COLUMNS` over the pairs for which it is defined.

    Raises:
        WeightsError: the weights are not there, or damaged.
    """
    bar = tqdm(zip(fuse_pairs(weights, pairs, device), pairs, strict=True), total=len(pairs), desc="test pairs", disable=None)
    rows = [{"pair": pair.name, **measure(fused, pair)} for fused, pair in bar]
    write_rows(rows, weights.with_name("test.csv"))
    means = {name: float(np.nanmean([row[name] for row in rows])) for name in COLUMNS}
    text = {**load_weights(weights).card, "test": {"pairs": len(pairs), **means}}
    with atomic_file(weights.with_suffix(".json")) as beside:
        beside.write_text(json.dumps(text, indent=2) + "\n", encoding="utf-8")
    return means


def write_rows(rows: Sequence[dict], file: Path) -> None:
    """A CSV with the keys of all rows as its head, empty where a row has none; at no time is there a half-written file of that name."""
    with atomic_file(file) as beside, beside.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)


def batch_of_one(image: Image) -> Tensor:
    """One image (H, W) as the tensor (1, 1, H, W) that the network and the metrics take."""
    return torch.from_numpy(np.ascontiguousarray(image))[None, None]
