"""Which reader has which session, how many there may be, and when one has had its time."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator

from .private_folder import PrivateFolder
from .session_process import SessionProcess
from .settings import FrontSettings

REPLACE_SPARE_AFTER = 15.0
"""Seconds before a spare session is started in the place of one that was taken: the reader's first views come first."""

RETRY_SPARE_AFTER = 60.0
"""Seconds, where one could not be started."""

TEND_EVERY = 0.5
"""Seconds."""


class NoPlaceError(Exception):
    """All sessions that there may be are in use."""


class Session:
    """A reader's session.

    Attributes:
        process: that does it.
        uploading: True while an upload comes in.
    """

    def __init__(self, process: SessionProcess, settings: FrontSettings) -> None:
        self.process = process
        self.uploading = False
        self._settings = settings
        self._connections = 0
        self._orderly = True
        self.touch()

    def touch(self) -> None:
        """It is in use at this moment."""
        self._last_use = time.monotonic()

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Within, a request or a WebSocket keeps it alive."""
        self._connections += 1
        self.touch()
        try:
            yield
        finally:
            self._connections -= 1
            self._orderly = True
            self.touch()

    def connection_was_lost(self) -> None:
        """The last one ended without a goodbye: whoever had it may come back."""
        self._orderly = False

    @property
    def is_over(self) -> bool:
        """True if nobody has used it for as long as it may stand unused."""
        unused = time.monotonic() - self._last_use
        if self._connections:
            return 0 < self._settings.idle_limit < unused
        return unused > (self._settings.grace if self._orderly else self._settings.grace_lost)


class Sessions:
    """All sessions of a front server.

    Args:
        settings: of the server.
        folder: in which sessions get theirs.
    """

    def __init__(self, settings: FrontSettings, folder: PrivateFolder) -> None:
        self._settings = settings
        self._folder = folder
        self._sessions: dict[str, Session] = {}
        self._spare: SessionProcess | None = None
        self._spare_due = 0.0
        self._lock = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()
        self._tending = asyncio.create_task(self._tend())

    def of(self, reader: str) -> Session | None:
        """The session of a reader; its process may have died."""
        return self._sessions.get(reader)

    async def open(self, reader: str) -> Session:
        """A new session for a reader, in the place of the one they had.

        Raises:
            NoPlaceError: there is no place for one more.
            OSError: it cannot be started.
        """
        async with self._lock:
            self.end(reader)
            if len(self._sessions) >= self._settings.max_sessions:
                raise NoPlaceError
            process, self._spare = self._spare, None
            if process and process.exit_code is not None:
                process = None
            self._spare_due = time.monotonic() + REPLACE_SPARE_AFTER
            session = Session(process or await self._start(), self._settings)
            self._sessions[reader] = session
            return session

    def end(self, reader: str) -> None:
        """End a reader's session, if there is one; its place is free at once."""
        if session := self._sessions.pop(reader, None):
            self._let_end(session.process)

    async def close(self) -> None:
        """End all, and wait until they have ended."""
        self._tending.cancel()
        await asyncio.gather(self._tending, return_exceptions=True)
        async with self._lock:
            for reader in list(self._sessions):
                self.end(reader)
            if self._spare:
                self._let_end(self._spare)
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def _start(self) -> SessionProcess:
        return await SessionProcess.start(self._settings, self._folder.for_session())

    def _let_end(self, process: SessionProcess) -> None:
        task = asyncio.create_task(process.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _tend(self) -> None:
        """Again and again: end what is over, see to the spare."""
        while True:
            for reader, session in list(self._sessions.items()):
                if session.is_over:
                    self.end(reader)
            try:
                self._folder.keep()
                async with self._lock:
                    await self._tend_spare()
            except OSError as error:
                print(f"lcdfusion: a session cannot be started ({error.strerror}).", file=sys.stderr)
                self._spare_due = time.monotonic() + RETRY_SPARE_AFTER
            await asyncio.sleep(TEND_EVERY)

    async def _tend_spare(self) -> None:
        if self._spare and self._spare.exit_code is not None:
            self._spare, self._spare_due = None, time.monotonic() + RETRY_SPARE_AFTER  # it may be broken for good
        has_place = len(self._sessions) < self._settings.max_sessions
        if self._spare and not has_place:
            self._let_end(self._spare)
            self._spare = None
        elif self._settings.spare and not self._spare and has_place and time.monotonic() >= self._spare_due:
            self._spare = await self._start()
