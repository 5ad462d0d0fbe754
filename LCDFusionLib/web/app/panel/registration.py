"""Inputs: Register, which becomes Cancel, and its undoing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trame.widgets import html

from LCDFusionLib.mrml.inputs import read_anatomy, read_function
from LCDFusionLib.mrml.registering import RegistrationSession
from LCDFusionLib.mrml.transforms import registration_of, registration_verdict, undo_registration

from .. import form
from .section import Section

if TYPE_CHECKING:
    from ..application import SessionApplication


class RegistrationSection(Section):
    """Brings the function onto the anatomy."""

    def __init__(self, application: SessionApplication) -> None:
        super().__init__(application)
        self.session = RegistrationSession()
        self._said = ""
        self._pair: tuple[object, ...] = ()

    def build(self) -> None:
        shown = self.application.screen.name
        with html.Div(classes="buttons"):
            form.button(
                "{{ " + shown.registering + " ? 'Cancel' : 'Register' }}",
                self.on_register,
                "Look for the rigid motion that brings the function onto the anatomy; the function gets a transform, its voxels stay",
                disabled=(f"!{shown.can_register}",),
                color=(f"{shown.should_register} ? 'warning' : undefined",),
                classes="register-button",
            )
            form.button(
                "Undo registration",
                self.on_undo,
                "Take the transform off again: the function goes back to where it lay",
                disabled=(f"!{shown.registered} || {shown.registering} || {shown.running}",),
                classes="undo-button",
            )
        html.Div("{{ " + shown.registration + " }}", v_if=(shown.registration,), classes="note registration-text")

    def update(self) -> None:
        plan, busy, function = self.application.workflow.plan, self.session.is_running, self.application.function_node
        free = not self.application.workflow.session.is_running
        registered = function is not None and registration_of(function) is not None
        self.screen.registering, self.screen.registered = busy, registered
        self.screen.can_register = busy or (free and plan is not None)
        self.screen.should_register = plan is not None and plan.needs_registration
        if not busy:
            said = self._said if self._pair == self._chosen() else ""
            self.screen.registration = said or (registration_verdict(function) or "" if registered else "")

    def tick(self) -> None:
        progress = self.session.tick()
        if progress is None:
            return
        if progress.is_over:
            self._said, self._pair = ("" if progress.transform is not None else progress.text), self._chosen()
            self.application.refresh_soon()
        else:
            self.screen.registration = progress.text

    def forget(self) -> None:
        self.session.close()
        self._said, self._pair = "", ()
        self.screen.registration = ""

    def on_register(self) -> None:
        """Register, or cancel."""
        if self.session.is_running:
            self.session.cancel()
            return
        self._said = ""
        with self.problems_are_said(self._say):
            nodes = self.application.anatomy_node, self.application.function_node
            anatomy, _notes = read_anatomy(nodes[0], modality=self.choices.anatomy_kind.modality, copy=False)
            function, _notes = read_function(
                nodes[1], unit=self.choices.function_unit.unit, find_file=self.application.find_file, copy=False
            )
            self.session.start(*nodes, anatomy, function)
            self.screen.registration = "Registering"
        self.application.refresh_soon()

    def on_undo(self) -> None:
        """The function goes back to where it lay."""
        self._said = ""
        undo_registration(self.application.function_node)
        self.application.refresh_soon()

    def _say(self, text: str) -> None:
        self._said, self._pair = text, self._chosen()

    def _chosen(self) -> tuple[object, ...]:
        return self.application.anatomy_node, self.application.function_node
