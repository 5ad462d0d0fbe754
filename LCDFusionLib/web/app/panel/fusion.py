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
            form.button(
                "Preview slice",
                self._preview,
                "Fuse the slice on show only",
                disabled=("!fusion.can_preview",),
                size="default",
                classes="preview-button",
            )
            form.button(
                "{{ fusion.label }}",
                self._fuse,
                title=("fusion.tip",),
                disabled=("!fusion.can_fuse",),
                color=("fusion.running ? 'error' : 'primary'",),
                size="default",
                variant="flat",
                classes="fuse-button",
            )
        html.Div("{{ fusion.why_not }}", v_if=("fusion.why_not",), classes="problem why-not")
        form.progress("Progress of the fusion", "fusion.part", classes="fuse-progress")
        html.Div("{{ " + self.shared.screen.busy + " || fusion.status }}", classes="status")
