"""Inputs: Register, which becomes Cancel, and its undoing."""

from __future__ import annotations

from dataclasses import dataclass

from LCDFusionLib.mrml.registering import RegistrationProgress
from LCDFusionLib.mrml.transforms import registration_of, registration_verdict, undo_registration
from LCDFusionLib.panel.core import Core, pair_key
from LCDFusionLib.panel.on_show import Belongs, OnShow
from LCDFusionLib.panel.section import Section


@dataclass(frozen=True)
class RegistrationState:
    """What the section shows.

    Attributes:
        running: Register is Cancel.
        can_register: Register, or Cancel, can be clicked.
        is_advised: the two have different frames of reference.
        can_undo: Undo can be clicked.
        tip: of Register.
        part: of a running registration, 0 to 1.
        text: how far it is, the verdict, or what went wrong; "" where there is nothing to say.
    """

    running: bool = False
    can_register: bool = False
    is_advised: bool = False
    can_undo: bool = False
    tip: str = ""
    part: float = 0.0
    text: str = ""

    @property
    def label(self) -> str:
        """On the button."""
        return "Cancel" if self.running else "Register"


class RegistrationSection(Section):
    """Brings the function onto the anatomy."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self.state = RegistrationState()
        self._said: Belongs[str] | None = None
        self._progress = RegistrationProgress(0.0, "")

    @property
    def is_busy(self) -> bool:
        return self.core.registration_session.is_running

    def update(self) -> None:
        plan, busy, function = self.core.workflow.plan, self.is_busy, self.choices.function
        free, ready = not self.core.is_fusing, plan is not None and not self.core.waiting
        registered = function is not None and registration_of(function) is not None
        tip = "Look for the rigid motion that brings the function onto the anatomy; the function gets a transform, its voxels stay"
        if busy:
            tip = "Stop at once; nothing is moved"
        elif not free:
            tip = "Wait for the fusion, or cancel it"
        self.state = RegistrationState(
            running=busy,
            can_register=busy or (free and ready),
            is_advised=plan is not None and plan.needs_registration,
            can_undo=registered and free and not busy,
            tip=tip,
            part=self._progress.part,
            text=self._text(),
        )

    def tick(self) -> None:
        progress = self.core.registration_session.tick()
        if progress is None:
            return
        if progress.is_over:
            self._end(progress)
        else:
            self._progress = progress
            self.update()
            self.core.host.show()

    def forget(self) -> None:
        self.core.registration_session.close()
        self._said, self._progress = None, RegistrationProgress(0.0, "")
        self.state = RegistrationState()

    def register(self) -> None:
        """Register, or cancel."""
        session = self.core.registration_session
        if session.is_running:
            session.cancel()
            self.tick()
        elif self.choices.pair is not None:
            self._said, self._progress = None, RegistrationProgress(0.0, "Registering")
            with self.problems_are_said(self._say):
                if self.core.host.may_compute():
                    self._start()
        self.core.refresh()

    def undo(self) -> None:
        """The function goes back to where it lay."""
        self._said = None
        if self.choices.function is not None:
            undo_registration(self.choices.function)
        self.core.refresh()

    def _start(self) -> None:
        choices = self.choices
        if (volumes := self.core.workflow.volumes) is not None:
            self.core.registration_session.start(choices.anatomy, choices.function, *volumes)

    def _text(self) -> str:
        nodes = self.core.registration_session.inputs
        if nodes:
            is_here = self._key_of(nodes).pair == self.on_show.pair
            return self._progress.text if is_here else f"'{nodes[1].GetName()}' is still being registered to '{nodes[0].GetName()}'."
        said = self._said.on(self.on_show) if self._said is not None else None
        function = self.choices.function
        return said or (registration_verdict(function) if function is not None else None) or ""

    def _end(self, progress: RegistrationProgress) -> None:
        """What came of it is read off the function, so that it is there in a saved scene and goes with the transform."""
        if any(node.GetScene() is None for node in progress.inputs):
            self._said = Belongs(progress.text, OnShow())  # a volume was deleted: there is no pair any more
        elif progress.transform is None:
            self._said = Belongs(progress.text, self._key_of(progress.inputs), "pair")
        self.core.refresh()

    def _say(self, text: str) -> None:
        self._said = Belongs(text, self.on_show, "pair")

    @staticmethod
    def _key_of(nodes: tuple) -> OnShow:
        return OnShow(pair=pair_key(*nodes))
