"""What the drawings of the sections have in common."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Protocol

from trame_server import Server

from .. import form


class HasState(Protocol):
    """A section of `LCDFusionLib.panel`."""

    @property
    def state(self) -> Any:
        """A frozen dataclass."""


@dataclass(frozen=True)
class Shared:
    """What all drawings write and read.

    Attributes:
        server: of trame.
        choice: names of what the reader sets, for `v_model`.
        screen: names of what the page shows of the session itself.
    """

    server: Server
    choice: Any
    screen: Any


class Drawing:
    """Shows the state of one section as the trame state `name`, an object, and passes clicks on; it decides nothing.

    Args:
        shared: by all drawings.
        name: of the trame state, for templates: `{{ fusion.status }}`.
        section: whose state it is.
    """

    def __init__(self, shared: Shared, name: str, section: HasState) -> None:
        self.shared, self.name, self._section = shared, name, section
        self._drawn: Any = None
        self.shared.server.state[name] = self.values(section.state)

    def show(self) -> None:
        """Sends the state, where it is another than the one that was sent."""
        state = self._section.state
        if state != self._drawn:
            self._drawn = state
            self.shared.server.state[self.name] = self.values(state)

    def values(self, state: Any) -> dict[str, Any]:
        """The state as the browser gets it: its fields and properties that JSON can hold."""
        names = [field.name for field in fields(state)] + [name for name, each in vars(type(state)).items() if isinstance(each, property)]
        return {name: without_folders(value) for name in names if _is_plain(value := getattr(state, name))}

    def build(self) -> None:
        """Makes the widgets, within those that are open."""

    def button(self, text: str, call: Callable | str, tip: str = "", *, can: str, name: str, **more: Any) -> None:
        """A button that can be clicked where the state says so.

        Args:
            text: on it, for templates.
            call: when it is clicked, a method or JavaScript.
            tip: what it does.
            can: field or property of the state.
            name: of its class, which ends in "-button".
            more: of the widget.
        """
        form.button(text, call, tip, disabled=(f"!{self.name}.{can}",), classes=f"{name}-button", **more)


def without_folders(value: Any) -> Any:
    """Texts name files, and the reader's browser need not know where on the server they lie."""
    if isinstance(value, tuple):
        return tuple(without_folders(each) for each in value)
    return re.sub(r"'(?:/[^'/]+)*/([^'/]+)/?'", r"'\1'", value) if isinstance(value, str) else value


def _is_plain(value: object) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True
