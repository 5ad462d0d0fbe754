"""What the sections of the panel have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from LCDFusionLib.errors import InputError
from LCDFusionLib.panel.choices import Choices
from LCDFusionLib.panel.core import Core
from LCDFusionLib.panel.on_show import OnShow


class Section:
    """One section: choices in, a state out. The state is a plain frozen object, which a host draws as it stands.

    Args:
        core: the choices, the pair, the views, and the key of what is on show.
    """

    def __init__(self, core: Core) -> None:
        self.core = core

    @property
    def choices(self) -> Choices:
        """At the last update."""
        return self.core.choices

    @property
    def on_show(self) -> OnShow:
        """Now."""
        return self.core.on_show

    def update(self) -> None:
        """Brings the state into line with the choices and the scene."""

    def moved(self) -> None:
        """Another slice is on show, or the crosshair is elsewhere."""

    def tick(self) -> None:
        """Looks at what runs; never waits."""

    @property
    def is_busy(self) -> bool:
        """True while something of this section runs."""
        return False

    def forget(self) -> None:
        """The scene is being emptied."""

    @contextmanager
    def problems_are_said(self, say: Callable[[str], None]) -> Iterator[None]:
        """What goes wrong is one sentence, and never an exception in the person's face."""
        try:
            yield
        except InputError as error:
            say(str(error))
        except Exception as error:
            self.core.host.report(error)
            say(f"This did not work ({type(error).__name__}).")
