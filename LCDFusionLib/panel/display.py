"""Display: window, range, colours, weights; and the window that the hand has set."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

from LCDFusionLib.images.volume import Modality, Unit
from LCDFusionLib.images.window import PRESETS, SUV_PRESETS, SUV_UPPER, Window
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
        presets: values of full uptake to choose from; empty where the function is no SUV.
        reason: why the range ends where it does, and what of the study is hotter; a sentence.
    """

    upper_problem: str = ""
    unit: str = ""
    presets: tuple[float, ...] = ()
    reason: str = ""


class DisplaySection(Section):
    """How both are windowed, on the screen and in the fusion."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = DisplayState()
        self._moved_at: float | None = None
        self._windowed = False
        self._upper: float | None = None

    def update(self) -> None:
        function, plan = self.core.workflow.function, self.core.workflow.plan
        unit = function.unit.value if function is not None and not function.is_color else ""
        presets = SUV_PRESETS if function is not None and not function.is_color and function.unit in SUV_UPPER else ()
        self.state = DisplayState(upper_problem(self.choices.function_upper), unit, presets, plan.range_reason if plan is not None else "")

    def tick(self) -> None:
        if self._moved_at is not None and time.monotonic() - self._moved_at > _STILL_S:
            self.core.refresh()

    def forget(self) -> None:
        self._forget_hand()
        self.state = DisplayState()

    def window(self, window: AnatomyWindow) -> None:
        """A key chooses a window. A window for CT is not for an MR."""
        anatomy = self.core.workflow.anatomy
        is_ct = anatomy is not None and anatomy.modality is Modality.CT and anatomy.unit is Unit.HU
        if window.value in PRESETS and not is_ct:
            self.core.say(f"The window '{window.label()}' is for CT in HU; drag in the view to change the window of this image.")
        else:
            self._forget_hand()
            self.core.host.choose(window=window)
        self.core.refresh()

    def full_uptake(self, upper: float | None) -> None:
        """A button, or a key, chooses full uptake; None: automatic. Without SUV it is left alone."""
        if upper is not None and not self.state.presets:
            self.core.say("SUV ranges are for a PET in SUV; type the value of full uptake instead.")
        else:
            self._forget_hand()
            self.core.host.choose(function_upper=upper)
        self.core.refresh()

    def reset(self) -> None:
        """The window and the range that the study asks for."""
        self._forget_hand()
        self.core.host.choose(window=AnatomyWindow.DEFAULT, function_upper=None)
        self.core.refresh()

    def on_windowed(self, _window: Window) -> None:
        """The mouse has changed the window on show: that is the one to fuse with, once the hand is still, or something else is done."""
        self._windowed, self._moved_at = True, time.monotonic()

    def on_ranged(self, upper: float) -> None:
        """The mouse has changed the range of uptake on show: likewise."""
        self._upper, self._moved_at = upper, time.monotonic()

    def with_the_hand(self, choices: Choices) -> Choices:
        """The choices; with window and range on show, where the hand has set them since."""
        if self._moved_at is None:
            return choices
        changes: dict[str, object] = {}
        same_pair = choices.pair == self.choices.pair
        # Not where another window, range or image was chosen after the hand.
        if self._windowed and same_pair and choices.window is self.choices.window is not AnatomyWindow.ON_DISPLAY:
            changes["window"] = AnatomyWindow.ON_DISPLAY
        if self._upper is not None and same_pair and choices.function_upper == self.choices.function_upper:
            changes["function_upper"] = self._upper
        self._forget_hand()
        self.core.is_dragged = not changes
        if not changes:
            return choices
        self.core.host.choose(**changes)
        return replace(choices, **changes)  # type: ignore[arg-type]

    def _forget_hand(self) -> None:
        self.core.is_dragged = self.core.is_dragged or self._moved_at is not None
        self._moved_at, self._windowed, self._upper = None, False, None


def upper_problem(upper: float | None) -> str:
    """Why full uptake cannot be this; "" where it can."""
    if upper is None or (math.isfinite(upper) and upper > 0):
        return ""
    return f"Full uptake must be above 0, not {upper:g}; leave the field empty for automatic."
