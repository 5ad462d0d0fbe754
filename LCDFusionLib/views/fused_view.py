"""What stands in the fused view: for each slice the best image of the pair that there is, and what it says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from LCDFusionLib.mrml.result_nodes import ResultNodes
from LCDFusionLib.views.choices import Comparison, FusedLook

NOT_FUSED = "Blend: not fused yet"
"""Title of the fused view while it shows the blend."""


@dataclass(frozen=True)
class FusedImage:
    """A fused image of the pair on show.

    Attributes:
        nodes: where it is.
        note: what nobody may overlook: that it is of older choices, a part, a preview; "" for one that is as chosen, and whole.
    """

    nodes: ResultNodes
    note: str = ""

    @property
    def settings(self) -> str:
        """What it was made with, in two or three lines; "" where nobody noted it."""
        made = self.nodes.made_with
        if made is None:
            return self.nodes.span
        weights = f"{Path(made.weights).stem} weights"  # no folder in a picture
        return "\n".join(filter(None, (f"W/L {made.window}, {made.range}", weights, made.frames, self.nodes.span)))


def best_for_slice(images: Sequence[FusedImage], index: int | None) -> FusedImage | None:
    """The first that has slice K of the anatomy; in another plane, which cuts all slices, the first that is whole. None: the blend."""
    there = [image for image in images if image.nodes.is_in_scene]
    if index is not None:
        return next((image for image in there if image.nodes.has_slice(index)), None)
    return next((image for image in there if image.nodes.is_complete and not image.nodes.is_preview), None)


def fused_title(image: FusedImage | None, *, comparison: Comparison, flickered: bool, peeked: bool, look: FusedLook) -> str:
    """The title of the fused view; without an image the blend stands there."""
    if peeked:
        return "Anatomy"
    if image is None:
        return NOT_FUSED
    name = {Comparison.FLICKER: "Blend" if flickered else "Fused", Comparison.SPLIT: "Blend left, fused right"}.get(comparison, "Fused")
    gray = ", gray" if look is FusedLook.GRAY and name == "Fused" else ""
    return "\n".join(filter(None, (f"{name}{gray}", image.settings, image.note)))
