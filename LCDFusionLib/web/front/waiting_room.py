"""Connections that have not sent a whole request yet: for how long, and how many of one client, so that slow ones shut nobody out."""

from __future__ import annotations

import asyncio
from typing import Any

SECONDS = 15.0
"""For which a new connection may take until its first request is there."""

MOST_OF_A_CLIENT = 64
"""Of which the longest waiting makes room for the next: who means it sends a request at once."""


class WaitingRoom:
    """Of one server."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.BaseTransport, tuple[str, asyncio.TimerHandle]] = {}

    def enter(self, protocol: Any) -> asyncio.Protocol:
        """A connection's protocol, which is watched until `leave`."""
        return _Watched(protocol, self)

    def come(self, transport: asyncio.Transport) -> None:
        """A connection was opened."""
        client = (transport.get_extra_info("peername") or ("",))[0]
        same = [each for each, (of, _) in self._waiting.items() if of == client]  # in the order in which they came
        if len(same) >= MOST_OF_A_CLIENT:
            self._shut(same[0])
        self._waiting[transport] = (client, asyncio.get_running_loop().call_later(SECONDS, self._shut, transport))

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """A request has come whole, or the connection has gone."""
        if waiting := self._waiting.pop(transport, None):
            waiting[1].cancel()

    def _shut(self, transport: asyncio.BaseTransport) -> None:
        self.leave(transport)
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()


class _Watched(asyncio.Protocol):
    """Passes everything on."""

    def __init__(self, protocol: Any, room: WaitingRoom) -> None:
        self._protocol, self._room = protocol, room
        self.data_received = protocol.data_received  # type: ignore[method-assign]
        self.eof_received = protocol.eof_received  # type: ignore[method-assign]
        self.pause_writing = protocol.pause_writing  # type: ignore[method-assign]
        self.resume_writing = protocol.resume_writing  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._room.come(transport)
        self._protocol.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._room.leave(self._transport)
        self._protocol.connection_lost(exc)
