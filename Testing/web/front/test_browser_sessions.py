"""Each browser has a session of its own, which lives as long as its tab, and of which nothing is left."""

import asyncio
import json
import os
import signal
from pathlib import Path

import aiohttp
import pytest

from LCDFusionLib.web.session_contract import SECRET_HEADER
from Testing.web.front.running_front import Browser, RunningFront, in_loop, is_running, soon, wait_until

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")


@in_loop
async def test_two_browsers_see_nothing_of_each_other(front):
    async with Browser(front.address) as one, Browser(front.address) as other:
        first, second = await one.view(), await other.view()
        assert first["pid"] != second["pid"]
        assert first["folder"] != second["folder"]
        socket = await one.connect()
        await socket.send_str(json.dumps({"patient": "of one"}))
        await socket.receive_str()
        assert (await one.view())["words"] == {"patient": "of one"}
        assert (await other.view())["words"] == {}
        assert Path(first["folder"]).stat().st_mode & 0o777 == 0o700
        assert Path(first["folder"]).parent.stat().st_mode & 0o777 == 0o700
        assert first["environment"]["TMPDIR"] == first["folder"]


@in_loop
async def test_nobody_reaches_a_session_but_through_the_front(front):
    async with Browser(front.address) as one, Browser(front.address) as other, aiohttp.ClientSession() as direct:
        session, secret = f"http://{(await one.view())['headers']['Host']}", (await other.view())["headers"][SECRET_HEADER]
        for headers in ({}, {SECRET_HEADER: ""}, {SECRET_HEADER: secret}):
            assert (await direct.get(session, headers=headers)).status == 403
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await direct.ws_connect(f"{session}/ws", headers=headers)


@in_loop
async def test_what_browser_and_session_do_not_say_to_each_other(front):
    async with Browser(front.address) as one:
        await one.view()
        response = await one.open(headers={SECRET_HEADER: "mine", "X-Forwarded-For": "10.0.0.1", "Authorization": "Basic YTpi"})
        seen = (await response.json())["headers"]
        assert seen[SECRET_HEADER] != "mine"
        assert not {"Cookie", "Authorization", "X-Forwarded-For"} & seen.keys()
        assert not {"Set-Cookie", "Access-Control-Allow-Origin", "Server"} & response.headers.keys()


@in_loop
async def test_pages_say_what_browsers_must_not_do(front):
    async with Browser(front.address) as one:
        await one.view()
        for path in ("/", "/login", "/script.js"):
            headers = (await one.open(path)).headers
            assert "frame-ancestors 'none'" in headers.get("Content-Security-Policy", "") or path == "/script.js"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cache-Control"] == ("private, no-cache" if path == "/script.js" else "no-store")


@in_loop
async def test_large_messages_pass(front):
    async with Browser(front.address) as one:
        await one.view()
        socket = await one.connect()
        content = os.urandom(4 * 2**20)
        await socket.send_bytes(content)
        assert await socket.receive_bytes() == content


async def see_a_closed_tab_end(other: Browser) -> None:
    """Another reader's session has come, its tab was closed in order, and the grace is over."""
    session = await other.view()
    await (await other.connect()).close()
    await soon(lambda: not is_running(session["pid"]))


@in_loop
async def test_reload_comes_back_to_the_session_and_a_closed_tab_frees_it(start_front):
    front = start_front("--no-browser", "--no-spare", "--grace", 2)
    async with Browser(front.address) as one, Browser(front.address) as other:
        first = await one.view()
        socket = await one.connect()
        await socket.close()
        assert (await one.view())["pid"] == first["pid"]
        socket = await one.connect()
        await see_a_closed_tab_end(other)
        assert is_running(first["pid"]), "an open tab keeps it, longer than the grace"
        (Path(first["folder"]) / "image").write_text("of a patient")
        await socket.close(code=aiohttp.WSCloseCode.GOING_AWAY)
        await soon(lambda: not is_running(first["pid"]))
        await soon(lambda: not Path(first["folder"]).exists())
        assert (await one.view())["pid"] != first["pid"]


@in_loop
async def test_a_broken_line_is_not_a_closed_tab(start_front):
    front = start_front("--no-browser", "--no-spare", "--grace", 1)
    async with Browser(front.address) as one, Browser(front.address) as other:
        first = await one.view()
        socket = await one.connect()
        socket._response.connection.transport.abort()
        await see_a_closed_tab_end(other)
        assert (await one.view())["pid"] == first["pid"]


@in_loop
async def test_limit(start_front):
    front = start_front("--no-browser", "--max-sessions", 2)
    async with Browser(front.address) as one, Browser(front.address) as two, Browser(front.address) as three:
        await one.view()
        pid = (await two.view())["pid"]
        response = await three.open()
        assert response.status == 503
        assert "All 2 places are taken" in await response.text()
        await soon(lambda: len([*front.temporary.glob("*/session-*")]) == 2)  # no spare beyond the limit
        assert (await two.post("/leave")).status == 200
        assert (await three.view())["pid"] != pid
        await soon(lambda: not is_running(pid))


@in_loop
async def test_leaving_ends_the_session_and_takes_the_cookie(start_front):
    front = start_front("--no-browser", "--no-spare")
    async with Browser(front.address) as one:
        first = await one.view()
        (cookie,) = (f"{cookie.key}={cookie.value}" for cookie in one.client.cookie_jar)
        await one.post("/leave")
        await soon(lambda: not is_running(first["pid"]) and not Path(first["folder"]).exists())
        assert not list(one.client.cookie_jar)
        async with aiohttp.ClientSession(headers={"Cookie": cookie, "Sec-Fetch-Mode": "cors"}) as other:
            assert (await other.get(front.address)).status == 401


@in_loop
async def test_unused_session_in_an_open_tab_ends(start_front):
    front = start_front("--no-browser", "--no-spare", "--idle-minutes", 2 / 60)
    async with Browser(front.address) as one:
        first = await one.view()
        socket = await one.connect()
        for _ in range(6):
            await asyncio.sleep(0.4)
            await socket.send_str("{}")
            await socket.receive_str()
        assert is_running(first["pid"])
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        await soon(lambda: not is_running(first["pid"]))


@in_loop
async def test_session_that_dies(start_front):
    front = start_front("--no-browser", "--no-spare")
    async with Browser(front.address) as one:
        first = await one.view()
        socket = await one.connect()
        await socket.send_str("die")
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        await soon(lambda: not Path(first["folder"]).exists())
        response = await one.open()
        assert "ended unexpectedly; this is a new one" in await response.text()
        assert (await one.view())["pid"] != first["pid"]
        assert "exit code 7" in front.err
        assert "last words" in front.err


@in_loop
async def test_half_a_download_is_not_taken_for_the_whole(front):
    async with Browser(front.address) as one:
        first = await one.view()
        with pytest.raises(aiohttp.ClientError):
            await one.open("/half")
        await soon(lambda: not Path(first["folder"]).exists())
        assert (await one.open("/script.js")).status == 410
        assert (await one.view())["pid"]


@in_loop
async def test_session_that_cannot_start(start_front, tmp_path):
    (tmp_path / "broken").touch()
    front = start_front("--no-browser", tmp_path / "broken")
    async with Browser(front.address) as one:
        response = await one.open()
        for _ in range(100):
            if response.status != 202:
                break
            await asyncio.sleep(0.1)
            response = await one.open()
        assert response.status == 500
        assert "could not be started" in await response.text()
        assert "the session cannot start" in front.err
        assert str(tmp_path / "broken") not in front.err


@in_loop
async def test_page_while_a_session_starts(start_front, tmp_path):
    (tmp_path / "slow").touch()
    front = start_front("--no-browser", "--no-spare", tmp_path / "slow")
    async with Browser(front.address) as one:
        response = await one.open()
        assert response.status == 202
        assert "The viewer is starting" in await response.text()
        state = await one.view()
        assert state["inputs"] == [str(tmp_path / "slow")]
        assert str(tmp_path) not in Path(f"/proc/{state['pid']}/cmdline").read_text().replace(state["folder"], "")


@in_loop
async def test_spare_is_there_at_once(start_front, tmp_path):
    (tmp_path / "slow").touch()
    front = start_front("--no-browser", tmp_path / "slow")
    await soon(lambda: list(front.temporary.glob("*/session-*/ready")))
    async with Browser(front.address) as one:
        assert (await one.open()).status == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda how: how.name)
@in_loop
async def test_nothing_is_left_at_the_end(start_front, how):
    front = start_front("--no-browser", "--no-spare")
    async with Browser(front.address) as one, Browser(front.address) as other:
        states = [await one.view(), await other.view()]
        await one.connect()
        # Ctrl-C ends it as it ends any command: a shell says 130.
        assert await asyncio.to_thread(front.stop, how) == (-how if how is signal.SIGINT else 0)
    assert not list(front.temporary.iterdir())
    assert not any(is_running(state["pid"]) for state in states)


@in_loop
async def test_killed_front_leaves_no_session_and_the_next_one_clears_up(tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    killed, living = RunningFront(temporary, "--no-browser", "--no-spare"), RunningFront(temporary, "--no-browser", "--no-spare")
    async with Browser(killed.address) as one, Browser(living.address) as other:
        state, kept = await one.view(), await other.view()
        killed.process.kill()
        killed.process.wait()
        await soon(lambda: not is_running(state["pid"]))
        await soon(lambda: not Path(state["folder"]).exists())
        next_one = RunningFront(temporary, "--no-browser", "--no-spare")
        assert not Path(state["folder"]).parent.exists()
        assert Path(kept["folder"]).is_dir()
        assert (await other.view())["pid"] == kept["pid"]
    for front in (living, next_one):
        assert front.stop() == 0
    wait_until(lambda: not list(temporary.iterdir()))
