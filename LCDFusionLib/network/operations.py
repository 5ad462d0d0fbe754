"""How large a network is and what one image costs: parameters, and multiply-accumulates counted on a forward pass."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

PAPER_SIZE = (356, 356)
"""Height and width of the images in the paper's Table 8."""


@dataclass(frozen=True)
class Cost:
    """Parameters, and multiply-accumulates of one pair of images.

    Attributes:
        parameters: trainable numbers.
        convolutions: multiply-accumulates of all convolutions: what the paper's Table 8 has.
        products: those of matrix products, mostly the correlation of the LCFM, which Table 8 leaves out.
    """

    parameters: int
    convolutions: int
    products: int

    @property
    def multiply_accumulates(self) -> int:
        """All of them."""
        return self.convolutions + self.products


def count_operations(model: nn.Module, size: tuple[int, int] = PAPER_SIZE, *, device: str = "meta") -> Cost:
    """Count what `model(anatomy, function)` does for one pair of this size.

    Every convolution and matrix product that the forward pass calls is counted (einsum ends in a matrix product); biases, pooling,
    normalisation and what is done element by element are not, as in the literature.

    Args:
        model: `LCDFusionNet` or `RewrittenNet`; left as it is.
        size: height and width.
        device: "meta" runs the same operators on tensors that have a shape and no content, so that large images cost nothing; any other
            device really computes them.
    """
    parameters = sum(parameter.numel() for parameter in model.parameters())
    model = copy.deepcopy(model).to(device)
    image = torch.zeros(1, 1, *size, device=device)
    cores = torch.get_num_threads()
    torch.set_num_threads(1)  # the counter sees one thread alone
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            model(image, image)
    finally:
        torch.set_num_threads(cores)
    total = counter.get_total_flops() // 2  # a multiplication and an addition
    convolutions = counter.get_flop_counts()["Global"].get(torch.ops.aten.convolution, 0) // 2
    return Cost(parameters, convolutions, total - convolutions)
