"""What the other tests run their commands in must outlive what they do to it: when it goes, all that follow fail."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from Testing.warm_python import start

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="the warm Python needs Linux")
COMMAND = ("-m", "LCDFusionLib.cli", "--help")


@pytest.fixture(scope="module")
def warm():
    script, server = start()
    yield script, server
    server.kill()
    server.wait()


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def children(server):
    return [int(pid) for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]


def has_ended(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def answers(script):
    done = subprocess.run([script, *COMMAND], capture_output=True, text=True)
    return done.returncode == 0 and "lcdfusion" in done.stdout


def test_a_client_that_is_killed_as_its_process_ends(warm):
    """Both are told of at once to a server that was busy meanwhile."""
    script, server = warm
    assert answers(script)
    for _ in range(3):
        client = subprocess.Popen([script, *COMMAND], stdout=subprocess.DEVNULL)
        until(lambda: children(server))
        (child,) = children(server)
        os.kill(server.pid, signal.SIGSTOP)
        until(lambda child=child: has_ended(child))
        client.kill()
        client.wait()
        os.kill(server.pid, signal.SIGCONT)
        until(lambda: not children(server))
    assert answers(script)


@pytest.mark.parametrize("said", [b"", b"\0\0\0\0\0\0\0\x40[["])
def test_a_client_that_is_killed_while_it_asks(warm, said):
    script, _ = warm
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(Path(script).with_name("server")))
        client.sendall(said)
    assert answers(script)
