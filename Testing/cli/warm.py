"""The command in a process of its own that need not load Python and its libraries anew: forked from one that has them."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import LCDFusionLib.cli

_LOADED = ["LCDFusionLib.cli.fuse", "LCDFusionLib.cli.studies", "pydicom.sr.codedict", "Testing.cli.warm"]

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(_LOADED)


def run(arguments: list[str], folder: Path, environment: dict[str, str], timeout: float) -> subprocess.CompletedProcess:
    """As `subprocess.run` of `lcdfusion ARGUMENTS` in a folder, with standard output and standard error in files of its own."""
    with tempfile.TemporaryDirectory() as files:
        out, error = Path(files, "out"), Path(files, "error")
        process = _SERVER.Process(target=_command, args=(arguments, folder, environment, out, error))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(arguments, timeout, out.read_bytes(), error.read_bytes())
        return subprocess.CompletedProcess(arguments, process.exitcode, *(file.read_text(encoding="utf-8") for file in (out, error)))


def _command(arguments: list[str], folder: Path, environment: dict[str, str], out: Path, error: Path) -> None:
    """What a new interpreter would find: its folder, environment, streams and arguments."""
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    tempfile.tempdir = None
    for number, (stream, file) in enumerate({"stdout": out, "stderr": error}.items(), 1):
        with file.open("wb") as target:
            os.dup2(target.fileno(), number)
        setattr(sys, stream, os.fdopen(number, "w", encoding="utf-8", closefd=False))
    sys.argv = ["lcdfusion", *arguments]
    LCDFusionLib.cli.command()
