"""A front server in a process of its own, over real sockets, and browsers that visit it."""

import asyncio
import functools
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import aiohttp

from Testing.cli.place import signals_on

PROJECT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, str(Path(__file__).with_name("view_with_stand_in.py"))]


class RunningFront:
    """`lcdfusion view` with the stand-in as its sessions' program; it has a temporary folder of its own."""

    def __init__(self, folder: Path, *arguments: object, **environment: str) -> None:
        self.temporary = folder
        self._out, self._err = (folder.with_name(f"{folder.name}.{name}") for name in ("out", "err"))
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*COMMAND, "--grace-lost", str(environment.pop("grace_lost", 300)), "view", "--port", "0", *map(str, arguments)],
                env={**os.environ, "PYTHONPATH": str(PROJECT), "TMPDIR": str(folder), **environment},
                stdout=out,
                stderr=err,
                cwd=folder.parent,
                preexec_fn=signals_on,
            )
        try:
            wait_until(lambda: "not a medical device" in self.out or self.process.poll() is not None)
            assert self.process.poll() is None, self.err
            self.port = int(re.findall(r"http://[^/]+:(\d+)/", self.out)[0])
        except BaseException:
            self.process.kill()
            raise
        self.address = f"http://127.0.0.1:{self.port}"

    @property
    def out(self) -> str:
        """What it has printed."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it has printed as errors."""
        return self._err.read_text()

    @property
    def token(self) -> str:
        """That it has made."""
        return self.out.split("Access token: ")[1].split("\n")[0]

    def stop(self, how: int = signal.SIGTERM) -> int:
        """End it; the exit code."""
        self.process.send_signal(how)
        return self.process.wait(30)


class Browser:
    """Keeps cookies, and says what browsers say when an address is opened in a tab."""

    def __init__(self, address: str, **options: object) -> None:
        self.address = address
        self.client = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), **options)
        self.headers = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none", "Accept": "text/html"}

    async def __aenter__(self) -> "Browser":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    async def open(self, path: str = "/", **options: object) -> aiohttp.ClientResponse:
        """Open an address in the tab; its text is read."""
        response = await self.client.get(self.address + path, headers={**self.headers, **options.pop("headers", {})}, **options)
        await response.read()
        return response

    async def view(self) -> dict:
        """Open the viewer, waiting while it starts; what the stand-in says of itself."""
        for _ in range(200):
            response = await self.open()
            if response.status != 202:
                assert response.status == 200, await response.text()
                return await response.json()
            await asyncio.sleep(0.05)
        raise AssertionError("the session does not start")

    async def post(self, path: str, *, origin: str | None = "own", **options: object) -> aiohttp.ClientResponse:
        """As a form or a script of a page does."""
        headers = {} if origin is None else {"Origin": self.address if origin == "own" else origin}
        response = await self.client.post(self.address + path, headers={**headers, **options.pop("headers", {})}, **options)
        await response.read()
        return response

    async def connect(self, **options: object) -> aiohttp.ClientWebSocketResponse:
        """The WebSocket that the page opens."""
        return await self.client.ws_connect(self.address + "/ws", **{"origin": self.address, "max_msg_size": 0, **options})


def in_loop(test):
    """Run an asynchronous test."""

    @functools.wraps(test)
    def run(*arguments, **options):
        asyncio.run(test(*arguments, **options))

    return run


def wait_until(condition, seconds: float = 30) -> None:
    """Fails when it takes longer."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this did not happen"
        time.sleep(0.02)


async def soon(condition, seconds: float = 30) -> None:
    """The same, without holding up the event loop."""
    await asyncio.to_thread(wait_until, condition, seconds)


def is_running(pid: int) -> bool:
    """True if there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
