"""The way from a browser to its session's process and back, for HTTP and WebSocket."""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from ..session_contract import SECRET_HEADER
from .same_origin import SESSION_POLICY
from .sessions import Session

HEARTBEAT = 30.0
"""Seconds between two pings to the browser, so that a line that is gone is noticed, and proxies do not cut a quiet one."""

LARGEST_MESSAGE = 8 * 2**20
"""Bytes of one message from the browser; trame's are of 4 MiB at most."""

# What concerns one connection only (RFC 9110, section 7.6.1), and what is between browser and front server.
_OF_ONE_CONNECTION = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection"}
_NOT_FORWARDED = _OF_ONE_CONNECTION | {
    *("host", "cookie", "authorization", "proxy-authorization", "origin", "referer", SECRET_HEADER.lower()),
    *("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"),
}
_NOT_RETURNED = _OF_ONE_CONNECTION | {
    *("set-cookie", "server", "date", "content-security-policy", "access-control-allow-origin", "cache-control", "pragma", "expires"),
}
_UNCHANGING = ("text/javascript", "application/javascript", "text/css", "font/", "image/svg")

_WebSocket: TypeAlias = "web.WebSocketResponse[Any] | aiohttp.ClientWebSocketResponse[Any]"


class Proxy:
    """Passes requests on; one for all sessions."""

    def __init__(self) -> None:
        self._client = aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, connect=10),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent"),
        )

    async def close(self) -> None:
        """Close what is open."""
        await self._client.close()

    async def pass_on(self, request: web.Request, session: Session) -> web.StreamResponse:
        """Answer a request with what the session says.

        Raises:
            aiohttp.ClientError: the session does not answer.
        """
        with session.in_use():
            if request.headers.get("Upgrade", "").lower() != "websocket":
                return await self._pass_on_http(request, session)
            response, was_closed = await self._pass_on_websocket(request, session)
        if not was_closed:
            session.connection_was_lost()
        return response

    async def _pass_on_http(self, request: web.Request, session: Session) -> web.StreamResponse:
        async with self._client.request(
            request.method,
            _address("http", request, session),
            headers=_headers(request, session),
            data=request.content if request.can_read_body else None,
            allow_redirects=False,
        ) as answer:
            headers = CIMultiDict((name, value) for name, value in answer.headers.items() if name.lower() not in _NOT_RETURNED)
            headers["Content-Security-Policy"] = SESSION_POLICY
            headers["Cache-Control"] = "private, no-cache" if answer.content_type.startswith(_UNCHANGING) else "no-store"
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            try:
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
            except aiohttp.ClientError:  # one end has gone in the middle: the other shall not take it for the whole
                if request.transport:
                    request.transport.abort()
            return response

    async def _pass_on_websocket(self, request: web.Request, session: Session) -> tuple[web.WebSocketResponse, bool]:
        """The response, and whether the browser closed it, rather than the line having broken."""
        protocols = [word.strip() for word in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if word.strip()]
        async with self._client.ws_connect(
            _address("ws", request, session),
            headers={SECRET_HEADER: session.process.secret},
            protocols=protocols,
            max_msg_size=0,
            compress=0,
        ) as inner:
            outer = web.WebSocketResponse(
                protocols=[inner.protocol] if inner.protocol else [], heartbeat=HEARTBEAT, max_msg_size=LARGEST_MESSAGE, compress=False
            )
            await outer.prepare(request)
            directions = [asyncio.create_task(_copy(outer, inner, session)), asyncio.create_task(_copy(inner, outer, session))]
            try:
                await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
                browser_went = directions[0].done()
            finally:
                for direction in directions:
                    direction.cancel()
                await asyncio.gather(*directions, return_exceptions=True)
            was_closed = browser_went and outer.close_code not in (None, aiohttp.WSCloseCode.ABNORMAL_CLOSURE)
            await outer.close(code=aiohttp.WSCloseCode.GOING_AWAY)
            return outer, was_closed


async def _copy(
    source: _WebSocket,
    target: _WebSocket,
    session: Session,
) -> None:
    """Messages from one to the other until one of them is closed."""
    async for message in source:
        session.touch()
        if message.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)


def _address(scheme: str, request: web.Request, session: Session) -> URL:
    if not request.raw_path.startswith("/"):
        raise web.HTTPBadRequest
    return URL(f"{scheme}://127.0.0.1:{session.process.port}{request.raw_path}", encoded=True)


def _headers(request: web.Request, session: Session) -> CIMultiDict[str]:
    listed = {name.strip().lower() for name in request.headers.get("Connection", "").split(",")}
    kept = ((name, value) for name, value in request.headers.items() if name.lower() not in _NOT_FORWARDED | listed)
    headers = CIMultiDict(kept)
    headers[SECRET_HEADER] = session.process.secret
    return headers
