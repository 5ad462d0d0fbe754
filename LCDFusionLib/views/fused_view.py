"""What stands in the fused view: for each slice the best image of the pair that there is, and what it says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import slicer
from numpy.typing import NDArray

from LCDFusionLib.mrml.result_nodes import ResultNodes
from LCDFusionLib.views import layouts
from LCDFusionLib.views.choices import Comparison, FusedLook
from LCDFusionLib.views.function_views import FunctionViews
from LCDFusionLib.views.look import Look
from LCDFusionLib.views.split_picture import SplitPicture

Node: TypeAlias = "slicer.vtkMRMLVolumeNode"

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


class FusedViews:
    """The fused view, and its copies in the two other planes, which cut all slices.

    Attributes:
        images: of the pair, the one that is shown first wherever it has the slice.
        image: on show in the plane of the anatomy's slices; None: the blend.
        is_peeked: the anatomy is in the place of the fused image.
        is_flickered: the blend is, for a beat.
    """

    def __init__(self, scene: slicer.vtkMRMLScene, function: FunctionViews) -> None:
        self._scene, self._function = scene, function
        self.images: tuple[FusedImage, ...] = ()
        self.image: FusedImage | None = None
        self.is_peeked = self.is_flickered = False
        self._anatomy: Node | None = None
        self._padding: NDArray[np.bool_] | None = None
        self._split: SplitPicture | None = None

    def take(self, anatomy: Node, padding: NDArray[np.bool_] | None) -> None:
        """Another pair, or the same with other voxels."""
        self._drop_split()
        self._anatomy, self._padding = anatomy, padding

    def take_images(self, images: Sequence[FusedImage]) -> None:
        """Fused images of the pair."""
        if tuple(images) != self.images:
            self._drop_split()
        self.images = tuple(images)

    def show(self, index: int | None, look: Look | None) -> None:
        """Fills the views with what is best for slice K of the anatomy; None: another plane is on show."""
        self.image = best_for_slice(self.images, index)
        first: tuple[Any, ...] = (None,)
        copies = first
        if self.is_peeked:
            first = copies = (self._anatomy,)
        elif look is not None and self._anatomy is not None:
            blend, across, result = (self._anatomy, self._function.node, look.opacity), self.across, self.result
            flickers = self._flickers(look)
            first = blend if flickers or result is None else (self._split_picture(result, look, index) or _of_look(result, look),)
            copies = blend if flickers or across is None else (_of_look(across, look),)
        layouts.fill(self._scene, layouts.FUSED, *first)
        layouts.fill_copies(self._scene, layouts.FUSED, *(copies if look is not None and look.three_planes else (None,)))

    @property
    def result(self) -> ResultNodes | None:
        """The fused image on show in the plane of the anatomy's slices; None where there is none."""
        return self.image.nodes if self.image is not None and self.image.nodes.is_in_scene else None

    @property
    def across(self) -> ResultNodes | None:
        """The fused image in a plane that cuts all slices."""
        image = best_for_slice(self.images, None)
        return image.nodes if image is not None else None

    def shows_blend(self, look: Look) -> bool:
        """True for a slice that is not fused yet, and at every other beat of the flicker."""
        return not self.is_peeked and (self.result is None or self._flickers(look))

    def titles(self, look: Look) -> tuple[str, str]:
        """Of the view, and of its copies."""
        images = self.image, best_for_slice(self.images, None)
        first, across = (
            fused_title(image, comparison=look.comparison, flickered=self.is_flickered, peeked=self.is_peeked, look=look.fused)
            for image in images
        )
        return first, across

    def scale(self, look: Look) -> tuple[str, str]:
        """Table and range of the colours in the view; "" where it has none."""
        if self._function.volume is None or self.is_peeked:
            return "", ""
        if self.shows_blend(look):
            return self._function.colors(look)
        made = self.result.made_with if self.result is not None else None
        return (made.table, made.range) if made is not None and look.fused is FusedLook.COLOR else ("", "")

    def close(self) -> None:
        """Empties the views, and takes what is not for keeping out of the scene."""
        self._drop_split()
        self._anatomy = self._padding = self.image = None
        self.images, self.is_peeked = (), False
        self.show(None, None)

    def _flickers(self, look: Look) -> bool:
        return look.comparison is Comparison.FLICKER and self.is_flickered

    def _split_picture(self, result: ResultNodes, look: Look, index: int | None) -> Node | None:
        row, function = result.row_of(index), self._function.volume
        if look.comparison is not Comparison.SPLIT or self._anatomy is None or function is None:
            return None
        if row is None or look.anatomy_window is None or not result.is_complete or result.is_preview:
            return None
        if self._split is None or self._split.result is not result:
            self._drop_split()
            self._split = SplitPicture(self._anatomy, function, result, padding=self._padding)
        return self._split.show(
            row,
            split=look.split,
            opacity=look.opacity,
            gray=look.fused is FusedLook.GRAY,
            table=look.table,
            anatomy_window=look.anatomy_window,
            function_window=look.function_window,
        )

    def _drop_split(self) -> None:
        if self._split is not None:
            self._split.close()
            self._split = None


def _of_look(result: ResultNodes, look: Look) -> Node:
    return result.gray if look.fused is FusedLook.GRAY else result.color


def fused_title(image: FusedImage | None, *, comparison: Comparison, flickered: bool, peeked: bool, look: FusedLook) -> str:
    """The title of the fused view; without an image the blend stands there."""
    if peeked:
        return "Anatomy"
    if image is None:
        return NOT_FUSED
    name = {Comparison.FLICKER: "Blend" if flickered else "Fused", Comparison.SPLIT: "Blend left, fused right"}.get(comparison, "Fused")
    gray = ", gray" if look is FusedLook.GRAY and name == "Fused" else ""
    return "\n".join(filter(None, (f"{name}{gray}", image.settings, image.note)))
