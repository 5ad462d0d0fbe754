"""Register, which becomes Cancel, and its undoing."""

from __future__ import annotations

from trame.widgets import html

from LCDFusionLib.panel.registration import RegistrationSection

from .. import form
from .drawing import Drawing, Shared


class RegistrationDrawing(Drawing):
    """Two buttons and a line."""

    def __init__(self, shared: Shared, name: str, section: RegistrationSection) -> None:
        super().__init__(shared, name, section)
        self._register, self._undo = section.register, section.undo

    def build(self) -> None:
        with html.Div(classes="buttons"):
            form.button(
                "{{ registration.label }}",
                self._register,
                title=("registration.tip",),
                disabled=("!registration.can_register",),
                color=("registration.is_advised ? 'warning' : undefined",),
                classes="register-button",
            )
            form.button(
                "Undo registration",
                self._undo,
                "Take the transform off again: the function goes back to where it lay",
                disabled=("!registration.can_undo",),
                classes="undo-button",
            )
        form.progress("Progress of the registration", "registration.part", v_if=("registration.running",))
        html.Div("{{ registration.text }}", v_if=("registration.text",), classes="note registration-text")
