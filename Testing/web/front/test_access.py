"""Who gets in, and how tokens are kept."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from LCDFusionLib.cli.view import TOKEN_VARIABLE
from LCDFusionLib.web.front.access import MOST_WAITING, WRONG_TOKEN_SECONDS
from LCDFusionLib.web.front.same_user import CAN_TELL
from LCDFusionLib.web.front.waiting_room import MOST_OF_A_CLIENT
from Testing.web.front.running_front import COMMAND, PROJECT, Browser, RunningFront, in_loop, wait_until

TOKEN = "a-token-of-the-tests-0123456789"

AS_OTHER_USER = """
import os, sys, urllib.request
"localhost".encode("idna")  # loaded while its file can be read
os.setgid(65534); os.setuid(65534)
with urllib.request.urlopen(sys.argv[1]) as response:
    print(response.geturl(), "Access token" in response.read().decode(), response.headers.get("Set-Cookie"))
"""


@pytest.fixture(scope="module")
def open_front(tmp_path_factory):
    """Listens on all addresses, with a token of ours."""
    front = RunningFront(tmp_path_factory.mktemp("temporary"), "--host", "0.0.0.0", "--no-browser", "--no-spare", LCDFUSION_TOKEN=TOKEN)
    yield front
    assert front.stop() == 0


@pytest.mark.skipif(not CAN_TELL, reason="this system does not tell whose a connection is")
@in_loop
async def test_who_started_it_gets_in_without_a_token(front):
    async with Browser(front.address) as one:
        first = await one.open(allow_redirects=False)
        assert first.status == 303
        assert "HttpOnly" in first.headers["Set-Cookie"]
        assert "SameSite=Strict" in first.headers["Set-Cookie"]
        assert "pid" in await one.view()
        assert "token" not in front.out


@pytest.mark.skipif(not CAN_TELL or os.getuid() != 0, reason="only root can be another user")
def test_another_user_of_the_machine_does_not(front):
    # The server's user is root here, so that the other one has fewer rights, not more.
    answer = subprocess.run([sys.executable, "-I", "-c", AS_OTHER_USER, front.address], capture_output=True, text=True, timeout=30)
    assert answer.stdout == f"{front.address}/login True None\n", answer.stderr


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via"])
@in_loop
async def test_what_a_proxy_passes_on_is_not_taken_for_the_user(front, header):
    async with Browser(front.address) as one:
        assert (await one.open(headers={header: "for=10.0.0.1"})).url.path == "/login"


@in_loop
async def test_token_lets_in_and_is_nowhere_afterwards(open_front):
    async with Browser(open_front.address) as one:
        response = await one.open()
        assert response.url.path == "/login"
        assert (await one.open("/script.js", headers={"Sec-Fetch-Mode": "no-cors"})).status == 401
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await one.connect()
        response = await one.post("/login", data={"token": TOKEN}, allow_redirects=False)
        assert (response.status, response.headers["Location"]) == (303, "/")
        assert "HttpOnly" in response.headers["Set-Cookie"]
        assert TOKEN not in response.headers["Set-Cookie"]
        state = await one.view()
        assert state["environment"][TOKEN_VARIABLE] is None
        assert TOKEN.encode() not in Path(f"/proc/{state['pid']}/environ").read_bytes()
        assert TOKEN not in open_front.out + open_front.err


@in_loop
async def test_token_in_the_address_is_not_taken(open_front):
    async with Browser(open_front.address) as one:
        assert (await one.open(f"/?token={TOKEN}")).url.path == "/login"


@in_loop
async def test_wrong_tokens_cost_time_and_are_few(open_front):
    async with Browser(open_front.address) as one:
        for wrong in ("", TOKEN[:-1] + "ä"):
            began = time.monotonic()
            response = await one.post("/login", data={"token": wrong})
            assert response.status == 403
            assert time.monotonic() - began > 0.9 * WRONG_TOKEN_SECONDS
            assert not list(one.client.cookie_jar)
        attempts = [asyncio.create_task(one.post("/login", data={"token": f"guess {n}"})) for n in range(3 * MOST_WAITING)]
        answers = []
        for attempt in asyncio.as_completed(attempts):
            answers.append((await attempt).status)
            if answers[-1] == 429:  # and not only when those that wait have been answered
                break
        assert answers[-1] == 429
        assert len(answers) <= MOST_WAITING
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)
        assert "guess" not in open_front.out + open_front.err


def test_without_one_a_token_is_made_and_printed_once(start_front):
    front = start_front("--host", "0.0.0.0", "--no-browser", "--no-spare")
    assert len(front.token) >= 32
    assert front.out.count(f"Access token: {front.token}\n") == 1
    assert f"/login#{front.token}\n" in front.out
    assert "without TLS" in front.out
    assert front.token not in front.err


def test_token_from_a_file_is_not_printed(start_front, tmp_path):
    """A service's output is kept in a journal."""
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    front = start_front("--host", "0.0.0.0", "--no-browser", "--no-spare", "--token-file", tmp_path / "token")
    assert TOKEN not in front.out + front.err
    assert "Access token" not in front.out


@pytest.mark.parametrize(
    ("options", "environment", "says"),
    [
        (["--host", "0.0.0.0"], {TOKEN_VARIABLE: "short"}, "at least 16 characters"),
        (["--token-file", "missing"], {}, "cannot be read"),
        (["--public-url", "fusion.example.org"], {}, "is no web address"),
        (["--host", "203.0.113.7"], {}, "cannot be listened on"),
        (["--max-sessions", "0"], {}, "--max-sessions must be 1 or more"),
        (["missing"], {}, "does not exist"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(tmp_path, options, environment, says):
    answer = subprocess.run(
        [*COMMAND, "view", "--no-browser", *options],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "TMPDIR": str(tmp_path), **environment},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 1
    assert says in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


@in_loop
async def test_browser_is_opened_with_a_link_that_is_good_once(start_front, tmp_path):
    """Everybody on the machine sees the command line of the browser: the link in it must not be the token, nor work twice."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    front = start_front("--host", "0.0.0.0", "--no-spare", BROWSER=f"{browser} %s")
    wait_until((tmp_path / "opened").exists)
    wait_until(lambda: (tmp_path / "opened").read_text().endswith("\n"))
    page = Path((tmp_path / "opened").read_text().strip().removeprefix("file://"))  # all that the command line says
    assert (page.stat().st_mode & 0o777, page.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    link, _, ticket = page.read_text().partition("url=")[2].partition('"')[0].partition("#")
    assert link == f"{front.address}/login"
    assert ticket != front.token
    async with Browser(front.address) as one, Browser(front.address) as other:
        assert (await one.post("/login", data={"token": ticket}, allow_redirects=False)).status == 303
        assert (await other.post("/login", data={"token": ticket}, allow_redirects=False)).status == 403
        assert (await one.view())["pid"]


@in_loop
async def test_behind_tls_the_cookie_is_for_tls_alone(start_front):
    front = start_front("--public-url", "https://fusion.example.org", "--no-browser", "--no-spare")
    headers = {"Host": "fusion.example.org", "X-Forwarded-For": "10.0.0.1"}
    async with Browser(front.address, headers=headers) as one:
        assert (await one.open()).url.path == "/login"
        response = await one.post("/login", origin="https://fusion.example.org", data={"token": front.token}, allow_redirects=False)
        cookie = response.headers["Set-Cookie"]
        assert cookie.startswith("__Host-lcdfusion=")
        assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= {word.strip() for word in cookie.split(";")}
    async with Browser(front.address) as own:  # this user's own requests may be passed on by a proxy of theirs
        assert (await own.open()).url.path == "/login"


@in_loop
async def test_names_and_origins(front, open_front):
    async with Browser(front.address) as one:
        await one.view()
        port = front.port
        for name in (f"localhost:{port}", f"127.0.0.1:{port}", "127.0.0.1", f"[::1]:{port}"):
            assert (await one.open("/login", headers={"Host": name})).status == 200
        for name in (f"rebound.example.org:{port}", "", "10.0.0.1", "localhost.example.org", "[::1", "x@127.0.0.1.example.org"):
            assert (await one.open("/login", headers={"Host": name})).status == 421, name
        for origin in (
            None,
            "null",
            "https://example.org",
            f"http://localhost:{port}",
            f"http://127.0.0.1:{port + 1}",
            f"file://127.0.0.1:{port}",
        ):
            assert (await one.post("/upload", origin=origin)).status == 403, origin
            assert (await one.post("/leave", origin=origin)).status == 403, origin
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await one.connect(**{"origin": origin})
        assert (await one.client.put(front.address, headers={"Origin": front.address})).status == 405
        assert "pid" in await one.view()
    async with Browser(open_front.address) as one:
        for name in ("10.0.0.1", "[2001:db8::1]:8080", "localhost"):
            assert (await one.open("/login", headers={"Host": name})).status == 200
        assert (await one.open("/login", headers={"Host": "rebound.example.org"})).status == 421


@in_loop
async def test_other_sites_open_no_sessions(front):
    folders = set(front.temporary.glob("*/session-*"))
    async with Browser(front.address) as one:
        for how in ({"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, {"Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Mode": "cors"}):
            assert (await one.open(headers={"Sec-Fetch-Site": "cross-site", **how})).status == 401
        # A link is followed: the browser keeps the cookie back, so the page asks for the address once more.
        response = await one.open(headers={"Sec-Fetch-Site": "cross-site"})
        assert 'content="0; url=/?again=' in await response.text()
        assert not list(one.client.cookie_jar)
    assert set(front.temporary.glob("*/session-*")) == folders


@in_loop
async def test_a_link_of_another_site_takes_no_session_away(front):
    """Without the cookie, which browsers keep back, nobody is let in anew, whatever the link says; with our own page's word, once."""
    async with Browser(front.address) as stranger:
        for path in ("/", "/?again", "/?again=1", "/?again=" + "a" * 22):
            response = await stranger.open(path, headers={"Sec-Fetch-Site": "cross-site"})
            assert "Set-Cookie" not in response.headers
            assert 'content="0; url=/?again=' in await response.text()
        word = (await response.text()).split("/?again=")[1].split('"')[0]
        link = {"path": f"/?again={word}", "headers": {"Sec-Fetch-Site": "cross-site"}, "allow_redirects": False}
        assert "Set-Cookie" in (await stranger.open(**link)).headers
    async with Browser(front.address) as other:
        assert "Set-Cookie" not in (await other.open(**link)).headers


@in_loop
async def test_a_broken_login_body(open_front):
    async with Browser(open_front.address) as one:
        form = "application/x-www-form-urlencoded"
        for kind in (
            "multipart/form-data; boundary=x",
            *(f"{form}; charset={name}" for name in ("none-such", "punycode", "unicode_escape")),
        ):
            response = await one.post("/login", data=b"--x\r\n\xff\xfe\r\n", headers={"Content-Type": kind})
            assert response.status == 400, kind
        for body in (b"\xff\xfe", b"token=a&token=b", b"&" * 1000, b"token=" + b"a" * 2**17):
            assert (await one.post("/login", data=body, headers={"Content-Type": form})).status in (400, 413), body[:20]
        assert (await one.post("/login", data=b"token=%ed%a0%80", headers={"Content-Type": form})).status == 403
        assert (await one.post("/login", data=b"token=%ff", headers={"Content-Type": "multipart/form-data"})).status == 400
    assert "Traceback" not in open_front.err
    assert "a request failed" not in open_front.err


@in_loop
async def test_wrong_tokens_delay_their_own_client_alone(start_front):
    """Behind a reverse proxy, which says who asks; what the client itself put before that counts for nothing."""
    public = start_front("--public-url", "http://fusion.example.org", "--no-spare", LCDFUSION_TOKEN=TOKEN)
    host = {"Host": "fusion.example.org"}
    async with Browser(public.address) as one:

        def attempt(word, client):
            headers = {**host, "X-Forwarded-For": f"192.0.2.99, {client}"}
            return one.post("/login", origin="http://fusion.example.org", data={"token": word}, headers=headers, allow_redirects=False)

        guesses = [asyncio.create_task(attempt(f"guess {n}", "192.0.2.1")) for n in range(MOST_WAITING)]
        first = await next(asyncio.as_completed(guesses))  # from here on the others wait for one another
        assert first.status == 403
        assert (await attempt(TOKEN, "192.0.2.2")).status == 303
        assert not all(guess.done() for guess in guesses)
        for guess in guesses:
            guess.cancel()
        await asyncio.gather(*guesses, return_exceptions=True)


@in_loop
async def test_half_sent_headers_shut_nobody_out(front):
    """Two hundred clients that say half a request: the oldest are shut, and who says a whole one is answered."""
    await shuts_the_oldest(front, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")


@in_loop
async def test_half_sent_forms_shut_nobody_out(open_front):
    """Likewise with a whole head, and a form that does not come."""
    head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{open_front.port}\r\nOrigin: {open_front.address}\r\nContent-Length: 60000\r\n"
    await shuts_the_oldest(open_front, f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=")


async def shuts_the_oldest(front, beginning):
    slow = []
    for _ in range(3 * MOST_OF_A_CLIENT):
        reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
        writer.write(beginning.encode())
        slow.append((reader, writer))
    async with Browser(front.address) as one:
        assert (await one.open("/login")).status == 200
    ended = await asyncio.gather(*(reader.read() for reader, _ in slow[:MOST_OF_A_CLIENT]), return_exceptions=True)
    assert all(each == b"" or isinstance(each, ConnectionError) for each in ended)
    for _, writer in slow:
        writer.close()
