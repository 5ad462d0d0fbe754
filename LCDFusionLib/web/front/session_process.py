"""The process of one session as the front server sees it: started, waited for, told things, ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import LCDFusionLib

from ..session_contract import decode, encode
from .settings import FrontSettings

ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",
    # Volumes and buffers of views that are given up go back to the system at once. Left alone, glibc keeps what lies below 32 MB, once
    # something of that size was freed. Other C libraries do not look.
    "MALLOC_MMAP_THRESHOLD_": str(2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**20),
}
"""Of a session, where the user has not set it."""

PATIENCE = 2.0
"""Seconds that a session has for ending by itself after its input was closed."""

_LAST_WORDS = 4000
_LONGEST_LINE = 2**20


class SessionProcess:
    """One running session; make it with `start`.

    Attributes:
        folder: private to it, removed when it has ended.
        secret: what it wants to see in each request.
        port: where it answers, on 127.0.0.1; None: not yet, or no more.
        was_ready: True once it has answered.
        exit_code: None while it runs.
    """

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.folder = folder
        self.secret = secrets.token_urlsafe(32)
        self.port: int | None = None
        self.was_ready = False
        self.exit_code: int | None = None
        self._process = process
        self._last_words = ""
        self._told_to_end = False
        self._unpacking: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._watching = asyncio.create_task(self._watch())

    @classmethod
    async def start(cls, settings: FrontSettings, folder: Path) -> SessionProcess:
        """Start it; returns at once: `port` says when it is ready.

        Raises:
            OSError: it cannot be started.
        """
        library = Path(LCDFusionLib.__file__).resolve().parents[1]
        environment = {name: value for name, value in os.environ.items() if name != "LCDFUSION_TOKEN"}
        paths = [str(library), os.environ.get("PYTHONPATH", "")]
        process = await asyncio.create_subprocess_exec(
            *settings.command,
            "--session",
            str(folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            cwd=library,  # -m looks for modules there first: not in whatever folder the user is in
            env={
                **ENVIRONMENT,
                **environment,
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                "PYTHONUNBUFFERED": "1",
                "TMPDIR": str(folder),
                "WSLINK_READY_MSG": "",
                "WSLINK_HEART_BEAT": "0",  # a browser on a slow line is no dead one; the front server asks the browser itself
                "WSLINK_WS_COMPRESS": "0",  # images are compressed, and the way to the front server is short
            },
            start_new_session=True,  # Ctrl-C in the terminal is for the front server, which then ends its sessions
        )
        self = cls(process, folder)
        inputs = [str(path) for path in settings.inputs]
        archive = asdict(settings.archive) if settings.archive is not None else None
        self._send(do="start", secret=self.secret, inputs=inputs, upload_limit=settings.upload_limit, archive=archive)
        return self

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def open(self, folder: Path) -> None:
        """Hand over what was uploaded."""
        self._send(do="open", folder=str(folder))

    async def unpack(self, folder: Path, *, total: int) -> dict[str, Any]:
        """Let it unpack an upload; what it answers, as the contract says."""
        answer = self._unpacking[str(folder)] = asyncio.get_running_loop().create_future()
        self._send(do="unpack", folder=str(folder), total=total)
        try:
            if self.exit_code is not None:
                raise ConnectionError("the session has ended")
            return await answer
        except asyncio.CancelledError:  # the browser went away
            self._send(do="stop", folder=str(folder))
            raise
        finally:
            self._unpacking.pop(str(folder), None)

    async def end(self) -> None:
        """End it, at once, whatever it is doing; then its folder is gone."""
        self._told_to_end = True
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._watching), PATIENCE)
        except asyncio.TimeoutError:
            self._kill()
            await self._watching

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)  # its fusion worker too
            else:
                self._process.kill()

    def _send(self, **message: object) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, RuntimeError):  # it is dead: `exit_code` tells
            self._process.stdin.write(encode(message))

    async def _watch(self) -> None:
        """Listen to it until it ends, then remove its folder; say so if it was not told to."""
        await asyncio.gather(self._read_messages(), self._read_log())
        self.exit_code = await self._process.wait()
        self.port = None
        for answer in self._unpacking.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the session has ended"))
        if not self._told_to_end:
            print(f"lcdfusion: a session ended unexpectedly (exit code {self.exit_code}). Its last words:", file=sys.stderr)
            print(self._last_words.strip(), file=sys.stderr)
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def _read_messages(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            with contextlib.suppress(ValueError, KeyError, TypeError):  # a line that some library printed before the link stood
                message = decode(line)
                if message["event"] == "ready":
                    self.port = int(message["port"])
                    self.was_ready = True
                elif message["event"] == "unpacked" and not (answer := self._unpacking[message["folder"]]).done():
                    answer.set_result(message)

    async def _read_log(self) -> None:
        assert self._process.stderr is not None
        while text := await self._process.stderr.read(_LAST_WORDS):
            self._last_words = (self._last_words + text.decode(errors="replace"))[-_LAST_WORDS:]
