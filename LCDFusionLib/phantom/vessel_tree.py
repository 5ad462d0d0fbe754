"""Branching vessels and airways of the lung."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas, Tube


def grow(root: NDArray, targets: NDArray, radius: float, *, rng: np.random.Generator) -> list[Tube]:
    """Grows a tree from the hilum so that every target is reached.

    A branch runs towards the middle of the targets it feeds, then they are halved across a long extent and each half gets a daughter.
    The radius follows the number fed (Murray's law: the cubes of the daughters' radii add up to the mother's).

    Args:
        root: (3,) where the tree starts, mm.
        targets: (N, 3) positions that the tree supplies, mm.
        radius: radius at the root, mm.
        rng: gives the bends.

    Returns:
        One `Tube` of three points for each branch, mothers before daughters.
    """
    branches: list[Tube] = []
    waiting = [(root, targets)]
    while waiting:
        start, fed = waiting.pop(0)
        bend = rng.standard_normal(3)
        way = fed.mean(axis=0) - start
        end = start + way * (0.52 if len(fed) > 1 else 0.95)
        here = radius * (len(fed) / len(targets)) ** (1 / 3)
        length = float(np.linalg.norm(end - start))
        middle = (start + end) / 2 + 0.07 * length * bend
        branches.append(Tube(np.stack([start, middle, end]), [here, here * 0.95, here * 0.85]))
        if len(fed) > 1:
            across = np.ptp(fed, axis=0) ** 1.5 * rng.standard_normal(3)  # mostly along the longest extent, yet never a tidy plane
            order = np.argsort(fed @ across, kind="stable")
            half = len(fed) // 2
            waiting += [(end, fed[order[:half]]), (end, fed[order[half:]])]
    return branches


def tree_coverage(canvas: Canvas, branches: list[Tube]) -> NDArray[np.float32]:
    """Part of each voxel, (K, J, I), that a tree fills; vessels thinner than a voxel count by their cross-section."""
    whole = np.zeros_like(canvas.values)
    for branch in branches:
        region = canvas.region(*branch.bounds())
        if region is not None:
            part = canvas.part(region)
            thin = min(1.0, float(np.asarray(branch.radii).mean()) / (0.5 * canvas.edge))
            covered = part.coverage(branch.distance(part.x, part.y, part.z)) * np.float32(thin)
            np.maximum(whole[region], covered, out=whole[region])
    return whole
