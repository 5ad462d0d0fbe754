"""Advanced: what the inputs are, where the network runs, the worker process, its log, versions."""

from __future__ import annotations

from trame.widgets import html

from LCDFusionLib.panel.choices import AnatomyKind, Device, FunctionUnit, Precision

from .. import form
from .drawing import Drawing


class AdvancedDrawing(Drawing):
    """What runs, and where."""

    def build(self) -> None:
        choice = self.shared.choice
        form.select("Anatomy:", choice.anatomy_kind, form.items_of(AnatomyKind), "What the anatomy is, where its headers do not say it")
        form.select(
            "Function:",
            choice.function_unit,
            form.items_of(FunctionUnit),
            "What the values of the function are, where its headers do not say it",
        )
        form.select("Device:", choice.device, form.items_of(Device), "Where the network runs")
        form.select(
            "Precision:",
            choice.precision,
            form.items_of(Precision),
            "TF32 and half precision are faster on an NVIDIA GPU, bfloat16 on some processors; they round",
        )
        with form.row("Slices at a time:", "On a GPU; 0: as many as its free memory takes. The CPU takes one"):
            form.number("Slices at a time", choice.batch_size, low=0, high=64)
        with form.row("Worker:"):
            html.Div("{{ advanced.worker }}", classes="plain-text")
        html.Pre("{{ advanced.log }}", v_if=("advanced.log",), classes="log", title="What the worker process printed")
        html.Div("{{ advanced.versions }}", classes="note")
