"""Who gets in: the user who started the server, and whoever has its token. Once in, a reader is known by a cookie."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import secrets
import socket
import time

from aiohttp import web

from LCDFusionLib.errors import InputError

from .same_user import CAN_TELL, is_of_same_user
from .settings import FrontSettings

SHORTEST_TOKEN = 16
TICKET_SECONDS = 60.0
"""For which the link that opens the user's own browser is good."""

WRONG_TOKEN_SECONDS = 1.0
"""That a wrong token costs."""

MOST_WAITING = 10
"""Attempts of one client to get in that may wait for one another."""

MOST_CLIENTS_WAITING = 1000

FORGET_AFTER = 12 * 3600.0
"""Seconds after which a reader who did nothing has to give the token again."""


class TooManyAttemptsError(Exception):
    """So many wrong tokens come in that no more are looked at."""


def is_own_machine(host: str) -> bool:
    """True if an address to listen on, or that a browser asked for, is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_token(token: str) -> str:
    """The token; InputError if it could be guessed."""
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(
            f"The access token must have at least {SHORTEST_TOKEN} characters, letters, digits and signs without spaces; "
            "leave it out and one is made."
        )
    return token


class Access:
    """The door of a front server.

    Args:
        settings: of the server; without a token only the user who started it gets in.
    """

    def __init__(self, settings: FrontSettings) -> None:
        self._token = settings.token
        self._is_public = settings.public_url is not None
        # What a proxy on this machine passes on is not of this user, even where the proxy is.
        self.knows_own_user = CAN_TELL and is_own_machine(settings.host) and not self._is_public
        self._is_secure = (settings.public_url or "").startswith("https:")
        self._readers: dict[str, float] = {}
        self._tickets: dict[str, float] = {}
        self._attempts: dict[str, tuple[asyncio.Lock, int]] = {}

    def reader(self, request: web.Request) -> str | None:
        """Who sends a request, by the cookie; None: somebody who has not got in."""
        reader = request.cookies.get(self._cookie(request), "")
        now = time.monotonic()
        if now - self._readers.get(reader, now - 2 * FORGET_AFTER) > FORGET_AFTER:
            self._readers.pop(reader, None)
            return None
        self._readers[reader] = now
        return reader

    def is_own_user(self, request: web.Request) -> bool:
        """True if the request comes from a program of the user who started the server, and through no proxy."""
        connection = request.transport.get_extra_info("socket") if request.transport else None
        passed_on = {"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"} & request.headers.keys()
        return self.knows_own_user and not passed_on and connection is not None and is_of_same_user(_as_socket(connection))

    async def is_right(self, word: str, request: web.Request) -> bool:
        """True if this is the token, or a ticket that was not used yet. A wrong one costs time, also the same client's next one.

        Raises:
            TooManyAttemptsError: too many of this client are waiting already.
        """
        client, given = self.client(request), word.encode(errors="replace")  # a form can hold half of a pair of surrogates
        turns, waiting = self._attempts.get(client) or (asyncio.Lock(), 0)
        if waiting >= MOST_WAITING or (not waiting and len(self._attempts) >= MOST_CLIENTS_WAITING):
            raise TooManyAttemptsError
        self._attempts[client] = (turns, waiting + 1)
        try:
            async with turns:
                if self._token is not None and hmac.compare_digest(given, self._token.encode()):
                    return True
                issued = [ticket for ticket in self._tickets if hmac.compare_digest(given, ticket.encode())]
                if issued and time.monotonic() - self._tickets.pop(issued[0]) < TICKET_SECONDS:
                    return True
                await asyncio.sleep(WRONG_TOKEN_SECONDS)
                return False
        finally:
            waiting = self._attempts[client][1] - 1
            if waiting:
                self._attempts[client] = (turns, waiting)
            else:
                del self._attempts[client]

    def client(self, request: web.Request) -> str:
        """Where a request comes from: the other end's address, or what the reverse proxy says; of IPv6 the network, which is one's."""
        address = request.remote or ""
        if self._is_public:  # the last entry is the proxy's own, all before it are whatever the client said
            address = request.headers.get("X-Forwarded-For", address).rpartition(",")[2].strip()
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return address[:64]
        return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)

    def ticket(self) -> str:
        """A word that lets one reader in, once, within a minute: others see the command line of the browser that it is given to."""
        ticket = secrets.token_urlsafe(32)
        self._tickets[ticket] = time.monotonic()
        return ticket

    def let_in(self, request: web.Request, response: web.StreamResponse) -> str:
        """Make a new reader, whom the response gives the cookie."""
        now = time.monotonic()
        self._readers = {reader: seen for reader, seen in self._readers.items() if now - seen < FORGET_AFTER}
        reader = secrets.token_urlsafe(32)
        self._readers[reader] = now
        response.set_cookie(self._cookie(request), reader, httponly=True, samesite="Strict", secure=self._is_secure, path="/")
        return reader

    def put_out(self, request: web.Request, response: web.StreamResponse) -> None:
        """Forget the reader who sends a request."""
        self._readers.pop(request.cookies.get(self._cookie(request), ""), None)
        response.del_cookie(self._cookie(request), path="/", secure=self._is_secure, httponly=True, samesite="Strict")

    def _cookie(self, request: web.Request) -> str:
        """Its name. Browsers send cookies to all ports of a host, so the port is in it; the prefix makes them insist on TLS."""
        if self._is_secure:
            return "__Host-lcdfusion"
        port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
        return f"lcdfusion-{port}"


def _as_socket(connection: object) -> socket.socket:
    """What asyncio gives is a socket with fewer methods, those that are asked for among the rest."""
    return connection  # type: ignore[return-value]
