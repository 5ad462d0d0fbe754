"""The process of one session; the front server starts it. What goes in and out is in `session_contract.py`."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from ..session_contract import SessionLink

if TYPE_CHECKING:
    from wslink.backends.aiohttp import WebAppServer


def main() -> None:
    """Serve one reader until standard input closes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--session", type=Path, required=True, help="private folder")
    link = SessionLink(parser.parse_args().session)

    # After the link stands: this takes seconds, in which the front server may go.
    from .ahead import ReadAhead

    ahead = ReadAhead(link.inputs, link.folder)
    from .application import SessionApplication

    application = SessionApplication(link.folder, upload_limit=link.upload_limit, archive=link.archive)
    server = application.server

    def on_bind(wslink_server: WebAppServer) -> None:
        link.guard(wslink_server.app)
        application.downloads.add_route(wslink_server.app)

    def on_ready(**_: object) -> None:
        application.start(link.inputs, ahead)
        link.on_open(lambda folder: application.open([folder], is_upload=True))
        link.ready(server.port)

    server.controller.on_server_bind.add(on_bind)
    server.controller.on_server_ready.add(on_ready)
    server.start(port=0, host="127.0.0.1", timeout=0, open_browser=False, show_connection_info=False)


if __name__ == "__main__":
    asyncio.set_event_loop(asyncio.new_event_loop())
    main()
