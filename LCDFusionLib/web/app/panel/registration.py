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
            self.button(
                "{{ registration.label }}",
                self._register,
                can="can_register",
                name="register",
                title=("registration.tip",),
                color=("registration.is_advised ? 'warning' : undefined",),
            )
            tip = "Take the transform off again: the function goes back to where it lay"
            self.button("Undo registration", self._undo, tip, can="can_undo", name="undo")
        form.progress("Progress of the registration", "registration.part", v_if=("registration.running",))
        html.Div("{{ registration.text }}", v_if=("registration.text",), classes="note registration-text")
