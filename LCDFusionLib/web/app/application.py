"""One reader's session: scene, views and panel, kept in step by one timer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import slicer
from trame.app import get_server
from trame_server.utils.typed_state import TypedState
from trame_slicer.core import SlicerApp

from LCDFusionLib.mrml.application import Application
from LCDFusionLib.mrml.fusing import SceneFusion
from LCDFusionLib.panel.keys import press
from LCDFusionLib.panel.panel import Panel

from ..private_log import report
from ..session_contract import ArchiveSettings
from ..views import LinkedViews
from .ahead import ReadAhead
from .archive import SiteArchive
from .downloads import Downloads
from .host import SessionHost
from .opening import OpenStudy
from .page import Page
from .state import BrowserChoices, Screen

TICK_S = 0.04
_MOST_RESULTS = 2
"""Of one pair, in the memory of a server that others use too."""


class SessionApplication:
    """The session.

    A handler that the browser calls only starts something and returns: wslink reads no further message until it has. What takes time
    runs in a thread or in the worker process; nodes are made and changed on the event loop alone.

    Args:
        folder: private to the session, for what is downloaded.
        upload_limit: bytes that one upload may have.
        archive: where the reader may send to; None: nowhere.

    Attributes:
        server: of trame.
        panel: all that is decided.
        study: what is open.
        downloads: files for the reader.
    """

    def __init__(self, folder: Path, *, upload_limit: int, archive: ArchiveSettings | None = None) -> None:
        self.server = get_server(client_type="vue3")
        choices, screen = TypedState(self.server.state, BrowserChoices), TypedState(self.server.state, Screen)
        screen.data.upload_limit = upload_limit
        self._screen = screen
        slicer_app = SlicerApp()
        slicer.mrmlScene = slicer_app.scene  # where Slicer's own Python looks for it
        host = SessionHost(self.server, choices)
        host.study = self.study = OpenStudy(self.server, choices, screen, slicer_app.scene, folder)
        application = Application(slicer_app.scene, slicer_app.app_logic)
        self.panel = self.study.panel = Panel(host, application, session=SceneFusion(most_results=_MOST_RESULTS))
        host.views = LinkedViews(self.server, slicer_app, self.panel.views)
        host.views.on_window_changed = self.panel.display.on_windowed
        host.views.on_double_click = self.panel.review.make_full
        host.views.on_key = lambda key: press(self.panel, key)
        self.downloads = Downloads(folder)
        page = Page(self.server, self.panel, host, choices, screen, self.downloads, SiteArchive(archive) if archive is not None else None)
        host.drawings = page.drawings
        self.study.on_opened = self.panel.advanced.start_worker  # not before: loading PyTorch takes the time that the first images need
        choices.bind_changes({(choices.name,): lambda *_: self.panel.refresh()})
        self.panel.review.arranged(host.views.renderers())

    def start(self, paths: Sequence[Path], ahead: ReadAhead) -> None:
        """Called once, in the event loop: opens what was named, or the phantom, which is being read, and sets the timer going."""
        self._timer = asyncio.create_task(self._run())
        self.study.open(paths, ahead=ahead)

    def open(self, paths: Sequence[Path], *, is_upload: bool = False) -> None:
        """Opens a study in the place of the one that is open. Returns at once."""
        self.study.open(paths, is_upload=is_upload)

    async def _run(self) -> None:
        """The timer."""
        while True:
            await asyncio.sleep(TICK_S)
            try:
                with self.server.state:
                    self.study.update()
                    self.panel.tick()
            except Exception as error:  # the session goes on; what failed is seen on the page, and where, in the log
                report(error)
                self.panel.fusion.say(f"This did not work ({type(error).__name__}).")
