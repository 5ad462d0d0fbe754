"""What the front server is told at its start."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from ..session_contract import MODULE, ArchiveSettings

MEBIBYTE = 2**20


@dataclass(frozen=True)
class FrontSettings:
    """Of one front server.

    Attributes:
        host: address to listen on; anything but this machine's own (127.0.0.1, ::1, localhost) needs a token.
        port: 0: any that is free.
        inputs: absolute paths that every session opens first: none (phantom), a study, or anatomy and function.
        token: what readers have to give once to get in; None: nobody but the user who started the server gets in, without one.
        public_url: how browsers reach the server through a reverse proxy, such as "https://fusion.example.org"; None: directly.
        max_sessions: browser sessions at once.
        spare: keep one session started, so that the next reader need not wait.
        upload_limit: bytes of one upload; a session's unpacked files may have four times as many.
        grace: seconds that a session lives on after its last tab was closed (a reload closes and opens).
        grace_lost: the same where the connection broke without being closed, as when a laptop sleeps.
        idle_limit: seconds that a session may stand unused in an open tab; 0: for ever.
        archive: where readers may send fused series; None: nowhere.
        command: the session's program, to which `--session FOLDER` is added.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    inputs: tuple[Path, ...] = ()
    token: str | None = None
    public_url: str | None = None
    max_sessions: int = 4
    spare: bool = True
    upload_limit: int = 2048 * MEBIBYTE
    grace: float = 30.0
    grace_lost: float = 300.0
    idle_limit: float = 4 * 3600.0
    archive: ArchiveSettings | None = None
    command: tuple[str, ...] = (sys.executable, "-m", MODULE)
