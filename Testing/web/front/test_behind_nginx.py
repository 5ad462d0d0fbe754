"""The configuration of docs/deploy.md, in a real nginx, with TLS."""

import os
import re
import shutil
import socket
import ssl
import subprocess

import aiohttp
import pytest

from Testing.ports import free_port
from Testing.web.front.running_front import PROJECT, Browser, RunningFront, in_loop, wait_until
from Testing.web.front.uploads import content_of, form, opened_folder, zipped

NAME = "fusion.example.org"


@pytest.fixture(scope="module")
def behind_nginx(tmp_path_factory):
    """A front server, and the ports of the nginx before it: plain and TLS."""
    for program in ("nginx", "openssl"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("nginx")
    plain, tls = free_port(), free_port()
    (folder / "temporary").mkdir()
    front = RunningFront(folder / "temporary", "--public-url", f"https://{NAME}:{tls}", "--no-browser", "--no-spare", "--upload-limit", 8)
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            f"/CN={NAME}",
            "-addext",
            f"subjectAltName=DNS:{NAME}",
        ]
        + ["-keyout", folder / "fusion.key", "-out", folder / "fusion.pem"],
        check=True,
        capture_output=True,
    )
    documented = re.findall(r"```nginx\n(.*?)```", (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    for there, here in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{tls} ssl;"),
        ("/etc/ssl/certs/fusion.pem", folder / "fusion.pem"),
        ("/etc/ssl/private/fusion.key", folder / "fusion.key"),
        ("http://127.0.0.1:8080", front.address),
    ):
        assert documented.count(there) == 1
        documented = documented.replace(there, str(here))
    paths = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    user = "user root;\n" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/log;\nevents {{}}\nhttp {{\n{paths}{documented}}}\n"
    )
    nginx = subprocess.Popen(["nginx", "-p", folder, "-e", folder / "log", "-c", folder / "nginx.conf"], stderr=subprocess.PIPE, text=True)
    wait_until((folder / "pid").exists, 10)
    yield front, plain, tls, folder / "fusion.pem"
    nginx.terminate()
    nginx.wait(10)
    assert front.stop() == 0
    assert not list((folder / "temporary").iterdir())


class Resolver(aiohttp.abc.AbstractResolver):
    """Our name is this machine."""

    async def resolve(self, host, port=0, family=socket.AF_INET):
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}]

    async def close(self):
        pass


@in_loop
async def test_whole_visit_through_tls(behind_nginx):
    front, plain, tls, certificate = behind_nginx
    connector = aiohttp.TCPConnector(resolver=Resolver(), ssl=ssl.create_default_context(cafile=certificate))
    async with Browser(f"https://{NAME}:{tls}", connector=connector) as one:
        moved = await one.client.get(f"http://{NAME}:{plain}/", allow_redirects=False)
        assert (moved.status, moved.headers["Location"]) == (301, f"https://{NAME}/")
        response = await one.open()
        assert response.url.path == "/login"
        assert response.headers["Strict-Transport-Security"]
        assert (await one.post("/login", origin="https://example.org", data={"token": front.token})).status == 403
        response = await one.post("/login", data={"token": front.token}, allow_redirects=False)
        assert response.headers["Set-Cookie"].startswith("__Host-lcdfusion=")
        assert "Secure" in response.headers["Set-Cookie"]
        assert (await one.view())["headers"]["Host"].startswith("127.0.0.1")

        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await one.connect(origin="https://example.org")
        socket = await one.connect()
        content = os.urandom(2 * 2**20)
        await socket.send_bytes(content)
        assert await socket.receive_bytes() == content

        image = os.urandom(3 * 2**20)  # more than nginx takes unless it is told to
        response = await one.post("/upload", data=form(("study.zip", zipped(("CT/1", image)))))
        assert (await response.json())["files"] == 1
        assert content_of(await opened_folder(one)) == {"CT/1": image}
        assert (await one.post("/upload", data=form(("large", b"1" * 9 * 2**20)))).status == 413
        assert (await one.view())["opened"]


@in_loop
async def test_only_the_public_name_is_known(behind_nginx):
    _, _, tls, _ = behind_nginx
    async with aiohttp.ClientSession() as client:
        for name, status in ((NAME, 200), (f"{NAME}:{tls}", 200), ("rebound.example.org", 421)):
            assert (await client.get(f"https://127.0.0.1:{tls}/login", headers={"Host": name}, ssl=False)).status == status
