"""A session's program that keeps the contract and shows nothing: it says what it was told, and sends back what comes over its WebSocket."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

import aiohttp
from aiohttp import web

from LCDFusionLib.web.session_contract import SessionLink


async def main(folder: Path) -> None:
    print("a library prints what nobody asked for")
    link = SessionLink(folder)
    names = {path.name for path in link.inputs}
    if "broken" in names:
        sys.exit("the session cannot start")
    if "slow" in names:
        await asyncio.sleep(2)
    opened: list[str] = []
    words: dict[str, str] = {}

    async def page(request: web.Request) -> web.Response:
        state = {
            "pid": os.getpid(),
            "folder": str(folder),
            "inputs": [str(path) for path in link.inputs],
            "opened": opened,
            "headers": dict(request.headers),
            "environment": {name: os.environ.get(name) for name in ("TMPDIR", "LCDFUSION_TOKEN")},
            "words": words,
        }
        return web.json_response(state, headers={"Set-Cookie": "a=b", "Access-Control-Allow-Origin": "*"})

    async def script(request: web.Request) -> web.Response:
        return web.Response(text="1", content_type="text/javascript")

    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half a file")
        await asyncio.sleep(0.2)
        os._exit(7)

    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                await socket.send_bytes(message.data)
            elif message.data == "die":
                print("last words", file=sys.stderr, flush=True)
                os._exit(7)
            else:
                words.update(json.loads(message.data))
                await socket.send_str(message.data)
        return socket

    app = web.Application()
    link.guard(app)
    for path, answer in (("/", page), ("/index.html", page), ("/script.js", script), ("/half", half), ("/ws", echo)):
        app.router.add_get(path, answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    link.on_open(lambda path: opened.append(str(path)))
    link.ready(runner.addresses[0][1])
    (folder / "ready").touch()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--session", type=Path)
    asyncio.run(main(parser.parse_args().session))
