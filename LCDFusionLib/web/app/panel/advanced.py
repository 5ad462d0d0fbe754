"""Advanced: what the inputs are, where the network runs, the worker process, its log, versions."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from trame.widgets import html

from LCDFusionLib import __version__
from LCDFusionLib.errors import InputError
from LCDFusionLib.panel.choices import AnatomyKind, Device, FunctionUnit, Precision

from .. import form
from .section import Section

if TYPE_CHECKING:
    from ..application import SessionApplication


class AdvancedSection(Section):
    """What runs, and where."""

    def __init__(self, application: SessionApplication) -> None:
        super().__init__(application)
        self._machine: object = None

    def build(self) -> None:
        choice, shown = self.application.choices.name, self.application.screen.name
        form.select("Anatomy:", choice.anatomy_kind, form.items_of(AnatomyKind), "What the anatomy is, where its headers do not say it")
        form.select(
            "Function:",
            choice.function_unit,
            form.items_of(FunctionUnit),
            "What the values of the function are, where its headers do not say it",
        )
        form.select("Device:", choice.device, form.items_of(Device), "Where the network runs")
        form.select(
            "Precision:", choice.precision, form.items_of(Precision), "TF32 and half precision are faster on an NVIDIA GPU, and round"
        )
        with form.row("Slices at a time:", "On a GPU; 0: as many as its free memory takes. The CPU takes one"):
            form.number(choice.batch_size, low=0, high=64)
        with form.row("Worker:"):
            html.Div("{{ " + shown.worker + " }}", classes="plain-text")
        html.Pre("{{ " + shown.log + " }}", v_if=(shown.log,), classes="log", title="What the worker process printed")
        html.Div("{{ " + shown.versions + " }}", classes="note")

    def start_worker(self) -> None:
        """Lets PyTorch load while the reader still chooses."""
        try:
            self.application.workflow.session.worker.start()
        except InputError as error:
            self.screen.status = str(error)

    def update(self) -> None:
        worker = self.application.workflow.session.worker
        state = "Not started" if worker.pid is None else "Fusing" if worker.is_busy else "Ready"
        self.screen.worker = state if worker.pid is None else f"{state}, process {worker.pid}"
        torch = worker.machine.torch if worker.machine is not None and worker.machine.torch else "-"
        self.screen.versions = f"LCDFusion {__version__}, PyTorch {torch}, Python {platform.python_version()}"

    def tick(self) -> None:
        worker = self.application.workflow.session.worker
        if worker.machine != self._machine:
            self._machine = worker.machine
            self.application.refresh_soon()
        self.screen.log = "\n".join(worker.log)
