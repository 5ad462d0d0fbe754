"""The front server: one address for all browsers, behind which each has a session of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web

from LCDFusionLib.errors import InputError

from ..session_contract import LEAVE_PATH, UPLOAD_PATH
from . import pages
from .access import Access, TooManyAttemptsError
from .private_folder import PrivateFolder
from .proxy import Proxy
from .same_origin import HEADERS, SameOrigin
from .sessions import NoPlaceError, Session, Sessions
from .settings import FrontSettings
from .upload import receive
from .waiting_room import WaitingRoom

_MOST_AGAIN = 1000
_AGAIN_SECONDS = 60.0

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FrontServer:
    """Answers requests; made within a running event loop.

    Args:
        settings: of the server.
        folder: private to it.
    """

    def __init__(self, settings: FrontSettings, folder: PrivateFolder) -> None:
        self.access = Access(settings)
        self.folder = folder
        self.waiting_room = WaitingRoom()
        self._settings = settings
        self._same_origin = SameOrigin(settings)
        self._sessions = Sessions(settings, folder)
        self._proxy = Proxy()
        self._again: dict[str, float] = {}
        self.app = web.Application(middlewares=[self._check], client_max_size=2**16)
        self.app.on_response_prepare.append(_add_headers)
        self.app.add_routes(
            [
                web.get("/login", self._show_login),
                web.post("/login", self._log_in),
                web.post(LEAVE_PATH, self._leave),
                web.post(UPLOAD_PATH, self._upload),
                web.route("*", "/{path:.*}", self._view),
            ]
        )

    async def close(self) -> None:
        """End all sessions."""
        await self._sessions.close()
        await self._proxy.close()

    @web.middleware
    async def _check(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Before anything else: is the request for us, and from a page of ours where that matters."""
        if request.transport is not None and (request.method, request.path) != ("POST", "/login"):  # whose form may come slowly too
            self.waiting_room.leave(request.transport)
        if not self._same_origin.knows_host(request):
            return pages.refused("The viewer is not known under this name; ask whoever runs it for its address (--public-url).", 421)
        changes = request.method not in ("GET", "HEAD") or "Upgrade" in request.headers
        if changes and not self._same_origin.is_from_own_page(request):
            return pages.refused("The request comes from another web site.", 403)
        if request.method not in ("GET", "HEAD", "POST"):
            return pages.refused("The viewer knows no such request.", 405)
        try:
            return await handler(request)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception as error:  # a fault of ours; what it says may name a file, and where it is does not
            print(f"lcdfusion: a request failed ({type(error).__name__}) at", *traceback.format_tb(error.__traceback__), file=sys.stderr)
            return pages.refused("The server has made a mistake; reload the page.", 500)

    async def _show_login(self, request: web.Request) -> web.StreamResponse:
        return pages.log_in()

    async def _log_in(self, request: web.Request) -> web.StreamResponse:
        try:
            word = await _token_in(request)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception:  # no form, or one that broke off within a piece
            return pages.refused("The request is not what the page's form sends.", 400)
        finally:
            if request.transport is not None:
                self.waiting_room.leave(request.transport)
        try:
            if not await self.access.is_right(word, request):
                return pages.log_in(
                    "That is not the token, or a link that was used before. The token is printed where the viewer was started.", 403
                )
        except TooManyAttemptsError:
            return pages.log_in("Too many wrong tokens are being tried; wait a little.", 429)
        response = _see("/")
        self.access.let_in(request, response)
        return response

    async def _leave(self, request: web.Request) -> web.StreamResponse:
        if reader := self.access.reader(request):
            self._sessions.end(reader)
        response = pages.left()
        self.access.put_out(request, response)
        return response

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        reader = self.access.reader(request)
        session = self._sessions.of(reader) if reader else None
        if session is None or session.process.port is None:
            return web.json_response({"error": "The session has ended; reload the page."}, status=409 if reader else 401)
        return await receive(request, session, self._settings)

    async def _view(self, request: web.Request) -> web.StreamResponse:
        reader = self.access.reader(request)
        if reader is None:
            return self._let_in(request)
        if "again" in request.query:
            return _see("/")
        session = self._sessions.of(reader)
        opens = request.path in ("/", "/index.html") and self._same_origin.is_navigation(request)
        note = ""
        if opens and (session is None or session.process.exit_code is not None):
            if session is not None:
                note = "The last session ended unexpectedly; this is a new one."
                if not session.process.was_ready:
                    self._sessions.end(reader)
                    return pages.failed(
                        "The session's process ended while it was starting; what it said is printed where the viewer was started."
                    )
            try:
                session = await self._sessions.open(reader)
            except NoPlaceError:
                return pages.no_place(self._settings.max_sessions)
            except OSError as error:
                return pages.failed(f"The server cannot start a process ({error.strerror}).")
        if session is None or session.process.exit_code is not None:
            return pages.refused("The session has ended; open the viewer again.", 410)
        return await self._show(request, session, note)

    def _is_our_again(self, request: web.Request) -> bool:
        issued = self._again.pop(request.query.get("again", ""), None)
        return issued is not None and time.monotonic() - issued < _AGAIN_SECONDS

    async def _show(self, request: web.Request, session: Session, note: str) -> web.StreamResponse:
        if session.process.port is None:
            session.touch()
            return pages.starting(note)
        try:
            return await self._proxy.pass_on(request, session)
        except aiohttp.ClientError:
            return pages.refused("The session does not answer; reload the page.", 502)

    def _let_in(self, request: web.Request) -> web.StreamResponse:
        """The user who started the server gets in unasked, others are asked for the token."""
        if not self._same_origin.is_navigation(request):
            return pages.refused("The session has ended; open the viewer again.", 401)
        is_own_user = self.access.is_own_user(request)
        if request.headers.get("Sec-Fetch-Site") == "cross-site" and not self._is_our_again(request):
            # Browsers keep the cookie back when a link of another site is followed. Letting such a request in would give the browser a new
            # cookie in the place of the one that it has, and so take its session away: only our own page may lead on, by a word of ours.
            word = secrets.token_urlsafe(16)
            if is_own_user:  # others it would lead to the token at most, so that nobody else has one to put into a link
                self._again = dict(list(self._again.items())[-_MOST_AGAIN:]) | {word: time.monotonic()}
            return pages.again(word)
        if not is_own_user:
            return _see("/login")
        response = _see("/")
        self.access.let_in(request, response)
        return response


async def serve(settings: FrontSettings, *, started: Callable[[FrontServer, int], None]) -> bool:
    """Serve until the process is told to end (Ctrl-C, SIGTERM, a closed terminal); then nothing is left. True after Ctrl-C.

    Args:
        settings: of the server.
        started: called with the server and its port once it answers.

    Raises:
        InputError: it cannot listen there.
    """
    loop, end, told = asyncio.get_running_loop(), asyncio.Event(), []

    def tell(number: signal.Signals) -> None:
        told.append(number)
        end.set()

    for number in (getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)):
        if signal.getsignal(number) != signal.SIG_IGN:  # `nohup` stays as it is
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, tell, number)
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # quotes what browsers send
    folder = PrivateFolder()
    try:
        front, server = FrontServer(settings, folder), None
        runner = web.AppRunner(front.app, access_log=None, handle_signals=False, shutdown_timeout=1.0)
        try:
            await runner.setup()
            answering = runner.server
            assert answering is not None
            try:
                server = await loop.create_server(lambda: front.waiting_room.enter(answering()), settings.host, settings.port)
            except OSError as error:
                raise InputError(
                    f"'{settings.host}' port {settings.port} cannot be listened on ({error.strerror}); "
                    "choose another --port (0 for any that is free) or --host."
                ) from error
            started(front, server.sockets[0].getsockname()[1])
            await end.wait()
            if signal.SIGINT not in told:  # then the command says so itself
                print("lcdfusion: ending all sessions.", file=sys.stderr)
        finally:
            if server is not None:
                server.close()
            await front.close()
            await runner.cleanup()
    finally:
        folder.close()
    return signal.SIGINT in told


async def _token_in(request: web.Request) -> str:
    """What the form of the login page sends, UTF-8 and nothing else: a client that could choose the encoding could choose its cost.

    Raises:
        ValueError: it is something else.
    """
    if request.content_type != "application/x-www-form-urlencoded" or (request.charset or "utf-8").lower() != "utf-8":
        raise ValueError
    return parse_qs((await request.read()).decode(), keep_blank_values=True, max_num_fields=1).get("token", [""])[0]


def _see(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.pop("Server", None)
