"""Files that a reader fetches: each under an address of its own, once, streamed from the private folder, then gone."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import tempfile
from pathlib import Path

from aiohttp import web

KEPT_S = 300
"""Seconds after which a file that nobody fetched is removed."""


class Downloads:
    """What is offered at the moment.

    Args:
        folder: private to the session; each download gets a folder in it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offers: dict[str, Path] = {}

    def add_route(self, app: web.Application) -> None:
        """Before the server starts."""
        app.router.add_get("/download/{key}/{name}", self._send)

    def new_folder(self) -> Path:
        """An empty one for what will be offered, or discarded."""
        return Path(tempfile.mkdtemp(prefix="download-", dir=self._folder))

    def offer(self, file: Path) -> str:
        """The address of a file in a `new_folder`, relative to the page."""
        key = secrets.token_urlsafe(16)
        self._offers[key] = file
        asyncio.get_running_loop().call_later(KEPT_S, self._remove, key)
        return f"download/{key}/{file.name}"

    def discard(self, folder: Path) -> None:
        """Removes a `new_folder`."""
        shutil.rmtree(folder, ignore_errors=True)

    async def _send(self, request: web.Request) -> web.StreamResponse:
        key = request.match_info["key"]
        file = self._offers.get(key)
        if file is None or not file.is_file():
            raise web.HTTPNotFound(text="This file was fetched already; export it again.")
        response = web.FileResponse(
            file, headers={"Content-Disposition": f'attachment; filename="{file.name}"', "Cache-Control": "no-store"}
        )
        try:
            with contextlib.suppress(ConnectionError):
                await response.prepare(request)
        finally:
            self._remove(key)
        return response

    def _remove(self, key: str) -> None:
        file = self._offers.pop(key, None)
        if file is not None:
            self.discard(file.parent)
