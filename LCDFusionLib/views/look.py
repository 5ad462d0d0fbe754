"""How a person wants to see a pair and its result."""

from __future__ import annotations

from dataclasses import dataclass

from LCDFusionLib.images.color import DEFAULT_COLOR_TABLE
from LCDFusionLib.images.window import Window
from LCDFusionLib.views.choices import Comparison, FunctionLook, FusedLook


@dataclass(frozen=True)
class Look:
    """How the person wants to see a pair and its result.

    Attributes:
        anatomy_window: window on show; None leaves it as it is.
        function_window: range of uptake on show.
        table: colours of uptake, `COLOR_TABLES`.
        function: of the function in its own view.
        fused: of the fused image.
        opacity: of the function in the blend.
        comparison: of the fused view.
        split: place of the line, 0 to 1.
        metrics: written in the fused view.
        three_planes: the views of `layouts.ACROSS` are on the screen too.
    """

    anatomy_window: Window | None
    function_window: Window
    table: str = DEFAULT_COLOR_TABLE
    function: FunctionLook = FunctionLook.INVERSE_GRAY
    fused: FusedLook = FusedLook.COLOR
    opacity: float = 0.5
    comparison: Comparison = Comparison.NONE
    split: float = 0.5
    metrics: bool = True
    three_planes: bool = False
