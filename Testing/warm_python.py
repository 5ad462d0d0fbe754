"""A Python that has its libraries loaded already, for the tests' many short processes: `-m MODULE` is forked, not started.

The interpreter that a test gives to what it tests is a small script. It hands its arguments, folder, environment and streams to a server,
waits, and ends as the forked process ends; if it is killed, so is that one. What must be a process of its own from its first instruction
(signals to a group, memory, what is imported) is tested with the real interpreter.
"""

import atexit
import json
import os
import runpy
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LOADED = ("torch", "pydicom.sr.codedict", "LCDFusionLib.cli.fuse", "LCDFusionLib.cli.studies", "LCDFusionLib.fusion.engine")

CLIENT = """#!{python} -ISB
import os, signal, socket, sys
if sys.argv[1:2] != ["-m"] or not sys.argv[2].startswith("LCDFusionLib"):
    os.execv("{python}", ["{python}", *sys.argv[1:]])
import json
server = socket.socket(socket.AF_UNIX)
server.connect("{address}")
request = json.dumps([sys.argv[2:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(server, [len(request).to_bytes(8, "big")], [0, 1, 2])
server.sendall(request)
for stream in (0, 1, 2):
    os.close(stream)
code = int(server.recv(64) or b"70")
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)
os._exit(code)
"""


@lru_cache(maxsize=1)
def interpreter() -> str:
    """The script, with a server behind it that ends with this process."""
    if not hasattr(os, "pidfd_open"):  # not Linux
        return sys.executable
    return start()[0]


def start() -> tuple[str, subprocess.Popen[bytes]]:
    """Script and server."""
    folder = Path(tempfile.mkdtemp(prefix="warm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    address, script = folder / "server", folder / "python"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(address))
    listening.listen(64)
    command = [sys.executable, "-m", "Testing.warm_python", str(listening.fileno()), str(script)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=PROJECT, pass_fds=[listening.fileno()])
    listening.close()
    atexit.register(server.kill)
    script.write_text(CLIENT.format(python=sys.executable, address=address))
    script.chmod(0o755)
    return str(script), server


class Server:
    """Forks a process for each client, and tells the client how it ended."""

    def __init__(self, listening: socket.socket, script: str) -> None:
        self._listening, self._script, self._waiting = listening, script, selectors.DefaultSelector()
        self._waiting.register(listening, selectors.EVENT_READ, self._accept)
        self._waiting.register(sys.stdin, selectors.EVENT_READ, sys.exit)

    def run(self) -> None:
        while True:
            for key, _ in self._waiting.select():
                key.data()

    def _accept(self) -> None:
        client, _ = self._listening.accept()
        with client.makefile("rb") as whole:
            length, streams, *_ = socket.recv_fds(client, 8, 3)
            request = whole.read(int.from_bytes(length, "big"))
        if not streams or len(request) < int.from_bytes(length, "big"):  # it was killed before it had said what it wants
            for descriptor in streams:
                os.close(descriptor)
            client.close()
            return
        child = os.fork()
        if not child:
            self._waiting.close()
            self._listening.close()
            client.close()
            _become(*json.loads(request), streams, self._script)
        for stream in streams:
            os.close(stream)
        ended = os.pidfd_open(child)

        def end() -> None:
            self._waiting.unregister(ended)
            self._waiting.unregister(client)
            os.close(ended)
            _, status = os.waitpid(child, 0)
            with suppress(OSError):  # it was killed
                client.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            client.close()

        def kill() -> None:  # the client says nothing: it is gone
            if client.fileno() >= 0:  # both may end at one moment, and `end` come first
                os.kill(child, signal.SIGKILL)

        self._waiting.register(ended, selectors.EVENT_READ, end)
        self._waiting.register(client, selectors.EVENT_READ, kill)


def _become(arguments: list[str], folder: str, environment: dict[str, str], streams: list[int], script: str) -> None:
    """What a new interpreter would find; does not return."""
    code = 1
    try:
        os.setsid()
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode, encoding="utf-8", closefd=False) for n, mode in enumerate("rww"))
        sys.executable, sys.argv, tempfile.tempdir = script, arguments, None
        sys.modules.pop(arguments[0], None)  # it is run, not imported
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


if __name__ == "__main__":
    for module in LOADED:
        import_module(module)
    Server(socket.socket(fileno=int(sys.argv[1])), sys.argv[2]).run()
