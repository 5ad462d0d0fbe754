"""Display, and the Fuse button that becomes Cancel."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from trame.widgets import html
from trame.widgets import vuetify3 as v3

from LCDFusionLib.mrml.fusing import Progress
from LCDFusionLib.panel.choices import AnatomyWindow, ColorTableChoice, WeightsChoice
from LCDFusionLib.panel.plan import machine_line
from LCDFusionLib.views.planes import shown_slice

from .. import form
from .section import Section

if TYPE_CHECKING:
    from ..application import SessionApplication

_STILL_S = 0.3


class FusionSection(Section):
    """What will be fused, and how far it is."""

    def __init__(self, application: SessionApplication) -> None:
        super().__init__(application)
        self._preparing: asyncio.Task[None] | None = None
        self._windowed_at: float | None = None

    @property
    def is_busy(self) -> bool:
        """True from the click on Fuse to the last slice."""
        return self._preparing is not None or self.application.workflow.session.is_running

    def build(self) -> None:
        choice = self.application.choices.name
        form.select(
            "Anatomy window:",
            choice.window,
            form.items_of(AnatomyWindow),
            "Window width and level of the anatomy, in the fused image too",
            classes="window-select",
        )
        with form.row("Full uptake:", "SUV (or value) that is shown as full uptake; everything hotter looks the same. Automatic: SUV 10"):
            form.number(choice.function_upper, low=0, high=100000, empty="automatic", classes="upper-field")
        form.select("Colours:", choice.table, form.items_of(ColorTableChoice), "Colours of uptake, in the fused image too")
        form.select("Weights:", choice.weights, form.items_of(WeightsChoice), "Weights of the network: trained on CT/PET or on MR/PET")

    def build_buttons(self) -> None:
        """Preview and Fuse with their progress, which are always in sight."""
        shown = self.application.screen.name
        with html.Div(classes="fuse-buttons"):
            form.button(
                "Preview slice",
                self.on_preview,
                "Fuse the slice on show only",
                disabled=(f"!{shown.can_fuse} || {shown.running}",),
                size="default",
                classes="preview-button",
            )
            form.button(
                "{{ " + shown.running + " ? 'Cancel' : 'Fuse' }}",
                self.on_fuse,
                title=(f"{shown.running} ? 'Stop at once; nothing is kept' : {shown.problem} || 'Fuse all slices, the one on show first'",),
                disabled=(f"!{shown.can_fuse} && !{shown.running}",),
                color=(f"{shown.running} ? 'error' : 'primary'",),
                size="default",
                variant="flat",
                classes="fuse-button",
            )
        v3.VProgressLinear(model_value=(f"100 * {shown.fused_part}",), height=4, color="primary", rounded=True, classes="fuse-progress")
        html.Div("{{ " + shown.busy + " || " + shown.status + " }}", classes="status")

    def update(self) -> None:
        workflow, screen = self.application.workflow, self.screen
        machine = machine_line(workflow.session.worker.machine, self.choices.device.value)
        if screen.plan and machine:
            screen.plan = f"{screen.plan}, {machine}"
        screen.running = self.is_busy
        screen.can_fuse = workflow.plan is not None and not self.application.registration.session.is_running and not screen.busy

    def tick(self) -> None:
        if self._windowed_at is not None and time.monotonic() - self._windowed_at > _STILL_S:
            self._windowed_at = None
            self.choices.window = AnatomyWindow.ON_DISPLAY
            self.application.refresh_soon()
        progress = self.application.workflow.session.tick()
        if progress is not None:
            self._show(progress)

    def forget(self) -> None:
        if self._preparing is not None:
            self._preparing.cancel()
            self._preparing = None
        self.screen.fused_part, self.screen.status = 0.0, ""

    def on_fuse(self) -> None:
        """Fuse, or cancel; returns at once."""
        if self._preparing is not None:
            self._preparing.cancel()
            self._preparing = None
            self.screen.status = "Cancelled."
        elif self.application.workflow.session.is_running:
            self.application.workflow.session.cancel()
        else:
            self._start(only_first_slice=False)
        self.application.refresh_soon()

    def on_preview(self) -> None:
        """Fuse the slice on show; returns at once."""
        if not self.is_busy:
            self._start(only_first_slice=True)
        self.application.refresh_soon()

    def on_windowed(self) -> None:
        """The mouse has changed the window on show: that is the one to fuse with, once the hand is still."""
        self._windowed_at = time.monotonic()

    def _start(self, *, only_first_slice: bool) -> None:
        self.screen.status, self.screen.fused_part = "Preparing", 0.0
        self._preparing = asyncio.create_task(self._prepare_and_begin(only_first_slice=only_first_slice))

    async def _prepare_and_begin(self, *, only_first_slice: bool) -> None:
        task = asyncio.current_task()
        try:
            with self.problems_are_said(self._say):
                workflow, review = self.application.workflow, self.application.review
                anatomy = self.application.anatomy_node
                first = review.slice if review.slice is not None else shown_slice(self.application.scene, anatomy)
                preparation = workflow.prepare(self.application.fusion_choices, first_slice=first, only_first_slice=only_first_slice)
                job = await asyncio.to_thread(preparation.job)
                if self._preparing is task:  # not cancelled meanwhile
                    workflow.begin(preparation, job)
                    if workflow.session.worker.machine is None:
                        self._say("Waiting until PyTorch is loaded")
        finally:
            if self._preparing is task:
                self._preparing = None
            self.application.refresh_soon()

    def _say(self, text: str) -> None:
        self.screen.status, self.screen.fused_part = text, 0.0

    def _show(self, progress: Progress) -> None:
        came_of_it = not progress.is_over or progress.result is not None
        self.screen.fused_part = progress.done / max(progress.total, 1) if came_of_it else 0.0
        self.screen.status = progress.text
        if progress.is_over:
            self.application.refresh_soon()
        self.application.metrics.show_slice()
        self.application.views.draw()
