"""The optimisers of a training run."""

from __future__ import annotations

import torch
from torch import nn

from LCDFusionLib.errors import InputError

ADAM_BESIDE_MUON = 1e-3
"""Learning rate of Adam for what Muon does not take, where the preset's is Muon's."""


class Optimizer:
    """Adam alone, or Muon for the weights of full convolutions and Adam for everything else.

    Muon (Jordan et al. 2024, as in `torch.optim.Muon`) takes matrices; a convolution's weight (O, I, k, k) is one of O rows. Each step
    turns the averaged gradient into the nearest matrix of equal singular values, so that directions that a batch hardly shows move as far
    as those that dominate it. Weights of channel-wise convolutions, biases and norms are no matrices.

    Args:
        network: whose parameters are trained.
        kind: "adam" or "muon".
        learning_rate: at the start.

    Raises:
        InputError: this PyTorch has no Muon.
    """

    def __init__(self, network: nn.Module, kind: str, learning_rate: float) -> None:
        if kind == "muon" and not hasattr(torch.optim, "Muon"):
            raise InputError(f"PyTorch {torch.__version__} has no Muon, which this training needs: install PyTorch 2.9 or later.")
        self.convolutions = [p for p in network.parameters() if kind == "muon" and p.ndim == 4 and p.shape[0] > 1 and p.shape[1] > 1]
        # The matrices are views of the weights: what Muon writes into one, the network sees.
        self.matrices = [nn.Parameter(p.detach().flatten(1)) for p in self.convolutions]
        taken = {id(p) for p in self.convolutions}
        others = [p for p in network.parameters() if id(p) not in taken]
        self.parts: list[torch.optim.Optimizer] = [torch.optim.Adam(others, lr=ADAM_BESIDE_MUON if self.matrices else learning_rate)]
        if self.matrices:
            muon = torch.optim.Muon(self.matrices, lr=learning_rate, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
            self.parts.append(muon)
        self.rates = [part.param_groups[0]["lr"] for part in self.parts]

    def set_rate(self, factor: float) -> None:
        """All learning rates, as a part of those at the start."""
        for part, rate in zip(self.parts, self.rates, strict=True):
            part.param_groups[0]["lr"] = rate * factor

    def step(self) -> None:
        """One step down the gradients of the network's parameters."""
        for matrix, weight in zip(self.matrices, self.convolutions, strict=True):
            matrix.grad = None if weight.grad is None else weight.grad.flatten(1)
        for part in self.parts:
            part.step()

    def state_dict(self) -> list[dict]:
        """For a checkpoint."""
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list[dict]) -> None:
        """From a checkpoint of the same network and kind."""
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)
