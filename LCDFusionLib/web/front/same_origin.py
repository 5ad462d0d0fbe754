"""Requests that other web sites make browsers send are refused, and pages say what browsers must not do with them."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from aiohttp import web

from .access import is_own_machine
from .settings import FrontSettings

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # nothing for other sites; with "no-referrer" forms would say `Origin: null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every response."""

SESSION_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Vue compiles trame's templates in the browser
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self' data: blob:",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Content security policy of a session's pages: nothing from elsewhere, and nothing sent there."""


class SameOrigin:
    """Knows by which names browsers may call the server.

    A page of another site whose name was made to lead here (DNS rebinding) is told from ours by the name in `Host`; a request that another
    site's page sends, by `Origin`.
    """

    def __init__(self, settings: FrontSettings) -> None:
        self._names = {"localhost"}
        self._takes_addresses = not is_own_machine(settings.host)
        if self._takes_addresses:
            self._names |= {socket.gethostname().lower(), socket.getfqdn().lower(), settings.host.lower()}
        if settings.public_url:
            self._names.add((urlsplit(settings.public_url).hostname or "").lower())

    def knows_host(self, request: web.Request) -> bool:
        """True if the request is for a name of this server."""
        try:
            name = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)  # no name, so it cannot have been made to lead here
        except ValueError:
            return False
        return self._takes_addresses or address.is_loopback

    @staticmethod
    def is_from_own_page(request: web.Request) -> bool:
        """True if a page of this server sent the request; browsers always say so where it matters."""
        origin = urlsplit(request.headers.get("Origin", ""))
        return origin.scheme in ("http", "https") and origin.netloc.lower() == request.headers.get("Host", "").lower()

    @staticmethod
    def is_navigation(request: web.Request) -> bool:
        """True if somebody opens the address in a tab, not a picture or a frame in some page; programs are taken at their word."""
        return (
            request.method == "GET"
            and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
            and request.headers.get("Sec-Fetch-Dest", "document") == "document"
        )
