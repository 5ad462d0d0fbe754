"""A place to run the real command in, and what is left there."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from Testing import warm_python

COMMAND = [sys.executable, "-m", "LCDFusionLib.cli"]


def signals_on() -> None:
    """As in a terminal, also where these tests run in the background, which switches Ctrl-C off for all that they start."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Place:
    """An empty folder to write to, a temporary folder, and the command that knows only these."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.temporary = folder / "place", folder / "temporary"
        for each in (self.folder, self.temporary):
            each.mkdir(parents=True)
        self.out = self.folder / "out"
        self.environment = {**os.environ, "TMPDIR": str(self.temporary)}

    def start(self, *arguments, python=sys.executable, **options) -> subprocess.Popen:
        """The command in a process group of its own, as a terminal starts it."""
        return subprocess.Popen(
            [python, *COMMAND[1:], *map(str, arguments)],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
            preexec_fn=options.pop("preexec_fn", signals_on) if os.name == "posix" else None,
            **{"stderr": subprocess.PIPE, "cwd": self.folder, **options},
        )

    def run(self, *arguments, **options) -> subprocess.CompletedProcess:
        """The command to its end; with options of `subprocess.Popen` in an interpreter that starts with it."""
        process = self.start(*arguments, python=sys.executable if options else warm_python.interpreter(), **options)
        stdout, stderr = process.communicate(timeout=300)
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def fuse(self, anatomy, function, *options, **more) -> subprocess.CompletedProcess:
        """`lcdfusion fuse ANATOMY FUNCTION -o OUT` that has to succeed."""
        result = self.run("fuse", anatomy, function, "-o", self.out, *options, **more)
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""
        assert self.is_clean()
        return result

    def refuse(self, anatomy, function, *options, **more) -> str:
        """The same that has to end with one sentence, which is returned, with exit code 2, and with nothing written."""
        before = self.listing()
        sentence = refusal(self.run("fuse", anatomy, function, "-o", self.out, *options, **more))
        assert self.listing() == before
        assert self.is_clean()
        return sentence

    def listing(self) -> dict[str, bytes | None]:
        """Every file below the place, with what it holds."""
        return {str(p.relative_to(self.folder)): p.read_bytes() if p.is_file() else None for p in self.folder.rglob("*")}

    def is_clean(self) -> bool:
        """True if nothing temporary is left."""
        left = [*self.temporary.iterdir(), *(p for p in self.folder.rglob(".*"))]
        assert not left, left
        return True


def refusal(result) -> str:
    """The one sentence of a refused input."""
    assert result.returncode == 2, (result.returncode, result.stdout, result.stderr)
    lines = [line for line in result.stderr.splitlines() if not line.startswith(("MetaImage: ", "   ideal = "))]  # from MetaIO itself
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("lcdfusion: "), result.stderr
    return lines[0].removeprefix("lcdfusion: ")
