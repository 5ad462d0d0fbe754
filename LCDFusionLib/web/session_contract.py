"""What the front server and a session's process say to each other; both ends use this module.

Each browser session has a process of its own, because a process has one MRML scene. The front server starts it as

    python -m LCDFusionLib.web.app --session FOLDER

FOLDER is private to the session (mode 0700) and is its temporary folder (TMPDIR); it is removed when the session ends. A message is a
JSON object in one line:

- to the session, on its standard input, first {"do": "start", "secret": ..., "inputs": [...], "upload_limit": ..., "archive": null or the
  fields of `ArchiveSettings`}, later any number of
  {"do": "unpack", "folder": ..., "total": ...} for what the reader has uploaded (its files lie in the folder, their names in `NAMES`; what
  comes out lies in its `files`, and has `total` bytes at most), {"do": "stop", "folder": ...} where the reader has gone meanwhile, and
  {"do": "open", "folder": ...} when it may be shown. `inputs` are absolute paths: none (show the phantom), one (a study) or
  two (anatomy, function). They come this way because everybody on the machine can read a command line, and paths hold patients' names;
- from the session, on its standard output, {"event": "unpacked", "folder": ..., "files": ..., "notes": [...]} or {"event": "unpacked",
  "folder": ..., "error": sentence, "status": ...} for each "unpack": archives are opened where a bad one harms its own reader alone;
  and once {"event": "ready", "port": ...}: it now serves HTTP and WebSocket on that port of
  127.0.0.1. Until then the reader sees that the session is starting, so the scene may well be filled before.

The session answers only requests that carry the secret (`guard`): another user of the machine, and another session, gets 403. The front
server adds it on the way, and takes off what browsers send under that name. An uploaded folder lies within FOLDER and is the session's
from then on; what is wrong with it the session says in its own panel, as it does with `inputs`.

The session ends when its standard input closes, in the middle of anything: then the front server wants it to, or has died. Whatever the
session prints, on either output, is for its log; it must not name a patient, nor a path that the user gave.

In the session, for trame::

    link = SessionLink(folder)  # first of all: from here on it ends with the front server
    server.controller.on_server_bind.add(lambda wslink_server: link.guard(wslink_server.app))
    server.controller.on_server_ready.add(lambda **_: link.ready(server.port))
    link.on_open(load_folder)  # called in the event loop
    server.start(port=0, host="127.0.0.1", timeout=0, open_browser=False, show_connection_info=False)
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import shutil
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NoReturn

from aiohttp import web

SECRET_HEADER = "X-LCDFusion-Session"
"""Of a request that comes from the front server."""

UPLOAD_PATH = "/upload"
"""Where the panel sends files: `POST`, multipart/form-data, any number of files, answered with JSON as `front/upload.py` says."""

LEAVE_PATH = "/leave"
"""Where the panel sends an empty `POST` (a form's, so that the answer is shown) when the reader has done: the session ends at once."""

NAMES = "names.json"
"""In the folder of an upload: a list of [name that the browser gave, name of the file in the folder]."""

MODULE = "LCDFusionLib.web.app"


def encode(message: dict[str, Any]) -> bytes:
    """One line."""
    return json.dumps(message).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """The message in a line."""
    return json.loads(line)


@dataclass(frozen=True)
class ArchiveSettings:
    """Where readers may send fused series. A password comes in the environment, as for `lcdfusion send`.

    Attributes:
        address: as `lcdfusion send` takes it.
        user: of a DICOMweb service that asks for one.
        open_in: of a viewer that shows the archive's studies, such as "https://ohif.example.org/viewer"; None where there is none.
    """

    address: str
    user: str | None = None
    open_in: str | None = None


class SessionLink:
    """The session's end. It waits for the first message; from then on a thread listens.

    Standard output is kept for messages: what libraries print there goes to standard error from now on.

    Args:
        folder: of the session, removed when the front server is gone.

    Attributes:
        inputs: what to open first: none, a study, or anatomy and function.
        upload_limit: bytes that one upload may have.
        archive: where readers may send to; None: nowhere.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._output = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._messages: SimpleQueue[dict[str, Any]] = SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        start = self._messages.get()
        self._secret: str = start["secret"]
        self.inputs = [Path(path) for path in start["inputs"]]
        self.upload_limit: int = start["upload_limit"]
        self.archive = ArchiveSettings(**start["archive"]) if start.get("archive") else None

    def _read(self) -> NoReturn:
        stopping: dict[str, threading.Event] = {}
        for line in sys.stdin.buffer:
            message = decode(line)
            if message["do"] == "unpack":
                stop = stopping[message["folder"]] = threading.Event()
                threading.Thread(target=self._unpack, args=(Path(message["folder"]), message["total"], stop), daemon=True).start()
            elif message["do"] == "stop":
                stopping[message["folder"]].set()
            else:
                self._messages.put(message)
        shutil.rmtree(self.folder, ignore_errors=True)  # leave no patient's image behind, even where the front server was killed
        os._exit(0)

    def _unpack(self, folder: Path, total: int, stop: threading.Event) -> None:
        from .unpack import unpack_folder

        answer = unpack_folder(folder, NAMES, total=total, stopped=stop.is_set)
        self._output.write(encode({"event": "unpacked", "folder": str(folder), **answer}))

    def guard(self, app: web.Application) -> None:
        """Refuse requests, WebSocket included, that do not come from the front server; to be called before the server starts."""

        @web.middleware
        async def from_the_front_alone(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), self._secret.encode()):
                raise web.HTTPForbidden
            return await handler(request)

        app.middlewares.insert(0, from_the_front_alone)

    def ready(self, port: int) -> None:
        """Tell the front server that requests are answered on this port of 127.0.0.1."""
        self._output.write(encode({"event": "ready", "port": port}))

    def on_open(self, open_folder: Callable[[Path], object]) -> None:
        """Call `open_folder`, in the event loop that is the current one now, for each upload."""
        loop = asyncio.get_event_loop()

        def listen() -> None:
            while True:
                message = self._messages.get()
                if message["do"] == "open":
                    loop.call_soon_threadsafe(open_folder, Path(message["folder"]))

        threading.Thread(target=listen, daemon=True).start()
