"""Preview, the Fuse button that becomes Cancel, and how far it is; always in sight."""

from __future__ import annotations

from trame.widgets import html

from LCDFusionLib.panel.fusion import FusionSection

from .. import form
from .drawing import Drawing, Shared


class FusionDrawing(Drawing):
    """Two buttons, a bar and a line."""

    def __init__(self, shared: Shared, name: str, section: FusionSection) -> None:
        super().__init__(shared, name, section)
        self._preview, self._fuse = section.preview, section.click

    def build(self) -> None:
        with html.Div(classes="fuse-buttons"):
            self.button("Preview slice", self._preview, "Fuse the slice on show only", can="can_preview", name="preview", size="default")
            self.button(
                "{{ fusion.label }}",
                self._fuse,
                can="can_fuse",
                name="fuse",
                title=("fusion.tip",),
                color=("fusion.running ? 'error' : 'primary'",),
                size="default",
                variant="flat",
            )
        html.Div("{{ fusion.why_not }}", v_if=("fusion.why_not",), classes="problem why-not")
        form.progress("Progress of the fusion", "fusion.part", classes="fuse-progress")
        html.Div("{{ " + self.shared.screen.busy + " || fusion.status }}", classes="status")
