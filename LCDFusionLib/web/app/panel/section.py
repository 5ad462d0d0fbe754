"""What the sections of the panel have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from LCDFusionLib.errors import InputError

from ..private_log import report

if TYPE_CHECKING:
    from ..application import SessionApplication
    from ..state import Choices, Screen


class Section:
    """One section.

    Args:
        application: the session, which has the choices, the workflow and the other sections.
    """

    def __init__(self, application: SessionApplication) -> None:
        self.application = application

    @property
    def choices(self) -> Choices:
        """What the reader set; writing to it shows at once."""
        return self.application.choices.data

    @property
    def screen(self) -> Screen:
        """What the page shows."""
        return self.application.screen.data

    def build(self) -> None:
        """Makes the widgets, within those that are open."""

    def update(self) -> None:
        """Brings the page into line with the choices and the scene."""

    def tick(self) -> None:
        """Looks at what runs; never waits."""

    def forget(self) -> None:
        """The scene is being emptied."""

    @contextmanager
    def problems_are_said(self, say: Callable[[str], None]) -> Iterator[None]:
        """What goes wrong is one sentence on the page; the log learns where, and nothing of the patient."""
        try:
            yield
        except InputError as error:
            say(str(error))
        except Exception as error:
            report(error)
            say(f"This did not work ({type(error).__name__}).")
