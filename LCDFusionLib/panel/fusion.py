"""Fuse, which becomes Cancel; how far it is, and for which pair."""

from __future__ import annotations

import math
import time
from concurrent.futures import Future
from dataclasses import dataclass

from LCDFusionLib.mrml.fusing import FusionJob, Progress
from LCDFusionLib.mrml.result_nodes import ResultNodes
from LCDFusionLib.panel.choices import Node
from LCDFusionLib.panel.core import Core, pair_key
from LCDFusionLib.panel.display import upper_problem
from LCDFusionLib.panel.on_show import Belongs, OnShow
from LCDFusionLib.panel.section import Section
from LCDFusionLib.panel.workflow import Preparation
from LCDFusionLib.views.planes import shown_slice

DOUBLE_CLICK_S = 0.5
"""Between the two clicks of a double one; what operating systems have by default."""


@dataclass(frozen=True)
class FusionState:
    """What the section shows.

    Attributes:
        running: Fuse is Cancel, of a fusion or of the reading before it.
        can_fuse: Fuse, or Cancel, can be clicked.
        can_preview: Preview can be clicked.
        tip: of Fuse: what it does, or why it does nothing.
        why_not: why it does nothing, to stand beside it; "" where it does.
        done: slices of the bar.
        total: of the bar.
        status: one line.
        kept: the whole result of the pair on show, for a saved scene; None where there is none.
    """

    running: bool = False
    can_fuse: bool = False
    can_preview: bool = False
    tip: str = ""
    why_not: str = ""
    done: int = 0
    total: int = 1
    status: str = ""
    kept: ResultNodes | None = None

    @property
    def label(self) -> str:
        """On the button."""
        return "Cancel" if self.running else "Fuse"

    @property
    def part(self) -> float:
        """Of the bar, 0 to 1."""
        return self.done / max(self.total, 1)


class FusionSection(Section):
    """What is fused, and how far it is."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = FusionState()
        self._preparing: tuple[Future[FusionJob], Preparation] | None = None
        self._progress: Progress | None = None
        self._bar: Belongs[tuple[int, int]] | None = None
        self._followed: int | None = None
        self._clicked_at = -math.inf
        self._is_wanted = False

    @property
    def is_busy(self) -> bool:
        return self.core.is_fusing

    @property
    def result(self) -> ResultNodes | None:
        """Nodes of the fused image on show; None where there is none."""
        image = self.core.image
        return image.nodes if image is not None else None

    def update(self) -> None:
        workflow, busy = self.core.workflow, self.is_busy
        reads = workflow.is_reading and not busy
        free = not self.core.is_registering
        ready = workflow.plan is not None and not self.core.waiting and not upper_problem(self.choices.function_upper)
        whole = self.core.whole
        tip = "Fuse all slices, the one on show first, then whatever you scroll to"
        if busy:
            tip = f"Stop the fusion of {self._other} at once" if self._other else "Stop at once; what is fused stays, marked as a part"
        elif reads:
            tip = f"Stop: {workflow.waiting}"
        elif not ready:
            tip = upper_problem(self.choices.function_upper) or self.core.waiting or workflow.problem
        elif not free:
            tip = "Wait for the registration, or cancel it"
        done, total = (self._bar.on(self.on_show) if self._bar is not None else None) or (0, 1)
        self.state = FusionState(
            running=busy or reads,
            can_fuse=busy or reads or (free and (ready or workflow.has_given_up)),
            can_preview=not busy and free and ready,
            tip=tip,
            why_not="" if busy or (free and ready) else workflow.waiting if reads else tip,
            done=done,
            total=total,
            status=self._status(),
            kept=whole.nodes if whole is not None else None,
        )

    def moved(self) -> None:
        """What is scrolled to is fused next."""
        index, session = self.core.slice, self.core.workflow.session
        if session.is_running and index != self._followed and _key(*session.inputs).pair == self.on_show.pair:
            self._followed = index
            session.follow(index)

    def tick(self) -> None:
        if self._is_wanted and not self.core.is_stale and not self.core.waiting:
            self._is_wanted = False
            if self.state.can_fuse and not self.is_busy:
                self._start(only_first_slice=False)
        self._begin_when_ready()
        progress = self.core.workflow.session.tick()
        if progress is not None:
            self._show(progress)

    def forget(self) -> None:
        if self._preparing is not None:
            self._preparing[0].cancel()
        self._prepare()
        self._progress = self._bar = self.core.said = None
        self._is_wanted = False
        self.state = FusionState()

    def click(self) -> None:
        """The button was clicked: as `fuse`. The second click of a double one is not for Cancel, which has just come under the mouse."""
        if time.monotonic() - self._clicked_at > DOUBLE_CLICK_S:
            self.fuse()
            self._clicked_at = time.monotonic()  # only now: a second click may have waited while the first was answered

    def fuse(self) -> None:
        """Fuse, or cancel; returns at once."""
        if self._preparing is not None:
            future, preparation = self._preparing
            future.cancel()
            self._prepare()
            self.core.say("Cancelled.", preparation.anatomy_node, preparation.function_node)
        elif self.core.workflow.session.is_running:
            self.core.workflow.session.cancel()
        elif self.core.workflow.is_reading:
            self._is_wanted = False
            self.core.workflow.stop_reading()
        elif self.core.workflow.has_given_up:
            self.core.workflow.read_again()
            self._is_wanted = True
        else:
            self._start(only_first_slice=False)
        self.core.refresh()

    def preview(self) -> None:
        """Fuse the slice on show; returns at once."""
        if not self.is_busy:
            self._start(only_first_slice=True)
        self.core.refresh()

    def fuse_chosen(self) -> None:
        """Fuses what was chosen just now, as soon as it can be; nothing where something else is fused, or something speaks against it."""
        self._is_wanted = True
        self.core.refresh()

    def say(self, text: str) -> None:
        """One line that belongs to no pair, such as what is wrong with a file; it stays until something else is begun."""
        self.core.say(text)
        self.core.refresh()

    @property
    def _other(self) -> str:
        """What runs, where that is not the pair on show; "" where it is, or nothing runs."""
        nodes = self.core.workflow.session.inputs
        if self._preparing is not None:
            nodes = self._preparing[1].anatomy_node, self._preparing[1].function_node
        if not nodes or _key(*nodes).pair == self.on_show.pair:
            return ""
        return f"'{nodes[0].GetName()} + {nodes[1].GetName()}'"

    def _status(self) -> str:
        if self._other:
            done = f", {self._progress.done} of {self._progress.total}" if self._progress is not None else ""
            return f"{self._other} is still being fused{done}."
        return (self.core.said.on(self.on_show) if self.core.said is not None else None) or ""

    def _start(self, *, only_first_slice: bool) -> None:
        if self.choices.pair is None:
            return
        nodes = self.choices.pair
        with self.problems_are_said(lambda text: self.core.say(text, *nodes)):
            if not self.core.host.may_compute():
                return
            first = self._followed = self.core.slice
            first = shown_slice(self.core.scene, nodes[0]) if first is None else first
            self._progress = None
            self.core.say("Preparing", *nodes)
            self._bar = Belongs((0, 1), _key(*nodes), "pair")
            preparation = self.core.workflow.prepare(self.choices, first_slice=first, only_first_slice=only_first_slice)
            self.core.host.open_views()
            self._prepare(self.core.host.executor.submit(preparation.job), preparation)
        self._begin_when_ready()

    def _prepare(self, *preparing: object) -> None:
        self._preparing = preparing or None  # type: ignore[assignment]
        self.core.is_preparing = bool(preparing)

    def _begin_when_ready(self) -> None:
        if self._preparing is None or not self._preparing[0].done():
            return
        future, preparation = self._preparing
        self._prepare()
        nodes = preparation.anatomy_node, preparation.function_node
        with self.problems_are_said(lambda text: self.core.say(text, *nodes)):
            if all(node.GetScene() is not None for node in nodes):
                self.core.workflow.begin(preparation, future.result())
                if self._followed is None:  # the views were not there yet when Fuse was clicked
                    self._followed = self.core.slice
                self.moved()
                if self.core.workflow.session.worker.machine is None:
                    self.core.say("Waiting until PyTorch is loaded", *nodes)
        self.core.refresh()

    def _show(self, progress: Progress) -> None:
        self._progress = None if progress.is_over else progress
        came_of_it = not progress.is_over or progress.result is not None
        if len(progress.inputs) == 2:
            self._bar = Belongs((progress.done if came_of_it else 0, progress.total), _key(*progress.inputs), "pair")
            self.core.say(progress.text, *progress.inputs)
        if progress.is_over:
            self.core.refresh()
            return
        self.core.views.update_fused()
        self.update()
        self.core.moved()
        self.core.host.show()
        self.core.host.draw_views()


def _key(anatomy: Node, function: Node) -> OnShow:
    return OnShow(pair=pair_key(anatomy, function))
