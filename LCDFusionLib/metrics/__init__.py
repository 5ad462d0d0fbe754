"""The eight fusion metrics, batched, on any device. Nothing but torch.

=====  ==================================  =============  ==========================================
name   metric                              of sources?    note
=====  ==================================  =============  ==========================================
IE     information entropy, bits           no
AG     average gradient                    no
SD     standard deviation                  no
SF     spatial frequency                   no
SCD    sum of correlations of differences  yes            SCD = SCD_anatomy + SCD_function
VIF    visual information fidelity         yes            VIF = VIF_anatomy + VIF_function
QABF   edge preservation Q^AB/F            yes            between QABF_anatomy and QABF_function
EI     edge intensity                      no
=====  ==================================  =============  ==========================================

Higher is better in all, but the five without sources also reward noise and overshoot, and a copy of one source scores high in VIF and QABF:
read those beside what they say of each source. VIF, QABF and SCD can be used in a loss: their gradients are finite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from .entropy import information_entropy
from .gradients import average_gradient, edge_intensity, spatial_frequency, standard_deviation
from .qabf import EdgePreservation, edge_preservation
from .scd import CorrelationsOfDifferences, sum_of_correlations_of_differences
from .sources import BySource
from .vif import VisualInformation, visual_information_fidelity

Values: TypeAlias = dict[str, list[Tensor]]
"""By the name of the metric, one of shape (B,) for each image."""
Part: TypeAlias = Callable[[Sequence[Tensor], Tensor, Tensor, "Tensor | None"], Values]
"""Some of the metrics, of several images that were fused of the same sources."""

METRICS = ("IE", "AG", "SD", "SF", "SCD", "VIF", "QABF", "EI")
PER_SOURCE = ("SCD_anatomy", "SCD_function", "VIF_anatomy", "VIF_function", "QABF_anatomy", "QABF_function")

__all__ = [
    "METRICS",
    "PER_SOURCE",
    "BySource",
    "average_gradient",
    "edge_intensity",
    "edge_preservation",
    "evaluate",
    "evaluate_each",
    "information_entropy",
    "spatial_frequency",
    "standard_deviation",
    "sum_of_correlations_of_differences",
    "visual_information_fidelity",
]


def evaluate(fused: Tensor, anatomy: Tensor, function: Tensor, measured: Tensor | None = None) -> dict[str, Tensor]:
    """All eight metrics, and those of two sources for each source alone.

    Args:
        fused: fused gray images, shape (B, 1, H, W), on 0..255, float32 or float64.
        anatomy: anatomy images (CT or MR), like `fused`.
        function: function images (PET or SPECT; a colour image as its luma), like `fused`.
        measured: boolean, like `fused`: False where nothing was measured (padding of a scanner's round field), and what stands there counts
            in no metric; nor does any difference or patch with it. None: everywhere.

    Returns:
        `METRICS`, then `PER_SOURCE`, each a tensor of shape (B,). NaN where a metric is undefined for an image, never an exception:
        SCD where the fused image equals a source; SCD and VIF, and QABF of that source, where a source is constant; VIF below 41x41 pixels;
        AG and SF below 2x2.

    Raises:
        ValueError: shapes differ or are not (B, 1, H, W), or the gray values are not float32 or float64 of one kind.
    """
    return evaluate_each([fused], anatomy, function, measured)[0]


def evaluate_each(
    several: Sequence[Tensor],
    anatomy: Tensor,
    function: Tensor,
    measured: Tensor | None = None,
    *,
    run: Callable[[Callable[[Part], Values], Sequence[Part]], Iterable[Values]] = map,
) -> list[dict[str, Tensor]]:
    """`evaluate` of several images that were fused of the same sources, of which all that depends on them alone is computed once.

    Args:
        several: like `fused` of `evaluate`, each.
        anatomy: like there.
        function: like there.
        measured: like there.
        run: as `map`, which takes one part of the metrics after another; that of an executor takes them side by side.
    """
    for fused in several:
        _check(fused, anatomy, function, measured)
    parts = [_visual_information, _edge_preservation, _correlations_and_contrast]  # what takes longest first
    values = list(run(lambda part: part(several, anatomy, function, measured), parts))
    return [{name: each[name][n] for name in (*METRICS, *PER_SOURCE) for each in values if name in each} for n in range(len(several))]


def _visual_information(several: Sequence[Tensor], anatomy: Tensor, function: Tensor, measured: Tensor | None) -> Values:
    information = VisualInformation(anatomy, function, measured)
    return _by_source("VIF", [information.kept_by(fused) for fused in several])


def _edge_preservation(several: Sequence[Tensor], anatomy: Tensor, function: Tensor, measured: Tensor | None) -> Values:
    edges = EdgePreservation(anatomy, function, measured)
    return _by_source("QABF", [edges.preserved_by(fused) for fused in several])


def _correlations_and_contrast(several: Sequence[Tensor], anatomy: Tensor, function: Tensor, measured: Tensor | None) -> Values:
    correlations = CorrelationsOfDifferences(anatomy, function, measured)
    alone = {
        "IE": information_entropy,
        "AG": average_gradient,
        "SD": standard_deviation,
        "SF": spatial_frequency,
        "EI": edge_intensity,
    }
    of_each = {name: [metric(fused, measured) for fused in several] for name, metric in alone.items()}
    return of_each | _by_source("SCD", [correlations.of(fused) for fused in several])


def _by_source(name: str, values: list[BySource]) -> Values:
    both, anatomy, function = (list(each) for each in zip(*values, strict=True))
    return {name: both, f"{name}_anatomy": anatomy, f"{name}_function": function}


def _check(fused: Tensor, anatomy: Tensor, function: Tensor, measured: Tensor | None) -> None:
    images = (fused, anatomy, function)
    if fused.ndim != 4 or fused.shape[1] != 1 or len({image.shape for image in images}) > 1:
        shapes = [tuple(image.shape) for image in images]
        raise ValueError(f"fused, anatomy and function must share one shape (B, 1, H, W); they have {shapes}")
    if fused.dtype not in (torch.float32, torch.float64) or len({image.dtype for image in images}) > 1:
        raise ValueError(f"fused, anatomy and function must all be float32 or all float64; they are {[image.dtype for image in images]}")
    if measured is not None and (measured.shape != fused.shape or measured.dtype != torch.bool):
        raise ValueError(f"measured must be boolean of shape {tuple(fused.shape)}; it is {measured.dtype} of {tuple(measured.shape)}")
