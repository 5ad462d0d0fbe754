"""The prepared network on an NVIDIA GPU, its work recorded once for a size of image and replayed as a CUDA graph."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .network import LCDFusionNet, check_images
from .prepared import prepare

WARM_UP = 2
"""Passes before the recording: libraries choose their algorithms and workspaces in the first ones, which cannot be recorded."""


class GraphedNet(nn.Module):
    """The same image as `prepare(network)`, without what the processor costs: one launch an image in place of some thousand.

    A pass of the prepared form is many small steps, one after another, for each of which a GPU waits for the processor; replayed, they
    follow each other. The recording takes two passes, once for a size of image; `torch.compile` would take far longer than a reader waits.

    The recording knows only addresses: where a parameter has been moved, it is made anew.

    Args:
        network: with its weights, on a CUDA device; shared, not copied.
        dtype: as in `prepare`.
    """

    def __init__(self, network: LCDFusionNet, *, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.network = network
        self._dtype = dtype
        self._recording: _Recording | None = None
        self._valid_for: tuple[torch.Size, list[int]] | None = None

    @torch.no_grad()
    def forward(self, anatomy: Tensor, function: Tensor) -> Tensor:
        """Two images (B, 1, H, W) in [0, 1] to the fused image (B, 1, H, W), equal to the direct form's up to rounding."""
        check_images(anatomy, function)
        valid_for = (anatomy.shape[2:], [parameter.data_ptr() for parameter in self.network.parameters()])
        if self._recording is None or self._valid_for != valid_for:
            self._recording = None  # its memory is free before the next takes any
            self._recording, self._valid_for = _Recording(prepare(self.network, dtype=self._dtype), anatomy[:1]), valid_for
        return torch.cat([self._recording.replay(a, f) for a, f in zip(anatomy.split(1), function.split(1), strict=True)])


class _Recording:
    """One pass of a model over an image of one size. The model, whose buffers the recording writes to, is its own."""

    def __init__(self, model: nn.Module, like: Tensor) -> None:
        self._model = model
        with torch.inference_mode(False):  # so that they can be written in any mode
            self._images = (torch.zeros_like(like), torch.zeros_like(like))
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP):
                model(*self._images)
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph, stream=aside):
                self._fused = model(*self._images)
        torch.cuda.current_stream().wait_stream(aside)

    def replay(self, anatomy: Tensor, function: Tensor) -> Tensor:
        for image, given in zip(self._images, (anatomy, function), strict=True):
            image.copy_(given)
        self._graph.replay()
        return self._fused.clone()
