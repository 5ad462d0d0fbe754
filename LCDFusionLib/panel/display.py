"""Display: window, range, colours, weights; and the window that the hand has set."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

from LCDFusionLib.images.window import Window
from LCDFusionLib.panel.choices import AnatomyWindow, Choices
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.section import Section

_STILL_S = 0.3


@dataclass(frozen=True)
class DisplayState:
    """What the section shows.

    Attributes:
        upper_problem: why full uptake cannot be what was entered; "" where it can.
        unit: of full uptake, "" where it is not known.
    """

    upper_problem: str = ""
    unit: str = ""


class DisplaySection(Section):
    """How both are windowed, on the screen and in the fusion."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = DisplayState()
        self._windowed_at: float | None = None

    def update(self) -> None:
        function = self.core.workflow.function
        unit = function.unit.value if function is not None and not function.is_color else ""
        self.state = DisplayState(upper_problem(self.choices.function_upper), unit)

    def tick(self) -> None:
        if self._windowed_at is not None and time.monotonic() - self._windowed_at > _STILL_S:
            self.core.refresh()

    def forget(self) -> None:
        self._windowed_at = None
        self.state = DisplayState()

    def on_windowed(self, _window: Window) -> None:
        """The mouse has changed the window on show: that is the one to fuse with, once the hand is still, or something else is done."""
        self._windowed_at = time.monotonic()

    def with_window_of_the_hand(self, choices: Choices) -> Choices:
        """The choices; with the window on show, where the hand has set it since."""
        if self._windowed_at is None:
            return choices
        self._windowed_at = None
        if choices.window is AnatomyWindow.ON_DISPLAY or choices.pair != self.choices.pair or choices.window is not self.choices.window:
            return choices  # another window, or another anatomy, was chosen after the hand
        self.core.host.choose(window=AnatomyWindow.ON_DISPLAY)
        return replace(choices, window=AnatomyWindow.ON_DISPLAY)


def upper_problem(upper: float | None) -> str:
    """Why full uptake cannot be this; "" where it can."""
    if upper is None or (math.isfinite(upper) and upper > 0):
        return ""
    return f"Full uptake must be above 0, not {upper:g}; leave the field empty for automatic."
