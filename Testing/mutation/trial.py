"""A mutant meets its tests, in a fork of a process that has the library loaded and the tests collected."""

import contextlib
import gc
import os
import resource
import select
import shutil
import signal
import socket
import sys
import types
import weakref
from itertools import zip_longest
from pathlib import Path

import pytest

SECONDS_A_TEST = 15
HEAVY = (
    "numpy",
    "SimpleITK",
    "pydicom",
    "scipy.ndimage",
    "scipy.stats",
    "nibabel",
    "nrrd",
    "torch",
    "torch.testing",
    "torch.distributed.tensor",
    "highdicom",
)


def code_of(source: str, path: Path) -> dict[tuple[str, int], types.CodeType]:
    """Every function's code, by its name and first line."""
    found = {}

    def walk(code):
        for part in code.co_consts:
            if isinstance(part, types.CodeType):
                found[part.co_name, part.co_firstlineno] = part
                walk(part)

    walk(compile(source, str(path), "exec"))
    return found


def put_in(source: str, path: Path, functions: list[types.FunctionType]) -> None:
    """The functions that are loaded from a file get the code of another version of it, whoever holds them."""
    codes = code_of(source, path)
    for function in functions:
        if function.__code__.co_filename == str(path):
            code = codes.get((function.__code__.co_name, function.__code__.co_firstlineno))
            if code and code.co_freevars == function.__code__.co_freevars:
                function.__code__ = code


def in_a_fork(folder: Path, seconds: float, work) -> tuple[str, str]:
    """('killed' or 'survived', what killed) of `work(say)`, which calls `say` with the test that failed, in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        os.chdir(folder)
        code = 99
        try:
            failed = work()
            os.write(writing, failed.encode())
            code = 1 if failed else 0
        finally:
            os._exit(code)
    os.close(writing)
    with open(os.pidfd_open(child), "rb") as end:
        if not select.select([end], [], [], min(3 * seconds, 60))[0]:  # it waits for what never comes, and takes no time on the CPU
            os.killpg(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what its tests had started
    os.set_blocking(reading, False)
    with os.fdopen(reading, "rb") as stream:
        failed = (stream.read() or b"").decode()
    return ("survived" if code == 0 else "killed"), failed or (f"signal {-code}" if code < 0 else "")


def fork_what_is_started(folder: Path, library: Path) -> None:
    """From now on processes that tests start (`sys.executable -m LCDFusionLib...`, nothing else on PYTHONPATH) are forks of this one."""
    from Testing import warm_python

    script = folder / "python"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(folder / "server"))
    listening.listen(64)
    client = warm_python.CLIENT.format(python=sys.executable, address=folder / "server")
    other = f'set(os.environ.get("PYTHONPATH", "").split(":")) - {{"", {str(library)!r}}}'
    script.write_text(client.replace("if sys.argv[1:2]", f"if {other} or sys.argv[1:2]", 1))
    script.chmod(0o755)
    reading, writing = os.pipe()  # which this process keeps open to its end: then the server ends too
    if os.fork() == 0:
        os.close(writing)
        os.dup2(reading, 0)
        sys.stdin = os.fdopen(0, closefd=False)
        for finalizer in weakref.finalize._registry.values():
            finalizer.atexit = False  # temporary folders are their makers' to remove
        try:
            warm_python.Server(listening, str(script)).run()
        finally:
            os._exit(1)
    listening.close()
    sys.executable = warm_python.SCRIPT = str(script)
    warm_python.interpreter.__wrapped__.__code__ = (lambda: SCRIPT).__code__  # noqa: F821 - of that module


class Killed(BaseException):
    """A test failed: no report of it is written, and nothing is torn down."""


class Trials:
    """A plugin of pytest: what was collected is not run as it is, but as each mutant asks for it."""

    def __init__(self, folder: Path, ask):
        self.folder, self.ask, self.items = folder, ask, {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        self.items = {item.nodeid: item for item in session.items}
        self.session = session
        gc.collect()
        self.functions = [thing for thing in gc.get_objects() if type(thing) is types.FunctionType]
        gc.freeze()
        self.ask(self.trial)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception) and not item.get_closest_marker("xfail"):
            raise Killed(item.nodeid)

    def trial(self, mutant, tests: list[str], seconds: float) -> tuple[str, str]:
        """The outcome of one mutant of a function; a test may be a whole file or folder."""
        path = self.folder / mutant.file
        factory = self.session.config._tmp_path_factory
        temporary = self.folder.parent / "tests"

        def work():
            put_in(mutant.source, path, self.functions)
            temporary.mkdir()
            factory._basetemp = temporary
            fork_what_is_started(temporary, self.folder)
            chosen = [item for test in tests for item in self._of(test)]
            try:
                for item, following in zip_longest(chosen, chosen[1:]):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            except Killed as killed:
                return str(killed)
            return ""

        with spoilt(path, mutant.source):
            try:
                return in_a_fork(self.folder, seconds, work)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)

    def _of(self, test: str):
        return [self.items[test]] if test in self.items else [item for name, item in self.items.items() if name.startswith(test)]


@contextlib.contextmanager
def spoilt(path: Path, source: str):
    """The file holds another source, for processes that tests start."""
    as_it_was = path.read_text()

    def write(text):
        path.write_text(text)
        for stale in path.parent.glob(f"__pycache__/{path.stem}.*"):
            stale.unlink()

    write(source)
    try:
        yield
    finally:
        write(as_it_was)


def collected(folder: Path, tests: list[str], ask) -> None:
    """Calls `ask(trial)` in a process that has collected the tests of the copied project, for mutants of functions."""
    child = os.fork()
    if child == 0:
        _be_in(folder)
        try:
            pytest.main(["-q", "-s", "-p", "no:cacheprovider", "--timeout", str(SECONDS_A_TEST), *tests], plugins=[Trials(folder, ask)])
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.waitpid(child, 0)


def imported(folder: Path, mutant, tests: list[str], seconds: float) -> tuple[str, str]:
    """The outcome of a mutant of what runs at import: the library is loaded with it."""
    temporary = folder.parent / "tests"

    class Failed:
        test = ""

        def pytest_runtest_logreport(self, report):
            if report.failed:
                self.test = self.test or report.nodeid

    def work():
        _be_in(folder)
        failed = Failed()
        options = ["-q", "-x", "-p", "no:cacheprovider", "--basetemp", str(temporary), "--timeout", str(SECONDS_A_TEST)]
        code = int(pytest.main([*options, *tests], plugins=[failed]))
        return failed.test or (f"exit {code}" if code else "")

    with spoilt(folder / mutant.file, mutant.source):
        try:
            return in_a_fork(folder, seconds, work)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _be_in(folder: Path) -> None:
    os.chdir(folder)
    os.environ["PYTHONPATH"] = str(folder)
    project = str(Path(__file__).resolve().parents[2])
    sys.path[:] = [str(folder), *(path for path in sys.path if path not in ("", project))]
    for name in [name for name in sys.modules if name.partition(".")[0] in ("Testing", "LCDFusionLib")]:
        del sys.modules[name]
